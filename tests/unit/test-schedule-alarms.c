/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the alarms of a dose ring, and how far ahead of it; durations are nominal in days and exact in hours. */
#include "dosed/limits.h"
#include "schedule-text.h"

static void durations_are_nominal_in_days_and_exact_in_hours(void **state) {
        const struct zone *zone = zone_named("Europe/Berlin");
        struct stamp before = stamp_of("Europe/Berlin:20260328T120000");
        struct wall_clock clock = clock_of(NULL);
        usec_t at_usec = stamp_to_usec(&before, &clock, NULL);

        (void) state;

        assert_int_equal(usec_add_duration(at_usec, (struct duration){ 1, 0 }, zone) - at_usec, 23 * USEC_PER_HOUR);
        assert_int_equal(usec_add_duration(at_usec, (struct duration){ 0, 86400 }, zone) - at_usec, USEC_PER_DAY);
        assert_int_equal(usec_add_duration(at_usec, (struct duration){ 7, 3600 }, zone) - at_usec,
                         7 * USEC_PER_DAY);
        /* However far, it does not wrap. */
        assert_true(usec_add_duration(at_usec, (struct duration){ INT32_MAX, INT64_MAX }, zone) > at_usec);
        assert_true(usec_add_duration(at_usec, (struct duration){ INT32_MIN, INT64_MIN }, zone) < at_usec);
}

static void keep_alarms(struct details *details, const struct alarm *alarms, size_t n) {
        details->alarms = calloc(n, sizeof(*alarms));
        assert_non_null(details->alarms);
        memcpy(details->alarms, alarms, n * sizeof(*alarms));
        details->n_alarms = n;
}

static struct schedule *schedule_with_alarms(const struct schedule_text *text, const struct alarm *alarms, size_t n) {
        struct schedule *schedule = schedule_of(text);

        keep_alarms(&schedule->details, alarms, n);
        return schedule;
}

static void check_alarms(const struct schedule *schedule, const char *id, const char *expect) {
        struct wall_clock clock = clock_of(NULL);
        _cleanup_(free_p) usec_t *alarms = NULL;
        struct occurrence occurrence;
        char text[400] = "", one[CIVIL_TEXT_SIZE];
        size_t n;

        assert_int_equal(schedule_find(schedule, &clock, id, &occurrence), 0);
        assert_int_equal(occurrence_alarms(&occurrence, &clock, &alarms, &n), 0);
        assert_true((n > 0) == (alarms != NULL));
        for (size_t i = 0; i < n; i++) {
                civil_format(one, alarms[i] / USEC_PER_SEC, false, true);
                (void) snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 0 ? " " : "", one);
                assert_true(alarms[i] >= occurrence.due_usec - schedule_alarm_lead(schedule, &clock));
        }
        assert_string_equal(text, expect);
}

static void alarms_ring_in_order_and_once(void **state) {
        static const struct alarm alarms[] = {
                { .anchor = ALARM_END, .offset = { 0, 0 } },
                { .anchor = ALARM_START, .offset = { 0, -600 }, .repeat = 2, .every = { 0, 300 } },
                { .anchor = ALARM_START, .offset = { 0, -300 } },
                { .anchor = ALARM_START, .offset = { -1, 0 } },
                /* A year ahead the engine does not look. */
                { .anchor = ALARM_START, .offset = { -365, 0 } },
        };
        const struct schedule_text text = { .start = "20260329T080000", .rules = "FREQ=DAILY" };
        _cleanup_(schedule_free_p) struct schedule *schedule = NULL;
        struct wall_clock clock = clock_of(NULL);

        (void) state;

        schedule = schedule_with_alarms(&text, alarms, ELEMENTS(alarms));
        schedule->details.span = (struct duration){ 0, 7200 };
        check_alarms(schedule, "20260329T080000",
                     "20260328T070000Z 20260329T055000Z 20260329T055500Z 20260329T060000Z 20260329T080000Z");
        assert_int_equal(schedule_alarm_lead(schedule, &clock), LIMIT_ALARM_LEAD_DAYS * USEC_PER_DAY);
        schedule->details.n_alarms = 3;
        assert_int_equal(schedule_alarm_lead(schedule, &clock), 10 * USEC_PER_MINUTE);
        schedule->details.n_alarms = 0;
        check_alarms(schedule, "20260329T080000", "");
        assert_int_equal(schedule_alarm_lead(schedule, &clock), 0);
}

static void alarms_of_a_date_count_from_its_midnight(void **state) {
        static const struct alarm alarms[] = {
                { .anchor = ALARM_START, .offset = { 0, 9 * 3600 } },
                { .anchor = ALARM_START, .offset = { 0, -3600 } },
        };
        const struct schedule_text text = { .start = "20260110", .rules = "FREQ=DAILY" };
        _cleanup_(schedule_free_p) struct schedule *schedule = schedule_with_alarms(&text, alarms, ELEMENTS(alarms));

        (void) state;

        check_alarms(schedule, "20260110", "20260109T220000Z 20260110T080000Z");
}

/* Which in the night of 29 March has 23 hours. */
static void a_day_ends_at_its_next_midnight(void **state) {
        static const struct alarm alarms[] = {
                { .anchor = ALARM_END, .offset = { 0, -2 * 3600 } },
                { .anchor = ALARM_END, .offset = { -1, 0 } },
        };
        const struct schedule_text text = { .start = "20260329", .rules = "FREQ=DAILY" };
        _cleanup_(schedule_free_p) struct schedule *schedule = schedule_with_alarms(&text, alarms, ELEMENTS(alarms));

        (void) state;

        schedule->details.is_one_day = true;
        check_alarms(schedule, "20260329", "20260328T230000Z 20260329T200000Z");
        check_alarms(schedule, "20260330", "20260329T220000Z 20260330T200000Z");
}

/* A day before, by the wall clock, of what an override in UTC moves: of the dose itself, and of those that follow. */
static void days_are_those_of_the_series(void **state) {
        static const struct alarm alarm = { .anchor = ALARM_START, .offset = { -1, 0 } };
        const struct schedule_text text = { .start = "Europe/Berlin:20260328T080000", .rules = "FREQ=DAILY",
                                            .overrides = { { "20260329T060000Z+", "20260329T070000Z" } } };
        _cleanup_(schedule_free_p) struct schedule *schedule = schedule_of(&text);

        (void) state;

        keep_alarms(&schedule->overrides[0].details, &alarm, 1);
        check_alarms(schedule, "20260329T080000", "20260328T080000Z");
        check_alarms(schedule, "20260330T080000", "20260329T070000Z");
}

static void an_absolute_alarm_rings_for_one_dose_only(void **state) {
        struct stamp at = stamp_of("20260110T065000Z"), after = stamp_of("20260110T080000Z");
        struct wall_clock clock = clock_of(NULL);
        const struct alarm alarms[] = {
                { .anchor = ALARM_ABSOLUTE, .at_usec = stamp_to_usec(&at, &clock, NULL) },
                { .anchor = ALARM_ABSOLUTE, .at_usec = stamp_to_usec(&after, &clock, NULL) },
        };
        const struct schedule_text once = { .start = "20260110T080000" };
        const struct schedule_text daily = { .start = "20260109T080000", .rules = "FREQ=DAILY" };
        _cleanup_(schedule_free_p) struct schedule *a = NULL, *b = NULL;

        (void) state;

        a = schedule_with_alarms(&once, alarms, ELEMENTS(alarms));
        check_alarms(a, "20260110T080000", "20260110T065000Z 20260110T080000Z");
        b = schedule_with_alarms(&daily, alarms, ELEMENTS(alarms));
        check_alarms(b, "20260109T080000", "");
        check_alarms(b, "20260110T080000", "20260110T065000Z 20260110T080000Z");
        check_alarms(b, "20260111T080000", "");
        check_alarms(b, "20260112T080000", "");
}

static usec_t instant_of(const char *text) {
        struct stamp stamp = stamp_of(text);
        struct wall_clock clock = clock_of(NULL);

        return stamp_to_usec(&stamp, &clock, NULL);
}

/* The ids of the first doses of a schedule that ring at that time. */
static void find_ringing(const struct schedule *schedule, usec_t at_usec, char *text, size_t size) {
        struct wall_clock clock = clock_of(NULL);
        usec_t from_usec = INT64_MIN;
        struct occurrence occurrence;

        *text = '\0';
        for (unsigned i = 0; i < 500 && schedule_next(schedule, &clock, from_usec, &occurrence) == 0; i++) {
                _cleanup_(free_p) usec_t *alarms = NULL;
                char id[CIVIL_TEXT_SIZE];
                size_t n;

                assert_int_equal(occurrence_alarms(&occurrence, &clock, &alarms, &n), 0);
                if (n > 0 && alarms[0] == at_usec)
                        (void) snprintf(text + strlen(text), size - strlen(text), "%s%s", *text ? " " : "",
                                        occurrence_format_id(&occurrence, id));
                from_usec = occurrence.due_usec + 1;
        }
}

#define ONCE .start = "20261220T090000"
#define WEEKLY .start = "20261206", .rules = "FREQ=WEEKLY"
#define CHANGED(id) \
        .start = "20261206T080000", .rules = "FREQ=DAILY;COUNT=9", .overrides = { { id, "20261210T090000" } }

/* The nearest dose of which the alarm's own component speaks; only for that the engine looks ahead, and not farther. */
static void an_absolute_alarm_rings_for_its_nearest_dose(void **state) {
        static const struct {
                struct schedule_text text;
                unsigned of; /* the master, or which override */
                const char *at, *rings;
                usec_t lead_usec;
        } cases[] = {
                { { ONCE }, 0, "20261215T081000Z", "20261220T090000", 5 * USEC_PER_DAY - 10 * USEC_PER_MINUTE },
                { { ONCE }, 0, "20261119T080000Z", "20261220T090000", 31 * USEC_PER_DAY },
                { { ONCE }, 0, "20261119T075959Z", "", 0 },
                { { ONCE }, 0, "20270120T080000Z", "20261220T090000", 0 },
                { { ONCE }, 0, "20270120T080001Z", "", 0 },
                { { WEEKLY }, 0, "20261208T070000Z", "20261206", 0 },
                { { WEEKLY }, 0, "20261210T070000Z", "20261213", 3 * USEC_PER_DAY },
                /* Of two as near the earlier, whose snooze it may be. */
                { { WEEKLY }, 0, "20261209T190000Z", "20261206", 0 },
                { { .start = "20261206T080000", .rules = "FREQ=DAILY" }, 0, "20261231T200000Z", "20270101T080000",
                  11 * USEC_PER_HOUR },
                { { .start = "20261206T080000", .rules = "FREQ=DAILY;COUNT=3" }, 0, "20270101T080000Z",
                  "20261208T080000", 0 },
                { { .start = "20260101T000000", .rules = "FREQ=MINUTELY" }, 0, "20260101T010010Z", "20260101T020000", 0 },
                /* What speaks of one dose rings with that, however near another is; and the master's with one of its own. */
                { { CHANGED("20261210T080000") }, 1, "20261207T080000Z", "20261210T080000", 3 * USEC_PER_DAY },
                { { CHANGED("20261210T080000") }, 0, "20261210T080000Z", "20261211T080000", 23 * USEC_PER_HOUR },
                { { CHANGED("20261210T080000+") }, 0, "20261212T070000Z", "20261209T080000", 0 },
                { { CHANGED("20261210T080000+") }, 1, "20261207T080000Z", "20261210T080000", 3 * USEC_PER_DAY },
                { { CHANGED("20261210T080000+") }, 1, "20261213T070000Z", "20261213T080000", USEC_PER_HOUR },
                { { .overrides = { { "20261210", "20261210" }, { "20261211", "20261211" } } }, 1, "20261212T080000Z",
                  "20261210", 0 },
                { { .start = "20261206", .overrides = { { "20261206", "-" } } }, 1, "20261206T060000Z", "", 0 },
        };
        struct wall_clock clock = clock_of(NULL);

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(schedule_free_p) struct schedule *schedule = schedule_of(&cases[i].text);
                const struct alarm alarm = { .anchor = ALARM_ABSOLUTE, .at_usec = instant_of(cases[i].at) };
                char rings[400];

                keep_alarms(cases[i].of > 0 ? &schedule->overrides[cases[i].of - 1].details : &schedule->details, &alarm, 1);
                find_ringing(schedule, alarm.at_usec, rings, sizeof(rings));
                if (strcmp(rings, cases[i].rings) != 0)
                        fail_msg("case %zu, %s: rings for %s instead of %s", i, cases[i].at, rings, cases[i].rings);
                if (schedule_alarm_lead(schedule, &clock) != cases[i].lead_usec)
                        fail_msg("case %zu, %s: %g h ahead", i, cases[i].at,
                                 (double) schedule_alarm_lead(schedule, &clock) / USEC_PER_HOUR);
        }
}

/* Programs copy the alarms of the master into each override. */
static void a_copy_of_an_absolute_alarm_does_not_ring_for_another_dose(void **state) {
        static const struct schedule_text text = { CHANGED("20261210T080000") };
        const struct alarm alarm = { .anchor = ALARM_ABSOLUTE, .at_usec = instant_of("20261207T080000Z") };
        _cleanup_(schedule_free_p) struct schedule *schedule = schedule_with_alarms(&text, &alarm, 1);
        char rings[400];

        (void) state;
        keep_alarms(&schedule->overrides[0].details, &alarm, 1);
        find_ringing(schedule, alarm.at_usec, rings, sizeof(rings));
        assert_string_equal(rings, "20261207T080000");
}

/* Those after the first follow from the ledger. */
static void of_doses_after_the_last_one_taken_all_is_looked_ahead_for(void **state) {
        const struct schedule_text text = { .start = "20261220T090000" };
        const struct alarm alarm = { .anchor = ALARM_ABSOLUTE, .at_usec = instant_of("20270115T080000Z") };
        _cleanup_(schedule_free_p) struct schedule *schedule = schedule_with_alarms(&text, &alarm, 1);
        struct wall_clock clock = clock_of(NULL);

        (void) state;
        schedule->after_taken_usec = 7 * USEC_PER_DAY;
        assert_int_equal(schedule_alarm_lead(schedule, &clock), LIMIT_ALARM_LEAD_DAYS * USEC_PER_DAY);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(durations_are_nominal_in_days_and_exact_in_hours),
                cmocka_unit_test(alarms_ring_in_order_and_once),
                cmocka_unit_test(alarms_of_a_date_count_from_its_midnight),
                cmocka_unit_test(a_day_ends_at_its_next_midnight),
                cmocka_unit_test(days_are_those_of_the_series),
                cmocka_unit_test(an_absolute_alarm_rings_for_one_dose_only),
                cmocka_unit_test(an_absolute_alarm_rings_for_its_nearest_dose),
                cmocka_unit_test(a_copy_of_an_absolute_alarm_does_not_ring_for_another_dose),
                cmocka_unit_test(of_doses_after_the_last_one_taken_all_is_looked_ahead_for),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
