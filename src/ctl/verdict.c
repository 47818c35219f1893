/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of a plan file. */
#include "ctl/verdict.h"

#include "ctl/answer.h"
#include "ctl/output.h"
#include "dosed/text.h"

void verdict_print_problems(const struct problems *problems) {
        for (size_t i = 0; i < problems->n_items; i++) {
                const struct problem *problem = &problems->items[i];

                printf("%s:", problem->file);
                if (problem->line > 0)
                        printf("%u:", problem->line);
                printf(" %s: %s\n", severity_to_string(problem->severity), problem->text);
        }
}

void verdict_complain(const struct problems *problems) {
        for (size_t i = 0; i < problems->n_items; i++) {
                const struct problem *problem = &problems->items[i];

                if (problem->severity != SEVERITY_ERROR)
                        continue;
                if (problem->line > 0)
                        complain("%s:%u: %s", problem->file, problem->line, problem->text);
                else
                        complain("%s: %s", problem->file, problem->text);
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

int verdict_print_meaning(const struct request *request, const struct calendar *calendar) {
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

json_t *verdict_problems_to_json(const struct problems *problems) {
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

json_t *verdict_meaning_to_json(const struct request *request, const struct calendar *calendar) {
        _cleanup_(json_unref_p) json_t *array = json_array();

        for (size_t i = 0; array && calendar && i < calendar->n_schedules; i++) {
                _cleanup_(free_p) char *text = NULL;

                if (schedule_explain(request, calendar->schedules[i], &text) < 0 ||
                    json_array_append_new(array, json_text(text)) < 0)
                        return NULL;
        }
        return TAKE(array);
}

int verdict_print_json(const struct request *request, const char *person, const char *file, bool is_changed,
                       const struct calendar *calendar, const struct problems *problems) {
        _cleanup_(json_unref_p) json_t *json = json_object();

        if (json_object_set_new(json, "file", json_text(file)) < 0 ||
            json_object_set_new(json, "person", json_text(person)) < 0 ||
            json_object_set_new(json, "changed", json_boolean(is_changed)) < 0 ||
            json_object_set_new(json, "meaning", verdict_meaning_to_json(request, calendar)) < 0 ||
            json_object_set_new(json, "problems", verdict_problems_to_json(problems)) < 0)
                return -ENOMEM;
        return output_json(TAKE(json));
}
