/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Overrides move and cancel doses, one or all that follow; of two for the same dose the newer one counts. */
#include "schedule-text.h"

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
        /* By wall clock: the hour does not wander with the clocks. */
        CHECK(.start = "20260328T080000", .rules = "FREQ=DAILY;COUNT=2", .overrides = { { "20260328T080000+", "20260328T090000" } },
              .expect = "20260328T080000=20260328T080000Z 20260329T080000=20260329T070000Z");
        /* Far away, so that moved doses interleave with those before. */
        CHECK(.start = "20260101T080000", .rules = "FREQ=DAILY;COUNT=4", .dates = "20260110T120000",
              .overrides = { { "20260103T080000+", "20260101T090000" } },
              .expect = "20260101T080000 20260103T080000=20260101T080000Z 20260102T080000 20260104T080000=20260102T080000Z "
                        "20260110T120000=20260108T120000Z");
}

/* 3.2.13: the time difference is the same for all, by the wall clock of the series, in whatever form the override is written. */
static void what_this_and_future_moves_stays_in_the_zone_of_the_series(void **state) {
        (void) state;

        CHECK(.start = "Europe/Berlin:20260326T080000", .rules = "FREQ=DAILY;COUNT=5",
              .overrides = { { "20260327T070000Z+", "20260327T080000Z" } },
              .expect = "20260326T080000 20260327T080000=20260327T080000Z 20260328T080000=20260328T080000Z "
                        "20260329T080000=20260329T070000Z 20260330T080000=20260330T070000Z");
        CHECK(.start = "America/New_York:20261030T080000", .rules = "FREQ=DAILY;COUNT=4",
              .overrides = { { "20261031T120000Z+", "20261031T130000Z" } },
              .expect = "20261030T080000 20261031T080000=20261031T130000Z 20261101T080000=20261101T140000Z "
                        "20261102T080000=20261102T140000Z");
        /* Another zone, whose clocks change on other days, or on none. */
        CHECK(.start = "Europe/Berlin:20260327T080000", .rules = "FREQ=DAILY;COUNT=4",
              .overrides = { { "20260328T070000Z+", "America/New_York:20260328T040000" } },
              .expect = "20260327T080000 20260328T080000=20260328T080000Z 20260329T080000=20260329T070000Z "
                        "20260330T080000=20260330T070000Z");
        CHECK(.start = "Europe/Berlin:20260328T080000", .rules = "FREQ=DAILY;COUNT=2",
              .overrides = { { "20260328T070000Z+", "Asia/Tokyo:20260328T170000" } },
              .expect = "20260328T080000=20260328T080000Z 20260329T080000=20260329T070000Z");
        /* Every day exactly, whatever the clocks do. */
        CHECK(.start = "20260328T080000Z", .rules = "FREQ=DAILY;COUNT=2",
              .overrides = { { "20260328T080000Z+", "Europe/Berlin:20260328T100000" } },
              .expect = "20260328T080000Z=20260328T090000Z 20260329T080000Z=20260329T090000Z");
        /* By the clock of the person, also where the days had no time before. */
        CHECK(.start = "20260328T080000", .rules = "FREQ=DAILY;COUNT=2", .overrides = { { "20260328T080000+", "20260328T080000Z" } },
              .expect = "20260328T080000=20260328T080000Z 20260329T080000=20260329T070000Z");
        CHECK(.start = "20260328", .rules = "FREQ=DAILY;COUNT=2", .overrides = { { "20260328+", "20260328T080000Z" } },
              .expect = "20260328=20260328T080000Z 20260329=20260329T070000Z");
        CHECK(.start = "Europe/Berlin:20260328T100000", .rules = "FREQ=DAILY;COUNT=2",
              .overrides = { { "20260328T090000Z+", "20260328" } },
              .expect = "20260328T100000=20260328T070000Z 20260329T100000=20260329T060000Z");
        /* From an RDATE in another zone on. */
        CHECK(.start = "Europe/Berlin:20260101T200000", .rules = "FREQ=DAILY;COUNT=2", .dates = "America/New_York:20260101T120000",
              .overrides = { { "America/New_York:20260101T120000+", "America/New_York:20260101T130000" } },
              .expect = "20260101T170000Z=20260101T180000Z 20260101T200000=20260101T200000Z 20260102T200000=20260102T200000Z");
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(overrides_move_and_cancel_single_doses),
                cmocka_unit_test(overrides_without_their_master_stand_alone),
                cmocka_unit_test(this_and_future_moves_what_comes_after),
                cmocka_unit_test(what_this_and_future_moves_stays_in_the_zone_of_the_series),
                cmocka_unit_test(of_two_overrides_in_other_forms_the_newer_one_counts),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
