/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schedules: what is due when, across rules, dates, exceptions and changes of the clock; and no search for it is long. */
#include <time.h>

#include "schedule-text.h"

static void the_start_is_the_first_dose_and_is_counted(void **state) {
        (void) state;

        CHECK(.start = "20260101T080000", .expect = "20260101T080000");
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=3",
              .expect = "20260101T080000 20260102T080000 20260103T080000");
        /* 3.8.5.3: "The DTSTART property value SHOULD be synchronized"; where it is not, it is still the first of COUNT. */
        CHECK(.start = "20260101T080000", .rules = "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
              .expect = "20260101T080000 20260105T080000 20260112T080000");
        CHECK(.start = "20260101T080000", .rules = "FREQ=WEEKLY;BYDAY=MO;COUNT=1", .expect = "20260101T080000");
        /* A rule that never matches leaves the start. */
        CHECK(.start = "20260101T080000", .rules = "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", .expect = "20260101T080000");
}

static void several_rules_are_one_series(void **state) {
        (void) state;

        CHECK(.start = "20260105T080000", .rules = "FREQ=DAILY;COUNT=3 FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=20;UNTIL=20260108",
              .expect = "20260105T080000 20260105T200000 20260106T080000 20260107T080000 20260107T200000");
        /* The start is counted with the rule that has it among its times; where none has, with each. */
        CHECK(.start = "20260105T080000", .rules = "FREQ=DAILY;COUNT=2 FREQ=DAILY;BYHOUR=20;COUNT=2",
              .expect = "20260105T080000 20260105T200000 20260106T080000 20260106T200000");
        CHECK(.start = "20260105T080000", .rules = "FREQ=DAILY;BYHOUR=20;COUNT=2 FREQ=DAILY;COUNT=2",
              .expect = "20260105T080000 20260105T200000 20260106T080000 20260106T200000");
        CHECK(.start = "20260105T080000", .rules = "FREQ=DAILY;BYHOUR=9;COUNT=2 FREQ=DAILY;BYHOUR=20;COUNT=2",
              .expect = "20260105T080000 20260105T090000 20260105T200000");
}

static void a_rule_ends_where_until_says(void **state) {
        (void) state;

        /* 3.3.10: UNTIL "bounds the recurrence rule in an inclusive manner". */
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;UNTIL=20260102T080000",
              .expect = "20260101T080000 20260102T080000");
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;UNTIL=20260102T075959", .expect = "20260101T080000");
        /* As a DATE on a timed schedule: to the end of that local day. */
        CHECK(.start = "20260101T230000", .rules = "FREQ=DAILY;UNTIL=20260102", .expect = "20260101T230000 20260102T230000");
        /* "... as a date with UTC time": 08:00 in Berlin is 07:00Z. */
        CHECK(.start = "Europe/Berlin:20260101T080000", .rules = "FREQ=DAILY;UNTIL=20260102T070000Z",
              .expect = "20260101T080000 20260102T080000");
        CHECK(.start = "Europe/Berlin:20260101T080000", .rules = "FREQ=DAILY;UNTIL=20260102T065959Z",
              .expect = "20260101T080000");
        /* Beside a change of the clock, too: 03:30 on that day is 01:30Z, and the 02:30 that does not exist as well. */
        CHECK(.start = "Europe/Berlin:20260328T023000", .rules = "FREQ=DAILY;UNTIL=20260329T013000Z",
              .expect = "20260328T023000 20260329T023000=20260329T013000Z");
        CHECK(.start = "Europe/Berlin:20260328T023000", .rules = "FREQ=DAILY;UNTIL=20260329T012959Z",
              .expect = "20260328T023000");
        CHECK(.start = "20260101", .rules = "FREQ=DAILY;UNTIL=20260102", .expect = "20260101 20260102");
}

static void dates_are_due_at_the_time_of_day_of_the_person(void **state) {
        (void) state;

        CHECK(.start = "20260328", .rules = "FREQ=DAILY;COUNT=3", .expect = "20260328 20260329 20260330");
        CHECK(.start = "20260328", .rules = "FREQ=DAILY;COUNT=3", .from = "20260328T080001",
              .expect = "20260329 20260330");
        CHECK(.start = "20260328", .rules = "FREQ=DAILY;COUNT=3", .from = "20260328T080000", .person_zone = "Asia/Tokyo",
              .expect = "20260328 20260329 20260330");
}

static void no_dose_is_lost_or_doubled_by_a_change_of_the_clock(void **state) {
        (void) state;

        /* A local time that does not exist takes the offset before the gap; one that exists twice is the first. */
        CHECK(.start = "Europe/Berlin:20260328T023000", .rules = "FREQ=DAILY;COUNT=3",
              .expect = "20260328T023000 20260329T023000=20260329T013000Z 20260330T023000");
        CHECK(.start = "Europe/Berlin:20261024T023000", .rules = "FREQ=DAILY;COUNT=3",
              .expect = "20261024T023000 20261025T023000=20261025T003000Z 20261026T023000");
        /* Two wall-clock times that are one instant are one dose, named by the one that exists. */
        CHECK(.start = "20260328T023000", .rules = "FREQ=DAILY;BYHOUR=2,3;UNTIL=20260330",
              .expect = "20260328T023000 20260328T033000 20260329T033000 20260330T023000 20260330T033000");
        /* A time of the gap falls behind one that is later on the wall clock: in the order of instants. */
        CHECK(.start = "20260329T020000", .rules = "FREQ=MINUTELY;INTERVAL=45;COUNT=4",
              .expect = "20260329T020000=20260329T010000Z 20260329T033000 20260329T024500=20260329T014500Z 20260329T041500");
        /* A whole day that does not exist. */
        CHECK(.start = "Pacific/Apia:20111229T080000", .rules = "FREQ=DAILY;COUNT=4",
              .expect = "20111229T080000 20111231T080000 20120101T080000");
        /* "Every six hours exactly" is a UTC start. */
        CHECK(.start = "20260328T180000Z", .rules = "FREQ=HOURLY;INTERVAL=6;COUNT=4",
              .expect = "20260328T180000Z 20260329T000000Z 20260329T060000Z 20260329T120000Z");
        /* From any moment on within the hours of the change. */
        CHECK(.start = "20260101T003000", .rules = "FREQ=HOURLY", .from = "20260329T005959Z",
              .expect = "20260329T033000 20260329T043000 ...");
        CHECK(.start = "20260101T003000", .rules = "FREQ=HOURLY", .from = "20261025T003001Z",
              .expect = "20261025T033000 ...");
        /* Midnight that does not exist. */
        CHECK(.start = "20181103T000000", .rules = "FREQ=DAILY;COUNT=3", .person_zone = "America/Sao_Paulo",
              .expect = "20181103T000000 20181104T000000=20181104T030000Z 20181105T000000");
}

static void extra_dates_are_doses_too(void **state) {
        (void) state;

        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=2", .dates = "20260105T090000 20251231T080000 20260102T080000",
              .expect = "20251231T080000 20260101T080000 20260102T080000 20260105T090000");
        /* In another zone than the start they are known by their UTC time; at the same instant they are one dose. */
        CHECK(.start = "Europe/Berlin:20260101T080000", .rules = "FREQ=DAILY;COUNT=2",
              .dates = "America/New_York:20260101T120000 Europe/London:20260102T070000 20260103T070000Z",
              .expect = "20260101T080000 20260101T170000Z 20260102T080000 20260103T070000Z");
        CHECK(.start = "20260101", .dates = "20260104 20260102", .expect = "20260101 20260102 20260104");
}

static void exceptions_take_doses_away(void **state) {
        (void) state;

        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=4", .exceptions = "20260103T080000 20260101T080000 20260102T090000",
              .expect = "20260102T080000 20260104T080000");
        /* By instant where the zones differ. */
        CHECK(.start = "Europe/Berlin:20260101T080000", .rules = "FREQ=DAILY;COUNT=3",
              .exceptions = "20260102T070000Z Europe/London:20260103T070000", .expect = "20260101T080000");
        /* A DATE on a timed schedule removes that day. */
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;BYHOUR=8,20;COUNT=6", .exceptions = "20260102",
              .expect = "20260101T080000 20260101T200000 20260103T080000 20260103T200000");
        CHECK(.start = "20260101", .rules = "FREQ=DAILY;COUNT=3", .exceptions = "20260102", .expect = "20260101 20260103");
        CHECK(.start = "20260101", .rules = "FREQ=DAILY;COUNT=3", .exceptions = "20260102T000000",
              .expect = "20260101 20260103");
        CHECK(.start = "20260101T080000", .dates = "20260105T080000", .exceptions = "20260105T080000",
              .expect = "20260101T080000");
        /* Both times that a gap makes one instant. */
        CHECK(.start = "20260328T023000", .rules = "FREQ=DAILY;BYHOUR=2,3;COUNT=6", .exceptions = "20260329T033000",
              .expect = "20260328T023000 20260328T033000 20260330T023000 20260330T033000");
        CHECK(.start = "20260105T080000", .rules = "FREQ=DAILY;COUNT=7", .exception_rules = "FREQ=WEEKLY;BYDAY=SA,SU",
              .expect = "20260105T080000 20260106T080000 20260107T080000 20260108T080000 20260109T080000");
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=4", .exception_rules = "FREQ=DAILY;COUNT=2",
              .expect = "20260103T080000 20260104T080000");
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY", .exception_rules = "FREQ=DAILY", .expect = "");
}

static void what_has_no_occurrence_is_not_found(void **state) {
        const struct schedule_text text = { .start = "Europe/Berlin:20260101T080000",
                                            .rules = "FREQ=DAILY;COUNT=4",
                                            .exceptions = "20260102T070000Z",
                                            .overrides = { { "Europe/Berlin:20260103T080000", "-" } } };
        static const char *const ids[] = { "20260102T080000", "20260103T080000", "20260105T080000", "20260101T080001",
                                           "20260101T070000Z", "20260101", "", "nonsense", "20260230T080000" };
        _cleanup_(schedule_free_p) struct schedule *schedule = schedule_of(&text);
        struct wall_clock clock = clock_of(NULL);
        struct occurrence occurrence;

        (void) state;

        for (size_t i = 0; i < ELEMENTS(ids); i++)
                if (schedule_find(schedule, &clock, ids[i], &occurrence) != SCHEDULE_NO_OCCURRENCE)
                        fail_msg("\"%s\" is found", ids[i]);
        assert_int_equal(schedule_find(schedule, &clock, "20260104T080000", &occurrence), 0);

        for (unsigned i = 0; i < 3; i++) {
                schedule->stopped = i == 0;
                schedule->on_hold = i == 1;
                schedule->as_needed = i == 2;
                assert_int_equal(schedule_next(schedule, &clock, 0, &occurrence), SCHEDULE_NO_OCCURRENCE);
                assert_int_equal(schedule_find(schedule, &clock, "20260104T080000", &occurrence),
                                 SCHEDULE_NO_OCCURRENCE);
        }
}

static void what_is_due_with_another_has_its_name(void **state) {
        static const struct schedule_text dragged = { .start = "20260101T080000",
                                                      .rules = "FREQ=DAILY;COUNT=3",
                                                      .overrides = { { "20260102T080000", "20260103T080000" } } },
                                          gap = { .start = "Europe/Berlin:20260328T023000",
                                                  .rules = "FREQ=DAILY;BYHOUR=2,3" };
        static const struct {
                const struct schedule_text *text;
                const char *id;
                bool is_found;
        } cases[] = {
                { &dragged, "20260102T080000", false }, { &dragged, "20260103T080000", true },
                { &gap, "20260329T023000", false },     { &gap, "20260329T033000", true },
                { &gap, "20260328T023000", true },      { &gap, "20260330T033000", true },
        };
        const struct wall_clock clock = clock_of(NULL);

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(schedule_free_p) struct schedule *schedule = schedule_of(cases[i].text);
                struct occurrence occurrence;

                if ((schedule_find(schedule, &clock, cases[i].id, &occurrence) == 0) != cases[i].is_found)
                        fail_msg("%s: found is not %d", cases[i].id, cases[i].is_found);
        }
}

static void kinds_have_the_names_of_categories(void **state) {
        enum schedule_kind kind;

        (void) state;

        for (enum schedule_kind i = 0; i < _KIND_MAX; i++) {
                assert_int_equal(kind_from_string(kind_to_string(i), &kind), 0);
                assert_int_equal(kind, i);
        }
        assert_int_equal(kind_from_string("otc", &kind), 0);
        assert_int_equal(kind_from_string("SWEETS", &kind), -EINVAL);
}

static double cpu_us(void) {
        struct timespec ts;

        assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), 0);
        return (double) ts.tv_sec * 1e6 + (double) ts.tv_nsec / 1e3;
}

/* The bound is generous, for slow machines and sanitizers: what it must catch is a search that walks. */
static void asking_for_the_next_dose_is_cheap_at_any_time(void **state) {
        static const struct schedule_text cases[] = {
                { .start = "Europe/Berlin:20000101T080000", .rules = "FREQ=DAILY" },
                { .start = "20000101T080000", .rules = "FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0,30" },
                { .start = "20000101T080000", .rules = "FREQ=HOURLY;INTERVAL=6" },
                { .start = "20000101T080000", .rules = "FREQ=MINUTELY;INTERVAL=90" },
                { .start = "20000103T080000", .rules = "FREQ=WEEKLY;BYDAY=MO,TH" },
                { .start = "20000101T080000", .rules = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1" },
                { .start = "20000101T080000", .rules = "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO" },
                { .start = "20000101T080000", .rules = "FREQ=DAILY;COUNT=1000000" },
                { .start = "20000101", .rules = "FREQ=DAILY;INTERVAL=2" },
        };
        struct wall_clock clock = clock_of(NULL);
        const unsigned n = 500;

        (void) state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(schedule_free_p) struct schedule *schedule = schedule_of(&cases[i]);
                struct stamp from = stamp_of("20261123T075959Z");
                usec_t from_usec = stamp_to_usec(&from, &clock, NULL);
                double before_us = cpu_us(), spent_us;
                struct occurrence occurrence;

                for (unsigned k = 0; k < n; k++, from_usec = occurrence.due_usec + 1)
                        assert_int_equal(schedule_next(schedule, &clock, from_usec, &occurrence), 0);
                spent_us = (cpu_us() - before_us) / n;
                print_message("%7.2f us  %s\n", spent_us, cases[i].rules);
                assert_true(spent_us < 500);
        }
}

static void a_search_ends_whatever_the_file_says(void **state) {
        static const struct schedule_text cases[] = {
                { .start = "20260101T080000", .rules = "FREQ=MINUTELY", .exception_rules = "FREQ=MINUTELY" },
                { .start = "20260101T080000", .rules = "FREQ=MINUTELY", .exception_rules = "FREQ=YEARLY FREQ=MINUTELY" },
                { .start = "20260101T080000", .rules = "FREQ=MINUTELY;COUNT=1000000;BYSECOND=0" },
                { .start = "20260101T080000",
                  .rules = "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
                  .overrides = { { "20270101T080000+", "20270101T090000" }, { "20280101T080000+", "20280101T090000" } } },
        };
        struct wall_clock clock = clock_of(NULL);

        (void) state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                double before_us = cpu_us(), spent_us;
                _cleanup_(schedule_free_p) struct schedule *schedule = schedule_of(&cases[i]);
                struct occurrence occurrence;

                assert_int_equal(schedule_next(schedule, &clock, INT64_C(5000000000) * USEC_PER_SEC, &occurrence),
                                 SCHEDULE_NO_OCCURRENCE);
                spent_us = cpu_us() - before_us;
                print_message("%7.2f ms  %s minus %s\n", spent_us / 1e3, cases[i].rules,
                              cases[i].exception_rules ? cases[i].exception_rules : "nothing");
                assert_true(spent_us < 5e6);
        }
}

/* 150 days of minutes: more than a search would look at one by one. */
static void a_dose_behind_days_of_exceptions_is_found(void **state) {
        char exceptions[150 * sizeof("20260101")], *end = exceptions;
        const int32_t first_day = civil_day(2026, 1, 2);
        struct schedule_text text = { .start = "20260101T235900", .rules = "FREQ=MINUTELY", .exceptions = exceptions };
        struct wall_clock clock = clock_of(NULL);
        struct stamp expect = stamp_of("20260601T000000");
        struct occurrence occurrence;

        (void) state;

        for (int32_t day = 0; day < 150; day++) {
                char date[CIVIL_TEXT_SIZE];

                end += sprintf(end, "%s%s", day > 0 ? " " : "",
                               civil_format(date, (int64_t) (first_day + day) * SEC_PER_DAY, true, false));
        }

        _cleanup_(schedule_free_p) struct schedule *schedule = schedule_of(&text);

        assert_int_equal(schedule_next(schedule, &clock, stamp_to_usec(&schedule->start, &clock, NULL) + 1, &occurrence), 0);
        assert_int_equal(occurrence.due_usec, stamp_to_usec(&expect, &clock, NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_start_is_the_first_dose_and_is_counted),
                cmocka_unit_test(several_rules_are_one_series),
                cmocka_unit_test(a_rule_ends_where_until_says),
                cmocka_unit_test(dates_are_due_at_the_time_of_day_of_the_person),
                cmocka_unit_test(no_dose_is_lost_or_doubled_by_a_change_of_the_clock),
                cmocka_unit_test(extra_dates_are_doses_too),
                cmocka_unit_test(exceptions_take_doses_away),
                cmocka_unit_test(what_has_no_occurrence_is_not_found),
                cmocka_unit_test(what_is_due_with_another_has_its_name),
                cmocka_unit_test(kinds_have_the_names_of_categories),
                cmocka_unit_test(asking_for_the_next_dose_is_cheap_at_any_time),
                cmocka_unit_test(a_search_ends_whatever_the_file_says),
                cmocka_unit_test(a_dose_behind_days_of_exceptions_is_found),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
