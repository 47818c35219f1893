/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb verify: what is wrong in plan files. */
#include "ctl/answer.h"
#include "ctl/output.h"
#include "ctl/plan-file.h"
#include "ctl/unheard.h"
#include "ctl/verb.h"
#include "ctl/verdict.h"
#include "dosed/text.h"

static const char *plural(size_t n) {
        return n == 1 ? "" : "s";
}

static int print_verdict(const struct request *request, const char *name, const struct calendar *calendar,
                         const struct problems *problems) {
        _cleanup_(free_p) char *clean = NULL;
        int r;

        r = text_clean(name, &clean);
        if (r < 0)
                return r;
        verdict_print_problems(problems);

        if (!calendar)
                printf("%s: cannot be used, %zu error%s\n", clean, problems->n_errors, plural(problems->n_errors));
        else if (problems->n_items > 0)
                printf("%s: can be used, %zu schedule%s, %zu warning%s\n", clean, calendar->n_schedules,
                       plural(calendar->n_schedules), problems->n_items, plural(problems->n_items));
        else
                printf("%s: good, %zu schedule%s\n", clean, calendar->n_schedules, plural(calendar->n_schedules));
        return calendar ? verdict_print_meaning(request, calendar) : 0;
}

static int add_verdict_json(json_t *done, const struct request *request, const char *name,
                            const struct calendar *calendar, const struct problems *problems) {
        size_t n_schedules = calendar ? calendar->n_schedules : 0;
        _cleanup_(free_p) char *clean = NULL;
        json_t *json = json_object();
        int r;

        if (json_array_append_new(done, json) < 0)
                return -ENOMEM;
        r = text_clean(name, &clean);
        if (r < 0)
                return r;
        if (json_object_set_new(json, "file", json_text(clean)) < 0 ||
            json_object_set_new(json, "usable", json_boolean(calendar != NULL)) < 0 ||
            json_object_set_new(json, "schedules", json_integer((json_int_t) n_schedules)) < 0 ||
            json_object_set_new(json, "meaning", verdict_meaning_to_json(request, calendar)) < 0 ||
            json_object_set_new(json, "problems", verdict_problems_to_json(problems)) < 0)
                return -ENOMEM;
        return 0;
}

/* Returns 0, REQUEST_REFUSED where the file cannot be used, or a negative errno. */
static int verify_file(const struct request *request, const char *name, json_t *done) {
        _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
        _cleanup_(problems_done) struct problems problems = {};
        int r;

        r = plan_file_read(request, name, &calendar, &problems);
        if (r == 0)
                r = unheard_warn(request, name, calendar, &problems);
        if (r < 0)
                return r;
        r = done ? add_verdict_json(done, request, name, calendar, &problems)
                 : print_verdict(request, name, calendar, &problems);
        if (r < 0)
                return r;
        return calendar ? 0 : REQUEST_REFUSED;
}

int verify_run(struct request *request) {
        _cleanup_(json_unref_p) json_t *done = request_has(request, OPTION_JSON) ? json_array() : NULL;
        int worst = 0, r;

        for (size_t i = 0; i < request->n_arguments; i++) {
                r = verify_file(request, request->arguments[i], done);
                if (r < 0)
                        return r;
                if (r > worst)
                        worst = r;
        }

        if (done) {
                r = output_json(TAKE(done));
                if (r < 0)
                        return r;
        }
        return worst;
}
