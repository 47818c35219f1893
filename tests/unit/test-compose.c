/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is composed is read back as it was meant. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "dosed/calendar.h"
#include "dosed/text.h"

#define HOUR 3600
#define MINUTE 60

/* Monday, 2026-01-05 */
#define MONDAY_DAY 20458
#define MONDAY_SEC ((int64_t) MONDAY_DAY * SEC_PER_DAY)

static struct zones *zones;

static int setup(void **state) {
        (void) state;
        return zones_new(NULL, &zones);
}

static int teardown(void **state) {
        (void) state;
        zones = zones_free(zones);
        return 0;
}

static struct calendar *read_back(const char *text) {
        struct problems problems = {};
        struct calendar *calendar = NULL;

        assert_int_equal(calendar_read("new.ics", text, strlen(text), zones, &calendar, &problems), 0);
        for (size_t i = 0; i < problems.n_items; i++)
                print_message("%u: %s\n", problems.items[i].line, problems.items[i].text);
        assert_int_equal(problems.n_items, 0);
        problems_done(&problems);
        return calendar;
}

/* The first time of any schedule of the file at that instant or later; USEC_NEVER where there is none. */
static usec_t next_due(const struct calendar *calendar, usec_t from_usec) {
        const struct wall_clock clock = { .zone = zone_utc() };
        usec_t next = USEC_NEVER;

        for (size_t i = 0; i < calendar->n_schedules; i++) {
                struct occurrence occurrence;

                if (schedule_next(calendar->schedules[i], &clock, from_usec, &occurrence) == 0 &&
                    occurrence.due_usec < next)
                        next = occurrence.due_usec;
        }
        return next;
}

/* Every day for `n_days`, or as long as the draft says, exactly its times on exactly its weekdays. */
static void assert_times(const struct calendar *calendar, const struct calendar_draft *draft, unsigned n_days) {
        usec_t at = 0;

        for (unsigned day = 0; day < n_days; day++) {
                int32_t number = wall_day(draft->first_day_wall_sec) + (int32_t) day;

                if (draft->weekdays && !(draft->weekdays & 1u << day_weekday(number)))
                        continue;
                if (draft->count_days > 0 && day >= draft->count_days)
                        break;
                for (size_t i = 0; i < draft->n_times; i++) {
                        usec_t expected = ((int64_t) number * SEC_PER_DAY + draft->times_sec[i]) * USEC_PER_SEC;

                        assert_true(next_due(calendar, at) == expected);
                        at = expected + 1;
                }
        }
        if (draft->count_days > 0)
                assert_true(next_due(calendar, at) == USEC_NEVER);
}

static void all_times_are_due_and_no_others(void **state) {
        static const struct {
                int32_t times_sec[6];
                size_t n_times;
                unsigned weekdays, count_days;
                size_t n_schedules;
        } cases[] = {
                { { 8 * HOUR }, 1, 0, 0, 1 },
                { { 0 }, 1, 0, 0, 1 },
                { { 0 }, 1, 0, 1, 1 },
                { { 8 * HOUR, 20 * HOUR }, 2, 0, 0, 1 },
                { { 8 * HOUR + 30 * MINUTE, 14 * HOUR + 30 * MINUTE, 23 * HOUR + 30 * MINUTE }, 3, 0, 10, 1 },
                { { 8 * HOUR, 14 * HOUR + 30 * MINUTE, 20 * HOUR }, 3, 0, 0, 2 },
                { { 8 * HOUR, 8 * HOUR + 20 * MINUTE, 8 * HOUR + 40 * MINUTE, 20 * HOUR + 20 * MINUTE }, 4, 0, 7, 3 },
                { { 8 * HOUR, 20 * HOUR + 1 }, 2, 0, 5, 2 },
                { { 9 * HOUR }, 1, 1u << SUNDAY, 0, 1 },
                { { 9 * HOUR, 21 * HOUR }, 2, 1u << TUESDAY | 1u << FRIDAY, 0, 1 },
                { { 9 * HOUR, 21 * HOUR + 15 * MINUTE }, 2, 1u << MONDAY | 1u << SATURDAY, 20, 2 },
                { { 9 * HOUR }, 1, 1u << WEDNESDAY, 3, 1 },
                { { 9 * HOUR }, 1, 0x7f, 14, 1 },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
                _cleanup_(free_p) char *text = NULL;
                struct calendar_draft draft = {
                        .uid = "a@example.org",
                        .summary = "Lisinopril 10 mg",
                        .first_day_wall_sec = MONDAY_SEC,
                        .times_sec = cases[i].times_sec,
                        .n_times = cases[i].n_times,
                        .weekdays = cases[i].weekdays,
                        .count_days = cases[i].count_days,
                        .stamped_usec = 1767608100 * USEC_PER_SEC,
                };

                assert_int_equal(calendar_compose(&draft, &text), 0);
                calendar = read_back(text);
                assert_int_equal(calendar->n_schedules, cases[i].n_schedules);
                assert_times(calendar, &draft, 40);
        }
}

static void texts_survive_whatever_is_in_them(void **state) {
        static const int32_t times_sec[] = { 8 * HOUR, 20 * HOUR + 30 * MINUTE };
        _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
        _cleanup_(free_p) char *text = NULL;
        const struct calendar_draft draft = {
                .uid = "a;b,c@example.org",
                .summary = "Ei\\sen, \"stark\"; 10 mg: für Ana äääääääääääääääääääääääääääääääääääääääääääääääääääääääääää",
                .amount = "1, 2; 3\\n: x",
                .instructions = "With water,\nnot milk; never\\n both\nEND:VEVENT",
                .purpose = "iron; blood",
                .first_day_wall_sec = MONDAY_SEC,
                .times_sec = times_sec,
                .n_times = 2,
                .stamped_usec = 1767608100 * USEC_PER_SEC,
                .critical = true,
                .kind = KIND_SUPPLEMENT,
        };

        (void) state;
        assert_int_equal(calendar_compose(&draft, &text), 0);
        calendar = read_back(text);
        assert_int_equal(calendar->n_schedules, 2);
        assert_string_equal(calendar->schedules[0]->uid, draft.uid);
        assert_string_equal(calendar->schedules[1]->uid, "a;b,c@example.org-2");

        for (size_t i = 0; i < 2; i++) {
                const struct schedule *schedule = calendar->schedules[i];

                assert_string_equal(schedule->details.summary, draft.summary);
                assert_string_equal(schedule->medication, draft.summary);
                assert_string_equal(schedule->details.amount, draft.amount);
                assert_string_equal(schedule->details.instructions, draft.instructions);
                assert_string_equal(schedule->details.purpose, draft.purpose);
                assert_true(schedule->details.critical);
                assert_int_equal(schedule->kind, KIND_SUPPLEMENT);
                assert_true(schedule->stamped_usec == draft.stamped_usec);
                assert_int_equal(schedule->start.kind, STAMP_FLOATING);
        }
}

static void drafts_that_say_nothing_are_refused(void **state) {
        static const int32_t time_sec[] = { 8 * HOUR }, descending[] = { 20 * HOUR, 8 * HOUR };
        static const int32_t tomorrow[] = { 24 * HOUR };
        const struct calendar_draft good = {
                .uid = "a", .summary = "b", .first_day_wall_sec = MONDAY_SEC, .times_sec = time_sec, .n_times = 1,
        };
        struct calendar_draft cases[8];
        _cleanup_(free_p) char *text = NULL, *uid = NULL;

        (void) state;
        assert_int_equal(text_format(&uid, "%0256d", 0), 0);
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                cases[i] = good;
        cases[0].uid = "";
        cases[1].summary = NULL;
        cases[2].n_times = 0;
        cases[3].times_sec = descending;
        cases[3].n_times = 2;
        cases[4].times_sec = tomorrow;
        cases[5].weekdays = 1u << SUNDAY; /* none within three days from Monday */
        cases[5].count_days = 3;
        cases[6].uid = uid;
        cases[7].weekdays = 0x80;

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_int_equal(calendar_compose(&cases[i], &text), -EINVAL);
        assert_int_equal(calendar_compose(&good, &text), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_times_are_due_and_no_others),
                cmocka_unit_test(texts_survive_whatever_is_in_them),
                cmocka_unit_test(drafts_that_say_nothing_are_refused),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
