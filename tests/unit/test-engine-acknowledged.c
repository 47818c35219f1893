/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What another client acknowledged or put off: seen is not taken, and it is silent no longer than was said. */
#include "daily-world.h"

static int count(void *userdata, const struct dose_view *view) {
        (void) view;
        ++*(unsigned *) userdata;
        return 0;
}

static unsigned n_up(struct world *world) {
        unsigned n = 0;

        assert_int_equal(engine_visit_reminded(world->engine, world->now_usec, count, &n), 0);
        return n;
}

#define ALARM(lines) \
        "BEGIN:VALARM\r\nUID:al\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:PT0S\r\n" lines "END:VALARM\r\n"

#define ADVANCE(trigger, lines) \
        "BEGIN:VALARM\r\nUID:ad\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:" trigger "\r\n" lines "END:VALARM\r\n"

#define SNOOZE SNOOZE_UNTIL("084000")

#define SNOOZE_UNTIL(time)                                                                              \
        "BEGIN:VALARM\r\nUID:sn\r\nRELATED-TO;RELTYPE=SNOOZE:al\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\n" \
        "TRIGGER;VALUE=DATE-TIME:20261123T" time "Z\r\nEND:VALARM\r\n"

/* At 08:06 another client's words come with the file; gives what is told from then on. */
static void hear_of(struct world *world, const char *lines, const char *told) {
        begin(world);
        world_pass_until(world, AT(8, 6));
        assert_int_equal(n_up(world), 1);
        world_edit(world, lines);
        assert_int_equal(n_up(world), 0);
        world_forget(world);
        world_pass_until(world, AT(12, 1));
        world_told(world, told);
}

#define LAST_REMINDER "11:50 reminder Lisinopril due\n12:00 changed Lisinopril missed\n"

/* Seen is not taken: the dose stays open, and one last reminder comes before its window ends (RFC 9074, 6.1). */
static void what_was_acknowledged_elsewhere_is_silent_but_for_one_last_reminder(void **state) {
        hear_of(*state, DAILY("080000") ALARM("ACKNOWLEDGED:20261123T080500Z\r\n"), LAST_REMINDER);
}

static void what_thunderbird_dismissed_is_silent_but_for_one_last_reminder(void **state) {
        hear_of(*state, DAILY("080000") "X-MOZ-LASTACK:20261123T080500Z\r\n" ALARM(""), LAST_REMINDER);
}

static void what_was_put_off_elsewhere_rings_when_it_says(void **state) {
        hear_of(*state, DAILY("080000") ALARM("ACKNOWLEDGED:20261123T080500Z\r\n") SNOOZE,
                "08:40 reminder Lisinopril due\n" LAST_REMINDER);
}

static void what_thunderbird_put_off_rings_when_it_says(void **state) {
        hear_of(*state,
                DAILY("080000") "X-MOZ-LASTACK:20261123T080500Z\r\nX-MOZ-SNOOZE-TIME:20261123T084000Z\r\n" ALARM(""),
                "08:40 reminder Lisinopril due\n" LAST_REMINDER);
}

static void what_was_acknowledged_before_it_was_due_rings_when_it_is(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000") ADVANCE("-PT15M", ""));
        world_pass_until(world, AT(7, 46));
        world_edit(world, DAILY("080000") ADVANCE("-PT15M", "ACKNOWLEDGED:20261123T074530Z\r\n"));
        world_forget(world);
        world_pass_until(world, AT(8, 11));
        world_edit(world, DAILY("080000") ADVANCE("-PT15M", "ACKNOWLEDGED:20261123T081030Z\r\n"));
        world_pass_until(world, AT(12, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n"
                          "08:10 reminder Lisinopril due\n" LAST_REMINDER);
}

/* Tomorrow's alarm rings when today's dose is due: whoever has seen the one has not seen the other. */
static void what_was_acknowledged_of_tomorrows_dose_is_not_todays(void **state) {
        static const char *const seen[] = {
                DAILY("080000") ADVANCE("-P1D", "ACKNOWLEDGED:20261123T080500Z\r\n"),
                DAILY("080000") "X-MOZ-LASTACK:20261123T080500Z\r\n" ADVANCE("-P1D", ""),
        };
        struct world *world = *state;

        world_edit(world, DAILY("080000") ADVANCE("-P1D", ""));
        world_pass_until(world, AT(8, 6));
        assert_int_equal(n_up(world), 2);
        for (size_t i = 0; i < ELEMENTS(seen); i++) {
                world_edit(world, seen[i]);
                assert_int_equal(n_up(world), 1);
        }
        world_forget(world);
        world_pass_until(world, AT(8, 31));
        world_told(world, "08:10 reminder Lisinopril due\n08:30 reminder Lisinopril due\n");
        world_edit(world, DAILY("080000") ADVANCE("-P1D", "") ALARM("ACKNOWLEDGED:20261123T083030Z\r\n"));
        world_forget(world);
        world_pass_until(world, AT(12, 1));
        world_told(world, LAST_REMINDER);
}

static void what_has_no_alarm_is_seen_when_it_is_due(void **state) {
        hear_of(*state, DAILY("080000") "X-MOZ-LASTACK:20261123T080500Z\r\n", LAST_REMINDER);
}

/* The file was longer on its way than the snooze lasted. */
static void hear_late(struct world *world, const char *lines, const char *told) {
        world_edit(world, DAILY("080000") ALARM(""));
        world_pass_until(world, AT(8, 12));
        world_forget(world);
        world_edit(world, lines);
        world_pass_until(world, AT(8, 20));
        world_restart(world);
        world_pass_until(world, AT(8, 25));
        world_reload(world);
        world_pass_until(world, AT(11, 49));
        world_told(world, told);
        world_pass_until(world, AT(12, 1));
        world_told(world, LAST_REMINDER);
}

static void what_was_put_off_until_before_it_was_heard_of_rings_at_once_and_once(void **state) {
        hear_late(*state, DAILY("080000") ALARM("ACKNOWLEDGED:20261123T080500Z\r\n") SNOOZE_UNTIL("081100"),
                  "08:12 reminder Lisinopril due\n");
}

static void what_thunderbird_put_off_until_before_it_was_heard_of_rings_at_once_and_once(void **state) {
        hear_late(*state,
                  DAILY("080000") "X-MOZ-LASTACK:20261123T080500Z\r\nX-MOZ-SNOOZE-TIME:20261123T081100Z\r\n" ALARM(""),
                  "08:12 reminder Lisinopril due\n");
}

static void a_snooze_that_was_seen_when_it_ended_is_over(void **state) {
        hear_late(*state, DAILY("080000") ALARM("ACKNOWLEDGED:20261123T081130Z\r\n") SNOOZE_UNTIL("081100"), "");
}

/* That of 08:10. */
static void a_snooze_that_ended_before_another_reminder_is_over(void **state) {
        hear_late(*state, DAILY("080000") ALARM("ACKNOWLEDGED:20261123T080500Z\r\n") SNOOZE_UNTIL("081000"), "");
}

/* Of an alarm a week ahead, which the engine looks ahead for. */
static void what_was_put_off_days_ahead_rings_when_it_says(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261128T090000\r\nBEGIN:VALARM\r\nUID:al\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\n"
                          "TRIGGER:-P7D\r\nACKNOWLEDGED:20261121T090500Z\r\nEND:VALARM\r\n" SNOOZE);
        world_forget(world);
        world_pass_until(world, AT(23, 59));
        world_told(world, "08:40 reminder Lisinopril upcoming\n");
}

static void yesterdays_acknowledgement_says_nothing_of_today(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000") ALARM("ACKNOWLEDGED:20261122T080500Z\r\n"));
        world_forget(world);
        world_pass_until(world, AT(8, 15));
        world_told(world,
                   "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n08:10 reminder Lisinopril due\n");
}

#define AHEAD ALARM("ACKNOWLEDGED:20261123T170500Z\r\n")

/* Its clock is hours ahead: what rings after its words came is not silent, over restarts and edits of other things too. */
static void what_was_acknowledged_by_a_clock_ahead_was_seen_before_it_was_heard_of(void **state) {
        struct world *world = *state;

        world_edit(world, BYHOUR("8,12,16") ALARM(""));
        world_pass_until(world, AT(8, 6));
        world_edit(world, BYHOUR("8,12,16") AHEAD);
        assert_int_equal(n_up(world), 0);
        world_pass_until(world, AT(12, 5));
        world_put_event(world, "met.ics", "met", "Metformin", DAILY("230000"));
        world_reload(world);
        assert_int_equal(n_up(world), 1);
        world_edit(world, "DESCRIPTION:with water\r\n" BYHOUR("8,12,16") AHEAD);
        assert_int_equal(n_up(world), 1);
        world_restart(world);
        assert_int_equal(n_up(world), 1);
        world_forget(world);
        world_pass_until(world, AT(12, 31));
        world_told(world, "12:10 reminder Lisinopril due\n12:30 reminder Lisinopril due\n");
}

#define METFORMIN(lines) \
        "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:met\r\nSUMMARY:Metformin\r\n" DAILY("120000") ALARM(lines)

/* The ledger has one time for the whole file. */
static void what_is_acknowledged_later_in_its_file_is_no_news_of_it(void **state) {
        struct world *world = *state;

        world_edit(world, BYHOUR("8,12,16") AHEAD METFORMIN(""));
        world_pass_until(world, AT(12, 5));
        world_edit(world, BYHOUR("8,12,16") AHEAD METFORMIN("ACKNOWLEDGED:20261123T120400Z\r\n"));
        world_restart(world);
        world_forget(world);
        world_pass_until(world, AT(12, 11));
        world_told(world, "12:10 reminder Lisinopril due\n12:10 reminder Metformin due\n");
}

/* Its next word counts, also where it is in the same file. */
static void what_is_acknowledged_next_is_heard_of_anew(void **state) {
        struct world *world = *state;

        world_edit(world, BYHOUR("8,12") ALARM("ACKNOWLEDGED:20261122T080500Z\r\n"));
        world_pass_until(world, AT(8, 6));
        assert_int_equal(n_up(world), 1);
        world_edit(world, BYHOUR("8,12") ALARM("ACKNOWLEDGED:20261123T080500Z\r\n"));
        assert_int_equal(n_up(world), 0);
        world_restart(world);
        assert_int_equal(n_up(world), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(what_was_acknowledged_elsewhere_is_silent_but_for_one_last_reminder),
                TEST(what_thunderbird_dismissed_is_silent_but_for_one_last_reminder),
                TEST(what_was_put_off_elsewhere_rings_when_it_says),
                TEST(what_thunderbird_put_off_rings_when_it_says),
                TEST(what_was_acknowledged_before_it_was_due_rings_when_it_is),
                TEST(what_was_acknowledged_of_tomorrows_dose_is_not_todays),
                TEST(what_has_no_alarm_is_seen_when_it_is_due),
                TEST(what_was_put_off_until_before_it_was_heard_of_rings_at_once_and_once),
                TEST(what_thunderbird_put_off_until_before_it_was_heard_of_rings_at_once_and_once),
                TEST(a_snooze_that_was_seen_when_it_ended_is_over),
                TEST(a_snooze_that_ended_before_another_reminder_is_over),
                TEST(what_was_put_off_days_ahead_rings_when_it_says),
                TEST(what_was_acknowledged_by_a_clock_ahead_was_seen_before_it_was_heard_of),
                TEST(what_is_acknowledged_later_in_its_file_is_no_news_of_it),
                TEST(what_is_acknowledged_next_is_heard_of_anew),
                TEST(yesterdays_acknowledgement_says_nothing_of_today),
        };

        return cmocka_run_group_tests_name("acknowledged elsewhere", tests, NULL, NULL);
}
