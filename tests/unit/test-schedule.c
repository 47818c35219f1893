/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schedules: what is due when, across rules, dates, exceptions, overrides and changes of the clock. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "calendar/rule.h"
#include "dosed/limits.h"
#include "dosed/schedule.h"
#include "dosed/text.h"

static struct zones *zones;

/* An override as text: its RECURRENCE-ID, "+" behind it for RANGE=THISANDFUTURE, and its start, or "-" for cancelled. */
struct override_text {
        const char *id, *start;
        int64_t sequence;
};

/*
 * A schedule as text. A time is "20260101T080000" (floating), with Z, a date, or with a zone before a colon; lists are
 * separated by spaces. `expect` lists the doses from `from` on: "ID" where it is due at that very time of the person's
 * clock, else "ID=DUE" with DUE in UTC. "..." at its end: more follow.
 */
struct schedule_text {
        const char *start, *rules, *exception_rules, *dates, *exceptions;
        struct override_text overrides[5];
        const char *from;
        const char *person_zone;
        const char *expect;
};

static const struct zone *zone_named(const char *name) {
        const struct zone *zone = NULL;

        if (zones_get(zones, name, &zone) != 0)
                fail_msg("no zone %s", name);
        return zone;
}

static struct stamp stamp_of(const char *text) {
        const char *colon = strchr(text, ':'), *time = colon ? colon + 1 : text;
        struct stamp stamp = {};
        bool is_utc;

        if (civil_parse(time, strlen(time), &stamp.wall_sec, &stamp.is_date, &is_utc) < 0)
                fail_msg("no time: %s", text);
        if (is_utc)
                stamp.kind = STAMP_UTC;
        if (colon) {
                _cleanup_(free_p) char *name = strndup(text, (size_t) (colon - text));

                stamp.kind = STAMP_ZONED;
                stamp.zone = zone_named(name);
        }
        return stamp;
}

static void add_dates(const char *text, struct stamp **ret, size_t *ret_n) {
        _cleanup_(free_p) char *copy = strdup(text ? text : "");

        for (char *rest = copy, *word; (word = strsep(&rest, " "));)
                if (*word) {
                        *ret = reallocarray(*ret, *ret_n + 1, sizeof(**ret));
                        assert_non_null(*ret);
                        (*ret)[(*ret_n)++] = stamp_of(word);
                }
}

static void add_rules(const char *text, struct rule ***ret, size_t *ret_n) {
        _cleanup_(free_p) char *copy = strdup(text ? text : "");

        for (char *rest = copy, *word; (word = strsep(&rest, " "));)
                if (*word) {
                        const char *reason = "";

                        *ret = reallocarray(*ret, *ret_n + 1, sizeof(**ret));
                        assert_non_null(*ret);
                        if (rule_parse(word, &(*ret)[*ret_n], &reason) != 0)
                                fail_msg("%s: %s", word, reason);
                        (*ret_n)++;
                }
}

static void add_override(struct schedule *schedule, const struct override_text *text) {
        _cleanup_(free_p) char *id = strdup(text->id);
        struct override override = {};

        if (id[strlen(id) - 1] == '+') {
                override.this_and_future = true;
                id[strlen(id) - 1] = '\0';
        }
        override.sequence = text->sequence;
        override.recurrence_id = stamp_of(id);
        override.cancelled = strcmp(text->start, "-") == 0;
        override.start = override.cancelled ? override.recurrence_id : stamp_of(text->start);
        assert_int_equal(text_copy("changed", &override.details.summary), 0);

        schedule->overrides = reallocarray(schedule->overrides, schedule->n_overrides + 1, sizeof(override));
        assert_non_null(schedule->overrides);
        schedule->overrides[schedule->n_overrides++] = override;
}

static struct schedule *schedule_of(const struct schedule_text *text) {
        struct schedule *schedule = calloc(1, sizeof(*schedule));

        assert_non_null(schedule);
        assert_int_equal(text_copy("plain", &schedule->details.summary), 0);
        if (text->start) {
                schedule->has_master = true;
                schedule->start = stamp_of(text->start);
        }
        add_rules(text->rules, &schedule->rules, &schedule->n_rules);
        add_rules(text->exception_rules, &schedule->exception_rules, &schedule->n_exception_rules);
        add_dates(text->dates, &schedule->extra_dates, &schedule->n_extra_dates);
        add_dates(text->exceptions, &schedule->exception_dates, &schedule->n_exception_dates);
        for (size_t i = 0; i < ELEMENTS(text->overrides) && text->overrides[i].id; i++)
                add_override(schedule, &text->overrides[i]);
        assert_int_equal(schedule_finish(schedule), 0);
        return schedule;
}

static struct wall_clock clock_of(const char *zone) {
        return (struct wall_clock){ .zone = zone_named(zone ? zone : "Europe/Berlin"), .all_day_sec = 8 * 3600 };
}

/* "ID" or "ID=DUE", as in struct schedule_text. */
static void describe(const struct occurrence *occurrence, const struct wall_clock *clock, char *text, size_t size) {
        char id[CIVIL_TEXT_SIZE], due[CIVIL_TEXT_SIZE];
        usec_t plain_usec;

        occurrence_format_id(occurrence, id);
        plain_usec = stamp_to_usec(&occurrence->recurrence_id, clock, NULL);
        civil_format(due, occurrence->due_usec / USEC_PER_SEC, false, true);
        if (plain_usec == occurrence->due_usec && occurrence->fit == ZONE_FIT_EXACT)
                (void) snprintf(text, size, "%s", id);
        else
                (void) snprintf(text, size, "%s=%s", id, due);
}

static void check_found_again(const struct schedule *schedule, const struct wall_clock *clock,
                              const struct occurrence *occurrence) {
        char id[CIVIL_TEXT_SIZE];
        struct occurrence found;

        occurrence_format_id(occurrence, id);
        if (schedule_find(schedule, clock, id, &found) != 0)
                fail_msg("%s is not found again", id);
        assert_int_equal(found.due_usec, occurrence->due_usec);
        assert_int_equal(found.end_usec, occurrence->end_usec);
        assert_ptr_equal(found.details, occurrence->details);
}

static void check(const struct schedule_text *text) {
        _cleanup_(schedule_free_p) struct schedule *schedule = schedule_of(text);
        _cleanup_(free_p) char *expect = strdup(text->expect);
        struct wall_clock clock = clock_of(text->person_zone);
        usec_t from_usec = INT64_MIN;
        struct occurrence occurrence;
        char *rest = expect, got[64];

        if (text->from) {
                struct stamp from = stamp_of(text->from);

                from_usec = stamp_to_usec(&from, &clock, NULL);
        }

        for (char *word; (word = strsep(&rest, " "));) {
                if (strcmp(word, "...") == 0)
                        return;
                if (*word == '\0')
                        continue;
                if (schedule_next(schedule, &clock, from_usec, &occurrence) != 0)
                        fail_msg("%s %s: ends before %s", text->start, text->rules, word);
                describe(&occurrence, &clock, got, sizeof(got));
                if (strcmp(got, word) != 0)
                        fail_msg("%s %s: %s instead of %s", text->start, text->rules, got, word);
                check_found_again(schedule, &clock, &occurrence);
                from_usec = occurrence.due_usec + 1;
        }
        if (schedule_next(schedule, &clock, from_usec, &occurrence) == 0) {
                describe(&occurrence, &clock, got, sizeof(got));
                fail_msg("%s %s: goes on with %s", text->start, text->rules, got);
        }
}

#define CHECK(...) check(&(const struct schedule_text){ __VA_ARGS__ })

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

static void overrides_move_and_cancel_single_doses(void **state) {
        (void) state;

        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=4",
              .overrides = { { "20260102T080000", "20260102T100000" }, { "20260103T080000", "-" } },
              .expect = "20260101T080000 20260102T080000=20260102T090000Z 20260104T080000");
        /* Anywhere: before the start, and after the end. */
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=3",
              .overrides = { { "20260102T080000", "20251201T080000" }, { "20260103T080000", "20270101T080000" } },
              .expect = "20260102T080000=20251201T070000Z 20260101T080000 20260103T080000=20270101T070000Z");
        /* Moved onto another: one dose, which keeps the name that is there by right. */
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=3",
              .overrides = { { "20260102T080000", "20260103T080000" } }, .expect = "20260101T080000 20260103T080000");
        /* Moved onto a day that an EXDATE took away: thunderbird-0010, and onto the start: thunderbird-0011. */
        CHECK(.start = "20020402T114500Z", .rules = "FREQ=DAILY;COUNT=3", .exceptions = "20020403T114500Z",
              .overrides = { { "20020404T114500Z", "20020403T114500Z" } },
              .expect = "20020402T114500Z 20020404T114500Z=20020403T114500Z");
        CHECK(.start = "20020402T114500Z", .rules = "FREQ=DAILY;COUNT=3", .exceptions = "20020402T114500Z",
              .overrides = { { "20020404T114500Z", "20020402T114500Z" } },
              .expect = "20020404T114500Z=20020402T114500Z 20020403T114500Z");
        /* A RECURRENCE-ID in UTC means the dose of that instant, and its name stays. */
        CHECK(.start = "Europe/Berlin:20260101T080000", .rules = "FREQ=DAILY;COUNT=2",
              .overrides = { { "20260102T070000Z", "Europe/Berlin:20260102T120000" } },
              .expect = "20260101T080000 20260102T080000=20260102T110000Z");
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=2", .overrides = { { "20260102", "20260102T120000" } },
              .expect = "20260101T080000 20260102T080000=20260102T110000Z");
        CHECK(.start = "Europe/Berlin:20260101T080000", .dates = "America/New_York:20260101T120000",
              .overrides = { { "America/New_York:20260101T120000", "America/New_York:20260101T130000" } },
              .expect = "20260101T080000 20260101T170000Z=20260101T180000Z");
        CHECK(.start = "20260101", .rules = "FREQ=DAILY;COUNT=3", .overrides = { { "20260102", "20260105" } },
              .expect = "20260101 20260103 20260102=20260105T070000Z");
        /* Of two for the same dose the later one counts. */
        CHECK(.start = "20260101T080000",
              .overrides = { { "20260101T080000", "20260101T090000" }, { "20260101T080000", "20260101T100000" } },
              .expect = "20260101T080000=20260101T090000Z");
}

static void overrides_without_their_master_stand_alone(void **state) {
        (void) state;

        CHECK(.overrides = { { "20260102T080000", "20260102T100000" }, { "20260103T080000", "-" }, { "20260101", "20260101" } },
              .expect = "20260101 20260102T080000=20260102T090000Z");
}

static void this_and_future_moves_what_comes_after(void **state) {
        (void) state;

        /* 3.2.13: "... the same time difference" for all that follow; explicit overrides stay. */
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=5",
              .overrides = { { "20260103T080000+", "20260103T100000" }, { "20260104T080000", "20260104T070000" } },
              .expect = "20260101T080000 20260102T080000 20260103T080000=20260103T090000Z 20260104T080000=20260104T060000Z "
                        "20260105T080000=20260105T090000Z");
        /* A later one takes over, counted from the original start. */
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=4",
              .overrides = { { "20260102T080000+", "20260102T090000" }, { "20260104T080000+", "20260105T080000" } },
              .expect = "20260101T080000 20260102T080000=20260102T080000Z 20260103T080000=20260103T080000Z "
                        "20260104T080000=20260105T070000Z");
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=4", .overrides = { { "20260103T080000+", "-" } },
              .expect = "20260101T080000 20260102T080000");
        /* Into another zone: at that time of day there. */
        CHECK(.start = "Europe/Berlin:20260327T080000", .rules = "FREQ=DAILY;COUNT=4",
              .overrides = { { "20260328T070000Z+", "Europe/London:20260328T080000" } },
              .expect = "20260327T080000 20260328T080000=20260328T080000Z 20260329T080000=20260329T070000Z "
                        "20260330T080000=20260330T070000Z");
        /* By wall clock: the hour does not wander with the clocks. */
        CHECK(.start = "20260328T080000", .rules = "FREQ=DAILY;COUNT=2", .overrides = { { "20260328T080000+", "20260328T090000" } },
              .expect = "20260328T080000=20260328T080000Z 20260329T080000=20260329T070000Z");
        /* Far away, so that moved doses interleave with those before. */
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=4", .dates = "20260110T120000",
              .overrides = { { "20260103T080000+", "20260101T090000" } },
              .expect = "20260101T080000 20260103T080000=20260101T080000Z 20260102T080000 20260104T080000=20260102T080000Z "
                        "20260110T120000=20260108T120000Z");
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

/* By the zone of the person, which is Berlin's. */
static void of_two_overrides_in_other_forms_the_newer_one_counts(void **state) {
        (void) state;

        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=2",
              .overrides = { { "20260102T080000", "20260102T090000" }, { "20260102T070000Z", "20260102T100000", 1 } },
              .expect = "20260101T080000 20260102T080000=20260102T090000Z");
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=2",
              .overrides = { { "20260102T080000", "20260102T090000", 1 }, { "20260102T070000Z", "20260102T100000" } },
              .expect = "20260101T080000 20260102T080000=20260102T080000Z");
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=2",
              .overrides = { { "20260102T080000", "20260102T090000" }, { "20260102T070000Z", "-", 1 } },
              .expect = "20260101T080000");
        CHECK(.start = "Europe/Berlin:20260101T080000", .rules = "FREQ=DAILY;COUNT=2",
              .overrides = { { "20260102T080000", "20260102T090000", 1 },
                             { "Europe/Berlin:20260102T080000", "20260102T100000" } },
              .expect = "20260101T080000 20260102T080000=20260102T080000Z");
        /* Of others they say nothing. */
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=2",
              .overrides = { { "20260101T080000", "20260101T090000" }, { "20260102T070000Z", "20260102T100000", 1 } },
              .expect = "20260101T080000=20260101T080000Z 20260102T080000=20260102T090000Z");
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=3",
              .overrides = { { "20260102T080000+", "20260102T090000" }, { "20260102T070000Z+", "20260102T100000", 1 } },
              .expect = "20260101T080000 20260102T080000=20260102T090000Z 20260103T080000=20260103T090000Z");
}

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

static struct schedule *schedule_with_alarms(const struct schedule_text *text, const struct alarm *alarms, size_t n) {
        struct schedule *schedule = schedule_of(text);

        schedule->details.alarms = calloc(n, sizeof(*alarms));
        assert_non_null(schedule->details.alarms);
        memcpy(schedule->details.alarms, alarms, n * sizeof(*alarms));
        schedule->details.n_alarms = n;
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
                assert_true(alarms[i] >= occurrence.due_usec - schedule_alarm_lead(schedule));
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

        (void) state;

        schedule = schedule_with_alarms(&text, alarms, ELEMENTS(alarms));
        schedule->details.span = (struct duration){ 0, 7200 };
        check_alarms(schedule, "20260329T080000",
                     "20260328T070000Z 20260329T055000Z 20260329T055500Z 20260329T060000Z 20260329T080000Z");
        assert_int_equal(schedule_alarm_lead(schedule), LIMIT_ALARM_LEAD_DAYS * USEC_PER_DAY);
        schedule->details.n_alarms = 3;
        assert_int_equal(schedule_alarm_lead(schedule), 10 * USEC_PER_MINUTE);
        schedule->details.n_alarms = 0;
        check_alarms(schedule, "20260329T080000", "");
        assert_int_equal(schedule_alarm_lead(schedule), 0);
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

static int set_up(void **state) {
        (void) state;
        return zones_new(NULL, &zones);
}

static int tear_down(void **state) {
        (void) state;
        zones_free(zones);
        return 0;
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
                cmocka_unit_test(overrides_move_and_cancel_single_doses),
                cmocka_unit_test(overrides_without_their_master_stand_alone),
                cmocka_unit_test(this_and_future_moves_what_comes_after),
                cmocka_unit_test(what_has_no_occurrence_is_not_found),
                cmocka_unit_test(what_is_due_with_another_has_its_name),
                cmocka_unit_test(of_two_overrides_in_other_forms_the_newer_one_counts),
                cmocka_unit_test(durations_are_nominal_in_days_and_exact_in_hours),
                cmocka_unit_test(alarms_ring_in_order_and_once),
                cmocka_unit_test(alarms_of_a_date_count_from_its_midnight),
                cmocka_unit_test(an_absolute_alarm_rings_for_one_dose_only),
                cmocka_unit_test(kinds_have_the_names_of_categories),
                cmocka_unit_test(asking_for_the_next_dose_is_cheap_at_any_time),
                cmocka_unit_test(a_search_ends_whatever_the_file_says),
                cmocka_unit_test(a_dose_behind_days_of_exceptions_is_found),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
