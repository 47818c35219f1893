/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recurrences as other projects' own tests expect them: cases that nobody here wrote. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "calendar/expand.h"
#include "calendar/rule.h"
#include "dosed/schedule.h"
#include "dosed/text.h"
#include "dosed/zone.h"

static struct zones *zones;

/* By id, why a case is not asked for what its file expects; `last_rule_only` where a part of it can be asked. */
#define EXCUSED "tests/data/recur-excused.json"

static json_t *excused;

enum score {
        SCORE_PASSED,
        SCORE_FAILED,
        SCORE_REFUSED,   /* SECONDLY, RSCALE, SKIP: by design */
        SCORE_FORBIDDEN, /* a combination of parts that RFC 5545 3.3.10 says MUST NOT be */
        SCORE_UNDEFINED_AGREES,  /* DTSTART does not match the rule: its source leaves it out, and so does the bare rule */
        SCORE_UNDEFINED_DIFFERS,
        SCORE_EXCUSED,           /* by the file above */
        _SCORE_MAX,
};

static const char *const score_names[_SCORE_MAX] = {
        [SCORE_PASSED] = "passed",
        [SCORE_FAILED] = "FAILED",
        [SCORE_REFUSED] = "refused by design",
        [SCORE_FORBIDDEN] = "forbidden by the RFC and refused",
        [SCORE_UNDEFINED_AGREES] = "DTSTART does not match, the rule alone agrees",
        [SCORE_UNDEFINED_DIFFERS] = "DTSTART does not match, the rule alone differs",
        [SCORE_EXCUSED] = "excused, with the reason in " EXCUSED,
};

static struct stamp stamp_from_text(const char *text, const struct zone *zone) {
        struct stamp stamp = {};
        bool is_utc;

        assert_int_equal(civil_parse(text, strlen(text), &stamp.wall_sec, &stamp.is_date, &is_utc), 0);
        stamp.kind = is_utc ? STAMP_UTC : zone && !stamp.is_date ? STAMP_ZONED : STAMP_FLOATING;
        stamp.zone = stamp.kind == STAMP_ZONED ? zone : NULL;
        return stamp;
}

/* [[parameters, value]]: the value may be a list. */
static void read_dates(json_t *pairs, const struct zone *zone, struct stamp **ret, size_t *ret_n) {
        json_t *pair;
        size_t i;

        json_array_foreach(pairs, i, pair) {
                _cleanup_(free_p) char *values = strdup(json_string_value(json_array_get(pair, 1)));

                assert_non_null(values);
                for (char *rest = values, *value; (value = strsep(&rest, ","));) {
                        *ret = reallocarray(*ret, *ret_n + 1, sizeof(**ret));
                        assert_non_null(*ret);
                        (*ret)[(*ret_n)++] = stamp_from_text(value, zone);
                }
        }
}

/* Returns 0 or RULE_INVALID. */
static int read_rules(json_t *texts, size_t first, struct rule ***ret, size_t *ret_n) {
        for (size_t i = first; i < json_array_size(texts); i++) {
                const char *reason;
                int r;

                *ret = reallocarray(*ret, *ret_n + 1, sizeof(**ret));
                assert_non_null(*ret);
                r = rule_parse(json_string_value(json_array_get(texts, i)), &(*ret)[*ret_n], &reason);
                if (r != 0) {
                        assert_int_equal(r, RULE_INVALID);
                        return r;
                }
                (*ret_n)++;
        }
        return 0;
}

static bool agrees(json_t *expect, size_t i, const struct stamp *stamp) {
        char text[CIVIL_TEXT_SIZE];

        civil_format(text, stamp->wall_sec, stamp->is_date, stamp->kind == STAMP_UTC);
        return i < json_array_size(expect) && strcmp(text, json_string_value(json_array_get(expect, i))) == 0;
}

static bool schedule_agrees(const struct schedule *schedule, const struct wall_clock *clock, json_t *expect,
                            usec_t from_usec, bool more) {
        struct occurrence occurrence;
        size_t i = 0;

        /* Some records have all times, some only those from `start` on. */
        if (from_usec != INT64_MIN)
                for (; i < json_array_size(expect); i++) {
                        struct stamp stamp = stamp_from_text(json_string_value(json_array_get(expect, i)), NULL);

                        if (stamp.wall_sec * USEC_PER_SEC >= from_usec)
                                break;
                }

        for (; !more || i < json_array_size(expect); i++) {
                if (schedule_next(schedule, clock, from_usec, &occurrence) != 0)
                        break;
                if (!agrees(expect, i, &occurrence.recurrence_id))
                        return false;
                from_usec = occurrence.due_usec + 1;
        }
        return i == json_array_size(expect);
}

/* The rule by itself, without COUNT. */
static void open_rule(struct expansion *expansion, struct rule *rule, const struct schedule *schedule, size_t i) {
        *rule = *schedule->rules[i];
        rule->last_wall_sec = rule->has_until ? rule->until_wall_sec : INT64_MAX;
        expansion_init(expansion, rule, schedule->start.wall_sec, schedule->start.is_date);
}

/* Where DTSTART does not match: dateutil leaves it out, Thunderbird has it as one more. */
static bool rule_agrees(const struct schedule *schedule, json_t *expect) {
        size_t n = 0, n_before = agrees(expect, 0, &schedule->start) ? 1 : 0;
        struct expansion expansion;
        struct rule rule;
        int64_t wall_sec;

        open_rule(&expansion, &rule, schedule, 0);
        for (; rule.count == 0 || n < rule.count; n++) {
                struct stamp stamp = schedule->start;

                if (!expansion_next(&expansion, &wall_sec))
                        break;
                stamp.wall_sec = wall_sec;
                if (!agrees(expect, n + n_before, &stamp))
                        return false;
        }
        return n + n_before == json_array_size(expect);
}

static bool start_matches(const struct schedule *schedule) {
        for (size_t i = 0; i < schedule->n_rules; i++) {
                struct expansion expansion;
                struct rule rule;
                int64_t wall_sec;

                open_rule(&expansion, &rule, schedule, i);
                if (expansion_next(&expansion, &wall_sec) && wall_sec == schedule->start.wall_sec)
                        return true;
        }
        return schedule->n_rules == 0;
}

/* What RFC 5545 3.3.10 forbids, told from the text alone, so that the parser cannot excuse itself. */
static bool is_forbidden(const char *rule) {
        bool weekly = strstr(rule, "FREQ=WEEKLY"), monthly = strstr(rule, "FREQ=MONTHLY");
        bool daily = strstr(rule, "FREQ=DAILY"), yearly = strstr(rule, "FREQ=YEARLY");

        return (strstr(rule, "BYYEARDAY") && (daily || weekly || monthly)) || (strstr(rule, "BYMONTHDAY") && weekly) ||
               (strstr(rule, "BYWEEKNO") && !yearly) || (strstr(rule, "COUNT") && strstr(rule, "UNTIL"));
}

static enum score score_rules(json_t *record, struct schedule *schedule, const struct wall_clock *clock) {
        json_t *expect = json_object_get(record, "expect");
        const char *start = json_string_value(json_object_get(record, "start"));
        usec_t from_usec = INT64_MIN;

        assert_int_equal(schedule_finish(schedule), 0);
        if (!start_matches(schedule))
                return rule_agrees(schedule, expect) ? SCORE_UNDEFINED_AGREES : SCORE_UNDEFINED_DIFFERS;

        if (start)
                from_usec = stamp_from_text(start, NULL).wall_sec * USEC_PER_SEC;
        return schedule_agrees(schedule, clock, expect, from_usec, json_is_true(json_object_get(record, "more")))
                       ? SCORE_PASSED
                       : SCORE_FAILED;
}

static enum score score_case(json_t *record, const char *id) {
        const char *zone_name = json_string_value(json_object_get(record, "tzid"));
        const char *first = json_string_value(json_array_get(json_object_get(record, "rrule"), 0));
        json_t *rules = json_object_get(record, "rrule");
        json_t *excuse = json_object_get(excused, id);
        struct wall_clock clock = { .zone = zone_utc() };
        const struct zone *zone = NULL;
        struct schedule *schedule;
        size_t first_rule = 0;
        enum score score;

        if (excuse && !json_is_true(json_object_get(excuse, "last_rule_only")))
                return SCORE_EXCUSED;
        if (excuse)
                first_rule = json_array_size(rules) - 1;

        if (zone_name)
                assert_int_equal(zones_get(zones, zone_name, &zone), 0);

        schedule = calloc(1, sizeof(*schedule));
        assert_non_null(schedule);
        schedule->has_master = true;
        schedule->start = stamp_from_text(json_string_value(json_object_get(record, "dtstart")), zone);
        read_dates(json_object_get(record, "rdate"), zone, &schedule->extra_dates, &schedule->n_extra_dates);
        read_dates(json_object_get(record, "exdate"), zone, &schedule->exception_dates,
                   &schedule->n_exception_dates);

        if (read_rules(rules, first_rule, &schedule->rules, &schedule->n_rules) == 0 &&
            read_rules(json_object_get(record, "exrule"), 0, &schedule->exception_rules,
                       &schedule->n_exception_rules) == 0)
                score = score_rules(record, schedule, &clock);
        else if (json_object_get(record, "error"))
                score = SCORE_PASSED;
        else if (strstr(first, "SECONDLY") || strstr(first, "RSCALE") || strstr(first, "SKIP"))
                score = SCORE_REFUSED;
        else
                score = is_forbidden(first) ? SCORE_FORBIDDEN : SCORE_FAILED;

        schedule_free(schedule);
        return score;
}

static void run_file(const char *name, const char *path) {
        _cleanup_(free_p) char *line = NULL;
        _cleanup_(fclose_p) FILE *file = NULL;
        size_t allocated = 0, counts[_SCORE_MAX] = {};

        file = fopen(path, "re");
        assert_non_null(file);

        while (getline(&line, &allocated, file) > 0) {
                json_t *record = json_loads(line, 0, NULL);
                const char *id = json_string_value(json_object_get(record, "id"));
                enum score score;

                assert_non_null(id);
                score = score_case(record, id);
                counts[score]++;
                if (score == SCORE_FAILED || score == SCORE_UNDEFINED_DIFFERS)
                        print_message("%s: %s: DTSTART %s, %s\n", id, score_names[score],
                                      json_string_value(json_object_get(record, "dtstart")),
                                      json_string_value(json_array_get(json_object_get(record, "rrule"), 0)));
                json_decref(record);
        }

        for (enum score score = 0; score < _SCORE_MAX; score++)
                if (counts[score] > 0)
                        print_message("%s: %zu %s\n", name, counts[score], score_names[score]);
        assert_true(counts[SCORE_PASSED] > 0);
        assert_int_equal(counts[SCORE_FAILED], 0);
}

/* Cases of other projects lie beside the checkout, or nowhere. */
static void run_shared(const char *name) {
        const char *folder = getenv("DOSED_SHARED_DATA");
        _cleanup_(free_p) char *path = NULL;

        assert_int_equal(text_format(&path, "%s/recur/%s.jsonl", folder ? folder : "../shared/data", name), 0);
        if (access(path, R_OK) < 0) {
                print_message("%s: SKIPPED, there is no %s\n", name, path);
                free(TAKE(path)); /* skip() leaves by longjmp */
                skip();
        }
        run_file(name, path);
}

/* Made by hand; the note of each says which sentence of the RFC decides it. */
static void cases_that_the_rfc_decides_pass(void **state) {
        (void) state;
        run_file("made here", "tests/data/recur.jsonl");
}

static void cases_of_libical_pass(void **state) {
        (void) state;
        run_shared("libical4");
}

static void cases_of_dateutil_pass(void **state) {
        (void) state;
        run_shared("dateutil");
}

static void cases_of_thunderbird_pass(void **state) {
        (void) state;
        run_shared("thunderbird");
}

static int set_up(void **state) {
        (void) state;
        excused = json_load_file(EXCUSED, 0, NULL);
        return excused ? zones_new(NULL, &zones) : -ENOENT;
}

static int tear_down(void **state) {
        (void) state;
        zones_free(zones);
        json_decref(excused);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(cases_that_the_rfc_decides_pass),
                cmocka_unit_test(cases_of_libical_pass),
                cmocka_unit_test(cases_of_dateutil_pass),
                cmocka_unit_test(cases_of_thunderbird_pass),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
