/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb verify: what is wrong in plan files. */
#include "ctl/answer.h"
#include "ctl/output.h"
#include "ctl/plan-file.h"
#include "ctl/verb.h"
#include "dosed/text.h"

#define ALL_DAY_SEC (8 * 3600)

static const char *plural(size_t n) {
        return n == 1 ? "" : "s";
}

static void print_problems(const struct problems *problems) {
        for (size_t i = 0; i < problems->n_items; i++) {
                const struct problem *problem = &problems->items[i];

                printf("%s:", problem->file);
                if (problem->line > 0)
                        printf("%u:", problem->line);
                printf(" %s: %s\n", severity_to_string(problem->severity), problem->text);
        }
}

/* "Lisinopril 10 mg, 1 tablet: every day at 08:00" */
static int schedule_explain(const struct request *request, const struct schedule *schedule, char **ret) {
        const struct wall_clock clock = { .zone = request->zone, .all_day_sec = ALL_DAY_SEC };
        const char *amount = schedule->details.amount;
        _cleanup_(free_p) char *words = NULL;
        int r;

        r = schedule_describe(schedule, &clock, request->now_usec, &words);
        if (r < 0)
                return r;
        return text_format(ret, "%s%s%s: %s", schedule->details.summary, amount ? ", " : "", amount ?: "", words);
}

static int print_meaning(const struct request *request, const struct calendar *calendar) {
        for (size_t i = 0; i < calendar->n_schedules; i++) {
                _cleanup_(free_p) char *text = NULL;
                int r;

                r = schedule_explain(request, calendar->schedules[i], &text);
                if (r < 0)
                        return r;
                printf("  %s\n", text);
        }
        return 0;
}

static int print_verdict(const struct request *request, const char *name, const struct calendar *calendar,
                         const struct problems *problems) {
        _cleanup_(free_p) char *clean = NULL;
        int r;

        r = text_clean(name, &clean);
        if (r < 0)
                return r;
        print_problems(problems);

        if (!calendar)
                printf("%s: cannot be used, %zu error%s\n", clean, problems->n_errors, plural(problems->n_errors));
        else if (problems->n_items > 0)
                printf("%s: can be used, %zu schedule%s, %zu warning%s\n", clean, calendar->n_schedules,
                       plural(calendar->n_schedules), problems->n_items, plural(problems->n_items));
        else
                printf("%s: good, %zu schedule%s\n", clean, calendar->n_schedules, plural(calendar->n_schedules));
        return calendar ? print_meaning(request, calendar) : 0;
}

static json_t *problems_to_json(const struct problems *problems) {
        _cleanup_(json_unref_p) json_t *array = json_array();

        for (size_t i = 0; array && i < problems->n_items; i++) {
                const struct problem *problem = &problems->items[i];
                json_t *json = json_object();

                if (json_array_append_new(array, json) < 0 ||
                    json_object_set_new(json, "line", json_integer(problem->line)) < 0 ||
                    json_object_set_new(json, "severity", json_text(severity_to_string(problem->severity))) < 0 ||
                    json_object_set_new(json, "text", json_text(problem->text)) < 0)
                        return NULL;
        }
        return TAKE(array);
}

static json_t *meaning_to_json(const struct request *request, const struct calendar *calendar) {
        _cleanup_(json_unref_p) json_t *array = json_array();

        for (size_t i = 0; array && calendar && i < calendar->n_schedules; i++) {
                _cleanup_(free_p) char *text = NULL;

                if (schedule_explain(request, calendar->schedules[i], &text) < 0 ||
                    json_array_append_new(array, json_text(text)) < 0)
                        return NULL;
        }
        return TAKE(array);
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
            json_object_set_new(json, "meaning", meaning_to_json(request, calendar)) < 0 ||
            json_object_set_new(json, "problems", problems_to_json(problems)) < 0)
                return -ENOMEM;
        return 0;
}

/* Returns 0, REQUEST_REFUSED where the file cannot be used, or a negative errno. */
static int verify_file(const struct request *request, const char *name, json_t *done) {
        _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
        _cleanup_(problems_done) struct problems problems = {};
        int r;

        r = plan_file_read(request, name, &calendar, &problems);
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
