/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan that changes: edits around now, files that break, folders that vanish, and what a restart makes of it. */
#include "world.h"

#define LIS "ana/lis/20261123T080000"

static void put_lisinopril(struct world *world, const char *times) {
        world_put_event(world, "lis.ics", "lis", "Lisinopril", times);
        world_reload(world);
}

static void begin(struct world *world) {
        put_lisinopril(world, DAILY("080000"));
        world_told(world, "plan ana\n");
}

static void restart(struct world *world) {
        world_stop(world);
        world_start(world);
}

static void a_broken_file_keeps_its_last_good_version_over_a_restart(void **state) {
        struct world *world = *state;

        begin(world);
        world_put(world, "lis.ics", ICS(EVENT("lis", "Lisinopril", "DTSTART:20261101T080000\r\nRRULE:FREQ=FORTNIGHTLY\r\n")));
        world_reload(world);
        world_told(world, "degraded 1\n");
        assert_non_null(strstr(engine_degraded(world->engine, 0), "lis.ics:9"));
        assert_non_null(strstr(engine_degraded(world->engine, 0), "last good version"));

        restart(world);
        world_told(world, "degraded 1\n");
        world_pass_until(world, AT(8, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");

        world_put_event(world, "lis.ics", "lis", "Lisinopril", DAILY("080000"));
        world_reload(world);
        world_told(world, "degraded 0\n");
}

static void a_file_that_was_never_good_is_named(void **state) {
        struct world *world = *state;

        world_put(world, "bad.ics", "this is no calendar");
        world_reload(world);
        assert_int_equal(engine_count_degraded(world->engine), 1);
        assert_non_null(strstr(engine_degraded(world->engine, 0), "bad.ics"));
        world_remove_file(world, "bad.ics");
        world_reload(world);
        assert_int_equal(engine_count_degraded(world->engine), 0);
}

static void a_folder_that_turns_empty_is_not_believed_until_accepted(void **state) {
        struct world *world = *state;

        begin(world);
        world_remove_file(world, "lis.ics");
        world_reload(world);
        world_told(world, "degraded 1\n");
        restart(world);
        world_told(world, "degraded 1\n");
        world_pass_until(world, AT(8, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");

        assert_int_equal(engine_reload(world->engine, "ana", BELIEVE_ANYTHING, world->now_usec), 0);
        world_told(world, "degraded 0\n08:01 changed Lisinopril skipped\nplan ana\n");
        world_pass_until(world, AT(8, 1) + 2 * USEC_PER_DAY);
        world_told(world, "");
}

static void a_folder_that_vanishes_is_not_believed(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *aside = NULL;

        begin(world);
        assert_true(asprintf(&aside, "%s.aside", world->calendars) > 0);
        assert_int_equal(rename(world->calendars, aside), 0);
        world_reload(world);
        world_told(world, "degraded 1\n");
        world_pass_until(world, AT(8, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
        assert_int_equal(rename(aside, world->calendars), 0);
        world_reload(world);
        world_told(world, "degraded 0\n");
}

static void losing_more_than_half_at_once_is_not_believed(void **state) {
        struct world *world = *state;

        world_put_event(world, "a.ics", "a", "Aspirin", DAILY("090000"));
        world_put_event(world, "b.ics", "b", "Bisoprolol", DAILY("100000"));
        begin(world);
        world_remove_file(world, "a.ics");
        world_remove_file(world, "b.ics");
        world_reload(world);
        world_told(world, "degraded 1\n");
        world_put_event(world, "b.ics", "b", "Bisoprolol", DAILY("100000"));
        world_reload(world);
        world_told(world, "degraded 0\nplan ana\n");
        world_pass_until(world, AT(11, 0));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n08:10 reminder Lisinopril due\n"
                          "08:30 reminder Lisinopril due\n09:00 reminder Lisinopril due\n10:00 reminder Lisinopril due\n"
                          "10:00 changed Bisoprolol due\n10:00 reminder Bisoprolol due\n10:10 reminder Bisoprolol due\n"
                          "10:30 reminder Bisoprolol due\n11:00 reminder Lisinopril due\n11:00 reminder Bisoprolol due\n");
}

static void a_renamed_file_changes_nothing(void **state) {
        struct world *world = *state;

        begin(world);
        world_put_event(world, "other.ics", "lis", "Lisinopril", DAILY("080000"));
        world_remove_file(world, "lis.ics");
        world_reload(world);
        world_told(world, "");
        world_pass_until(world, AT(8, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
}

static void the_same_uid_in_two_files_rings_once_by_the_newer(void **state) {
        struct world *world = *state;

        begin(world);
        world_put_event(world, "copy.ics", "lis", "Lisinopril", DAILY("070000") "SEQUENCE:2\r\n");
        world_reload(world);
        world_told(world, "degraded 1\nplan ana\n");
        world_pass_until(world, AT(8, 5));
        world_told(world, "07:00 changed Lisinopril due\n07:00 reminder Lisinopril due\n07:10 reminder Lisinopril due\n"
                          "07:30 reminder Lisinopril due\n08:00 reminder Lisinopril due\n");
}

static void a_recorded_dose_consumes_the_one_an_edit_makes_of_it(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(7, 30));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        put_lisinopril(world, DAILY("090000"));
        world_told(world, "07:30 changed Lisinopril taken\n07:30 changed Lisinopril taken\nplan ana\n");
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
        world_assert_state(world, "ana/lis/20261123T090000", DOSE_TAKEN);
}

static void an_open_dose_moves_to_where_the_edit_puts_it(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        put_lisinopril(world, DAILY("090000"));
        world_pass_until(world, AT(9, 5));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\nplan ana\n"
                          "09:00 changed Lisinopril due\n09:00 reminder Lisinopril due\n");
        assert_int_equal(engine_count_open(world->engine), 1);
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), ENGINE_NO_SUCH_DOSE);
}

static void an_open_dose_without_a_new_place_stays_as_it_froze(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        put_lisinopril(world, DAILY("070000"));
        world_pass_until(world, AT(12, 0));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\nplan ana\n"
                          "08:10 reminder Lisinopril due\n08:30 reminder Lisinopril due\n09:00 reminder Lisinopril due\n"
                          "10:00 reminder Lisinopril due\n11:00 reminder Lisinopril due\n12:00 changed Lisinopril missed\n");
}

static void a_stopped_medication_stops_ringing(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        put_lisinopril(world, DAILY("080000") "STATUS:CANCELLED\r\n");
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n"
                          "08:05 changed Lisinopril skipped\nplan ana\n");
        world_pass_until(world, AT(8, 5) + 3 * USEC_PER_DAY);
        world_told(world, "");
}

static void a_dose_that_is_called_off_stops_ringing(void **state) {
        static const char *const ways[] = {
                DAILY("080000") "EXDATE:20261123T080000\r\n",
                DAILY("080000") "EXDATE;VALUE=DATE:20261123\r\n",
                DAILY("080000") "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:lis\r\nSUMMARY:Lisinopril\r\nDTSTAMP:20261101T000000Z\r\n"
                                "RECURRENCE-ID:20261123T080000\r\nDTSTART:20261123T080000\r\nSTATUS:CANCELLED\r\n",
        };
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        world_forget(world);
        for (size_t i = 0; i < ELEMENTS(ways); i++) {
                /* Called off by mistake: with the plan the dose is there again. */
                put_lisinopril(world, DAILY("080000"));
                world_assert_state(world, LIS, DOSE_DUE);
                world_forget(world);
                put_lisinopril(world, ways[i]);
                world_told(world, "08:05 changed Lisinopril skipped\nplan ana\n");
                assert_int_equal(engine_count_open(world->engine), 0);
        }
        world_pass_until(world, AT(8, 1) + USEC_PER_DAY);
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
}

static void a_journey_east_makes_due_what_the_clock_jumped_over(void **state) {
        struct world *world = *state;

        /* 07:00 in London is 16:00 in Tokyo: the dose of 08:00 was not due before, and has its whole window from now on. */
        begin(world);
        world_pass_until(world, AT(7, 0));
        assert_int_equal(zones_get(world->zones, "Asia/Tokyo", &world->zone), 0);
        world_set_people(world);
        world_told(world, "16:00 changed Lisinopril due\n16:00 reminder Lisinopril due\n");
        world_pass_until(world, AT(7, 5));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        world_forget(world);
        world_pass_until(world, AT(22, 59));
        world_told(world, "");
}

static void a_journey_west_rings_no_dose_twice(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        world_forget(world);
        assert_int_equal(zones_get(world->zones, "America/New_York", &world->zone), 0);
        world_set_people(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
}

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

#define ALARM(lines) "BEGIN:VALARM\r\nUID:al\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:PT0S\r\n" lines "END:VALARM\r\n"

#define SNOOZE                                                                                                \
        "BEGIN:VALARM\r\nUID:sn\r\nRELATED-TO;RELTYPE=SNOOZE:al\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\n"     \
        "TRIGGER;VALUE=DATE-TIME:20261123T084000Z\r\nEND:VALARM\r\n"

/* At 08:06 another client's words come with the file; gives what is told from then on. */
static void hear_of(struct world *world, const char *lines, const char *told) {
        begin(world);
        world_pass_until(world, AT(8, 6));
        assert_int_equal(n_up(world), 1);
        put_lisinopril(world, lines);
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
        hear_of(*state, DAILY("080000") "X-MOZ-LASTACK:20261123T080500Z\r\nX-MOZ-SNOOZE-TIME:20261123T084000Z\r\n" ALARM(""),
                "08:40 reminder Lisinopril due\n" LAST_REMINDER);
}

static void yesterdays_acknowledgement_says_nothing_of_today(void **state) {
        struct world *world = *state;

        put_lisinopril(world, DAILY("080000") ALARM("ACKNOWLEDGED:20261122T080500Z\r\n"));
        world_forget(world);
        world_pass_until(world, AT(8, 15));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n08:10 reminder Lisinopril due\n");
}

static void a_dose_that_is_moved_and_moved_back_rings(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 2));
        world_forget(world);
        put_lisinopril(world, DAILY("083000"));
        world_pass_until(world, AT(8, 10));
        put_lisinopril(world, DAILY("080000"));
        world_told(world, "plan ana\n08:10 changed Lisinopril due\nplan ana\n");
        assert_int_equal(engine_count_open(world->engine), 1);
        world_pass_until(world, AT(8, 31));
        world_told(world, "08:10 reminder Lisinopril due\n08:30 reminder Lisinopril due\n");
}

#define DRAGGED_TO(time)                                                                                        \
        DAILY("080000") "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:lis\r\nSUMMARY:Lisinopril\r\nDTSTAMP:20261102T000000Z\r\n" \
                        "RECURRENCE-ID:20261123T080000\r\nDTSTART:20261123T" time "\r\n"

static void a_single_dose_that_is_dragged_rings_at_its_new_time(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        world_forget(world);
        put_lisinopril(world, DRAGGED_TO("100000"));
        world_told(world, "08:05 changed Lisinopril upcoming\nplan ana\n");
        /* It is the same dose, also after a restart. */
        restart(world);
        world_pass_until(world, AT(10, 1));
        world_told(world, "10:00 changed Lisinopril due\n10:00 reminder Lisinopril due\n");
        assert_int_equal(engine_count_open(world->engine), 1);
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        /* Once recorded it stays recorded, wherever it is dragged. */
        put_lisinopril(world, DRAGGED_TO("120000"));
        world_assert_state(world, LIS, DOSE_TAKEN);
        world_forget(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
}

static void a_recorded_dose_that_is_moved_and_moved_back_stays_recorded(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(7, 30));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        put_lisinopril(world, DAILY("090000"));
        world_assert_state(world, "ana/lis/20261123T090000", DOSE_TAKEN);
        put_lisinopril(world, DAILY("080000"));
        world_assert_state(world, LIS, DOSE_TAKEN);
        world_forget(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
}

static void a_coming_dose_that_an_edit_puts_into_the_past_is_due_now(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(7, 57));
        put_lisinopril(world, DAILY("075500"));
        world_told(world, "07:57 changed Lisinopril due\n07:57 reminder Lisinopril due\nplan ana\n");
        world_pass_until(world, AT(8, 1));
        world_told(world, "");
}

static void a_mended_name_forgets_nothing_that_was_taken(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        world_put_event(world, "lis.ics", "lis", "Lisinopril 10 mg", DAILY("083000"));
        world_reload(world);
        world_forget(world);
        world_pass_until(world, AT(20, 0));
        world_told(world, "");

        /* Also where another dose comes within the interval. */
        world_put_event(world, "lis2.ics", "lis2", "Lisinopril 10 mg",
                        "DTSTART:20261123T201000\r\nX-DOSED-MIN-INTERVAL:PT20H\r\n");
        world_reload(world);
        world_forget(world);
        world_pass_until(world, AT(20, 10));
        world_told(world, "20:10 changed Lisinopril 10 mg due check-first\n20:10 reminder Lisinopril 10 mg due check-first\n");
}

static void a_journey_and_a_harmless_edit_consume_no_other_dose(void **state) {
        struct world *world = *state;

        put_lisinopril(world, DAILY("080000") "RDATE:20261123T200000\r\n");
        world_pass_until(world, AT(20, 5));
        assert_int_equal(world_confirm(world, "ana/lis/20261123T200000", (struct record_options){ .force = true }), 0);
        assert_int_equal(zones_get(world->zones, "Asia/Dhaka", &world->zone), 0);
        world_set_people(world);
        put_lisinopril(world, DAILY("080000") "RDATE:20261123T200000\r\nDESCRIPTION:with water\r\n");
        world_assert_state(world, "ana/lis/20261124T080000", DOSE_UPCOMING);
}

static void a_journey_while_dosed_was_away_loses_nothing(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(1, 0));
        world_stop(world);
        /* At 05:00 in London it is 14:00 in Tokyo, and the dose of 08:00 had not been due there, nor here. */
        world->now_usec = AT(5, 0);
        assert_int_equal(zones_get(world->zones, "Asia/Tokyo", &world->zone), 0);
        world_start(world);
        world_told(world, "14:00 changed Lisinopril due\n14:00 reminder Lisinopril due\n");
}

static void a_touched_file_that_says_the_same_is_no_change(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        put_lisinopril(world, DAILY("080000"));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
        world_pass_until(world, AT(8, 15));
        world_told(world, "08:10 reminder Lisinopril due\n");
}

static void after_an_outage_the_open_ring_and_the_passed_are_unattended(void **state) {
        struct world *world = *state;

        world_put_event(world, "a.ics", "a", "Aspirin", DAILY("090000"));
        begin(world);
        world_pass_until(world, AT(7, 0));
        world->now_usec = AT(12, 30);
        restart(world);
        assert_int_equal(engine_step(world->engine, world->now_usec, &(usec_t){ 0 }), 0);
        world_told(world, "12:30 changed Lisinopril unattended\n12:30 changed Aspirin due\n12:30 reminder Aspirin due\n");
        world_pass_until(world, AT(12, 59));
        world_told(world, "");
        world_pass_until(world, AT(13, 0));
        world_told(world, "13:00 changed Aspirin missed\n");
}

static int same_group(void *userdata, const struct dose_view *view) {
        usec_t *group = userdata;

        if (*group == 0)
                *group = view->group_usec;
        assert_int_equal(*group, view->group_usec);
        return 0;
}

static void what_is_caught_up_with_is_one_group(void **state) {
        struct world *world = *state;
        usec_t group = 0;

        world_put_event(world, "a.ics", "a", "Aspirin", DAILY("090000"));
        begin(world);
        world->now_usec = AT(11, 0);
        restart(world);
        assert_int_equal(engine_count_open(world->engine), 2);
        assert_int_equal(engine_visit_reminded(world->engine, world->now_usec, same_group, &group), 0);
        assert_int_not_equal(group, 0);
}

static void a_restart_between_due_and_confirm_loses_and_doubles_nothing(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
        restart(world);
        world_told(world, "");
        assert_int_equal(engine_count_open(world->engine), 1);
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        restart(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "08:05 changed Lisinopril taken\n");
}

static void a_snooze_survives_a_restart(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        usec_t until;

        begin(world);
        world_pass_until(world, AT(8, 1));
        assert_int_equal(engine_snooze(world->engine, LIS, 15 * USEC_PER_MINUTE, "ana", world->now_usec, &until, &reason), 0);
        world_forget(world);
        restart(world);
        world_pass_until(world, AT(8, 20));
        world_told(world, "08:16 changed Lisinopril due\n08:16 reminder Lisinopril due\n");
}

static void an_edit_while_away_counts_from_the_return(void **state) {
        struct world *world = *state;

        begin(world);
        world_stop(world);
        world_put_event(world, "lis.ics", "lis", "Lisinopril", DAILY("090000"));
        world->now_usec = AT(9, 10);
        world_start(world);
        world_pass_until(world, AT(9, 11));
        /* The plan in force at 08:00 was the old one: its dose is open, and tomorrow's is the new one. */
        world_told(world, "09:10 changed Lisinopril due\n09:10 reminder Lisinopril due\nplan ana\n");
}

static void while_the_clock_is_not_trusted_no_window_ends(void **state) {
        struct world *world = *state;

        world_put_event(world, "a.ics", "a", "Aspirin", DAILY("090000"));
        begin(world);
        world_pass_until(world, AT(8, 1));
        world_forget(world);
        world->now_usec = AT(13, 30); /* both windows would be over */
        assert_int_equal(engine_hold_windows(world->engine, AT(13, 31)), 0);
        world_pass_until(world, AT(13, 30) + 59 * USEC_PER_SEC);
        world_told(world, "");
        world_pass_until(world, AT(13, 31));
        world_told(world, "13:31 changed Lisinopril missed\n13:31 changed Aspirin unattended\n");
}

static void a_clock_that_nobody_set_yet_voids_nothing(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(13, 0));
        world_assert_state(world, LIS, DOSE_MISSED);
        world_stop(world);
        world->now_usec = AT(0, 0) - 300 * USEC_PER_DAY; /* the clock of a board without a battery */
        world->hold_usec = world->now_usec + 90 * USEC_PER_SEC;
        world_start(world);
        assert_int_equal(engine_step(world->engine, world->now_usec, &(usec_t){ 0 }), 0);
        world_assert_state(world, LIS, DOSE_MISSED);
        /* What is recorded meanwhile makes nothing of the past happen again. */
        assert_int_equal(world_confirm(world, LIS, (struct record_options){ .force = true }), 0);
        restart(world);
        world->now_usec = AT(13, 5);
        assert_int_equal(engine_hold_windows(world->engine, USEC_NONE), 0);
        world_forget(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
}

/* As the daemon starts: the clock is not trusted yet, and the folders are read. */
static void doses_that_waited_for_the_clock_are_not_lost_by_a_reload(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(7, 0));
        world_stop(world);
        world->now_usec = AT(13, 30);
        world->hold_usec = AT(13, 31);
        world_start(world);
        world_reload(world);
        world_told(world, "");
        world_pass_until(world, AT(13, 32));
        world_told(world, "13:31 changed Lisinopril unattended\n");
}

static void a_crash_mark_of_a_good_file_is_a_false_alarm(void **state) {
        struct world *world = *state;
        const char *text = ICS(EVENT("lis", "Lisinopril", DAILY("080000")));

        assert_int_equal(store_mark_reading(world->store, store_digest(text, strlen(text))), 0);
        world_put(world, "lis.ics", text);
        restart(world);
        world_told(world, "plan ana\n");
        assert_int_equal(engine_count_degraded(world->engine), 0);
}

static void quarantined_bytes_are_not_read_again_until_changed(void **state) {
        struct world *world = *state;
        const char *text = ICS(EVENT("lis", "Lisinopril", DAILY("080000")));

        assert_int_equal(store_quarantine(world->store, store_digest(text, strlen(text)), world->now_usec), 0);
        world_put(world, "lis.ics", text);
        world_reload(world);
        world_told(world, "degraded 1\n");
        assert_non_null(strstr(engine_degraded(world->engine, 0), "crashed"));
        put_lisinopril(world, DAILY("080100"));
        world_told(world, "degraded 0\nplan ana\n");
}

static void daylight_saving_neither_drops_nor_doubles_a_dose(void **state) {
        struct world *world = *state;

        /* Europe/Berlin, 29 March 2026: 02:30 does not exist (RFC 5545 3.3.5: 03:30); 25 October: it exists twice. */
        world_stop(world);
        assert_int_equal(zones_get(world->zones, "Europe/Berlin", &world->zone), 0);
        world->now_usec = zone_from_wall(world->zone, INT64_C(1774656000), NULL); /* 28 March, midnight */
        (void) remove(world->state);
        world->state[strlen(world->state) - 1] = '2';
        assert_int_equal(mkdir(world->state, 0700), 0);
        world_start(world);
        world_put_event(world, "n.ics", "n", "Night", "DTSTART:20260101T023000\r\nRRULE:FREQ=DAILY\r\nX-DOSED-WINDOW:PT5M\r\n");
        world_reload(world);
        world_forget(world);
        world_pass_until(world, world->now_usec + 3 * USEC_PER_DAY);
        world_told(world, "02:30 changed Night due\n02:30 reminder Night due\n02:35 changed Night missed\n"
                          "03:30 changed Night due\n03:30 reminder Night due\n03:35 changed Night missed\n"
                          "02:30 changed Night due\n02:30 reminder Night due\n02:35 changed Night missed\n");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)
        const struct CMUnitTest tests[] = {
                TEST(a_broken_file_keeps_its_last_good_version_over_a_restart),
                TEST(a_file_that_was_never_good_is_named),
                TEST(a_folder_that_turns_empty_is_not_believed_until_accepted),
                TEST(a_folder_that_vanishes_is_not_believed),
                TEST(losing_more_than_half_at_once_is_not_believed),
                TEST(a_renamed_file_changes_nothing),
                TEST(the_same_uid_in_two_files_rings_once_by_the_newer),
                TEST(a_recorded_dose_consumes_the_one_an_edit_makes_of_it),
                TEST(an_open_dose_moves_to_where_the_edit_puts_it),
                TEST(an_open_dose_without_a_new_place_stays_as_it_froze),
                TEST(a_stopped_medication_stops_ringing),
                TEST(a_dose_that_is_called_off_stops_ringing),
                TEST(a_journey_east_makes_due_what_the_clock_jumped_over),
                TEST(a_journey_west_rings_no_dose_twice),
                TEST(what_was_acknowledged_elsewhere_is_silent_but_for_one_last_reminder),
                TEST(what_thunderbird_dismissed_is_silent_but_for_one_last_reminder),
                TEST(what_was_put_off_elsewhere_rings_when_it_says),
                TEST(what_thunderbird_put_off_rings_when_it_says),
                TEST(yesterdays_acknowledgement_says_nothing_of_today),
                TEST(a_dose_that_is_moved_and_moved_back_rings),
                TEST(a_single_dose_that_is_dragged_rings_at_its_new_time),
                TEST(a_recorded_dose_that_is_moved_and_moved_back_stays_recorded),
                TEST(a_coming_dose_that_an_edit_puts_into_the_past_is_due_now),
                TEST(a_mended_name_forgets_nothing_that_was_taken),
                TEST(a_journey_and_a_harmless_edit_consume_no_other_dose),
                TEST(doses_that_waited_for_the_clock_are_not_lost_by_a_reload),
                TEST(a_journey_while_dosed_was_away_loses_nothing),
                TEST(a_touched_file_that_says_the_same_is_no_change),
                TEST(after_an_outage_the_open_ring_and_the_passed_are_unattended),
                TEST(what_is_caught_up_with_is_one_group),
                TEST(a_restart_between_due_and_confirm_loses_and_doubles_nothing),
                TEST(a_snooze_survives_a_restart),
                TEST(an_edit_while_away_counts_from_the_return),
                TEST(while_the_clock_is_not_trusted_no_window_ends),
                TEST(a_clock_that_nobody_set_yet_voids_nothing),
                TEST(a_crash_mark_of_a_good_file_is_a_false_alarm),
                TEST(quarantined_bytes_are_not_read_again_until_changed),
                TEST(daylight_saving_neither_drops_nor_doubles_a_dose),
        };

        return cmocka_run_group_tests_name("engine: a plan that changes", tests, NULL, NULL);
}
