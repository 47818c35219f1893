/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb verify: what is wrong in plan files. */
#include "ctl/answer.h"
#include "ctl/output.h"
#include "ctl/plan-file.h"
#include "ctl/same-uid.h"
#include "ctl/unheard.h"
#include "ctl/verb.h"
#include "ctl/verdict.h"
#include "dosed/text.h"

/* All files, each as it was read: a later one may hold the UID of an earlier one. */
struct verification {
        struct calendar **calendars; /* NULL: cannot be used */
        size_t n_calendars;
        struct uid_version *versions;
        json_t *done; /* NULL: printed */
};

static void verification_done(struct verification *verification) {
        uid_versions_free(&verification->versions);
        for (size_t i = 0; i < verification->n_calendars; i++)
                calendar_free(verification->calendars[i]);
        free(verification->calendars);
        if (verification->done)
                json_decref(verification->done);
}

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
static int verify_file(struct verification *verification, const struct request *request, const char *name) {
        struct calendar **calendar = &verification->calendars[verification->n_calendars++];
        _cleanup_(problems_done) struct problems problems = {};
        int r;

        r = plan_file_read(request, name, calendar, &problems);
        if (r == 0)
                r = unheard_warn(request, name, *calendar, &problems);
        if (r == 0)
                r = uid_versions_add(&verification->versions, *calendar, &problems);
        if (r < 0)
                return r;
        r = verification->done ? add_verdict_json(verification->done, request, name, *calendar, &problems)
                               : print_verdict(request, name, *calendar, &problems);
        if (r < 0)
                return r;
        return *calendar ? 0 : REQUEST_REFUSED;
}

int verify_run(struct request *request) {
        _cleanup_(verification_done) struct verification verification = {
                .calendars = calloc(request->n_arguments + 1, sizeof(*verification.calendars)),
                .done = request_has(request, OPTION_JSON) ? json_array() : NULL,
        };
        int worst = 0, r;

        if (!verification.calendars)
                return -ENOMEM;
        for (size_t i = 0; i < request->n_arguments; i++) {
                r = verify_file(&verification, request, request->arguments[i]);
                if (r < 0)
                        return r;
                if (r > worst)
                        worst = r;
        }

        if (verification.done) {
                r = output_json(TAKE(verification.done));
                if (r < 0)
                        return r;
        }
        return worst;
}
