/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is private by now or was private then: one rule, whoever asks. */
#include "told-world.h"

#define PRIVATE DAILY("080000") "CLASS:PRIVATE\r\n"
#define PUBLIC DAILY("080000")
/* Of a series that is public, the dose of the 23rd alone is not. */
#define ONE_PRIVATE                                                                      \
        ICS(EVENT("lis", "Lisinopril", PUBLIC) EVENT("lis", "Lisinopril",                \
                                                     "RECURRENCE-ID:20261123T080000\r\n" \
                                                     "DTSTART:20261123T080000\r\nCLASS:PRIVATE\r\n"))

static int copy_is_private(void *userdata, const struct dose_view *view) {
        *(bool *) userdata = view->is_private;
        return 0;
}

static bool is_private(struct world *world, const char *id) {
        bool found = false;

        assert_int_equal(engine_visit_dose(world->engine, id, world->now_usec, copy_is_private, &found), 0);
        return found;
}

static bool want_public(void *userdata, const char *person, bool hides) {
        (void) userdata, (void) person;
        return !hides;
}

static void what_is_private_by_now_or_was_then_is_private(void **state) {
        static const struct {
                const char *before, *after;
                bool hides;
        } cases[] = {
                { PUBLIC, PUBLIC, false },
                { PUBLIC, PRIVATE, true },
                { PRIVATE, PRIVATE, true },
                { PRIVATE, PUBLIC, true },
        };
        struct world *world = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char id[64];

                world->now_usec = AT(0, 0) + (usec_t) i * USEC_PER_DAY;
                world_edit(world, cases[i].before);
                world_pass_until(world, AT(8, 1) + (usec_t) i * USEC_PER_DAY);
                world_edit(world, cases[i].after);
                snprintf(id, sizeof(id), "ana/lis/202611%02zuT080000", 23 + i);
                world_assert_state(world, id, DOSE_DUE);
                assert_int_equal(is_private(world, id), cases[i].hides);
                assert_int_equal(engine_count_open_of(world->engine, want_public, NULL), !cases[i].hides);
                world_take(world, id);
                assert_int_equal(is_private(world, id), cases[i].hides);
        }
}

static void a_single_dose_of_a_public_series_may_be_private(void **state) {
        struct world *world = *state;

        world_edit(world, PUBLIC);
        world_put(world, "lis.ics", ONE_PRIVATE);
        world_reload(world);
        assert_int_equal(engine_next_due_of(world->engine, want_public, NULL), AT(8, 0) + USEC_PER_DAY);
        assert_int_equal(engine_next_due(world->engine), AT(8, 0));
        assert_true(is_private(world, ID));
        assert_false(is_private(world, "ana/lis/20261124T080000"));
}

static void a_due_dose_of_a_public_series_may_be_made_private(void **state) {
        struct world *world = *state;

        world_edit(world, PUBLIC);
        world_pass_until(world, AT(8, 1));
        assert_false(is_private(world, ID));
        world_put(world, "lis.ics", ONE_PRIVATE);
        world_reload(world);
        assert_true(is_private(world, ID));
        world_pass_until(world, AT(8, 1) + USEC_PER_DAY);
        assert_false(is_private(world, "ana/lis/20261124T080000"));
}

static int note_hidden(void *userdata, const struct medication_view *view) {
        *(bool *) userdata = view->schedule->details.confidential;
        return 0;
}

static void single_doses_without_their_series_hide_the_medication_where_one_is_private(void **state) {
        struct world *world = *state;
        bool hides = false;

        world_put(world, "lis.ics",
                  ICS(EVENT("lis", "Lisinopril", "RECURRENCE-ID:20261123T080000\r\nDTSTART:20261123T080000\r\n")
                              EVENT("lis", "Lisinopril",
                                    "RECURRENCE-ID:20261124T080000\r\nDTSTART:20261124T080000\r\nCLASS:PRIVATE\r\n")));
        world_reload(world);
        assert_int_equal(engine_visit_medications(world->engine, NULL, world->now_usec, note_hidden, &hides), 0);
        assert_true(hides);
}

/* Which of the events told so far are private, "stopped missed plan", the oldest first. */
static int note_private(void *userdata, const struct message *message, const struct telling *tellings,
                        size_t n_tellings) {
        struct world *world = userdata;

        (void) message;
        for (size_t i = 0; i < n_tellings; i++) {
                _cleanup_(dose_free_p) struct dose *dose = NULL;
                bool hides;

                assert_int_equal(engine_get_told_dose(world->engine, &tellings[i], &dose, &hides), 0);
                fprintf(world->transcript, "%s%s\n", hides ? "private " : "",
                        telling_event_to_string(tellings[i].event));
        }
        return 0;
}

static void assert_listed(struct world *world, const char *expected) {
        world_forget(world);
        assert_int_equal(engine_visit_messages(world->engine, 0, world->now_usec + 1, note_private, world), 0);
        world_told(world, expected);
}

static void what_was_told_is_private_as_well_by_the_name_that_it_has_in_its_text(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin_with(world, told, 1, PUBLIC);
        world_live_until(world, AT(20, 0) + 2 * USEC_PER_DAY, DELIVERY_DONE);
        assert_listed(world, "stopped\nmissed\nmissed\nplan\n");
        world_edit(world, PRIVATE);
        assert_listed(world, "private stopped\nprivate missed\nprivate missed\nprivate plan\n");
        world_edit(world, PUBLIC);
        assert_listed(world, "stopped\nmissed\nmissed\nplan\n");
}

static void a_change_of_the_plan_that_waits_is_not_told_once_it_is_private(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        world_tell(world, told, 1);
        world_edit(world, PUBLIC);
        world_edit(world, PRIVATE);
        world_live_until(world, AT(7, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void the_letter_that_takes_something_back_does_not_name_what_is_private_by_now(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };
        struct message_view view;

        begin_with(world, told, 1, PUBLIC);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n");
        world_take(world, ID);
        world_edit(world, PRIVATE);
        world_pass_until(world, AT(13, 10));
        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), 0);
        assert_int_equal(view.items[0].telling->event, EVENT_RESOLVED);
        assert_true(view.items[0].is_private);
}

/* It may have arrived, or not: it is said until it surely has. */
static void say_again(struct world *world, bool restarts) {
        const struct engine_recipient told[] = { maria() };
        struct message_view view;

        begin_with(world, told, 1, PUBLIC);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_forget(world);
        world_take(world, ID);
        world_edit(world, PRIVATE);
        world_live_until(world, AT(13, 1), DELIVERY_UNKNOWN);
        world_sent(world, "13:01 caregiver maria unknown: resolved Lisinopril\n");
        world_pass_until(world, AT(13, 2));
        if (restarts)
                world_restart(world);
        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), 0);
        assert_non_null(view.message->body); /* that same letter, and not another of it */
        world_live_until(world, AT(13, 5), DELIVERY_DONE);
        world_sent(world, "13:02 caregiver maria: resolved Lisinopril\n");
}

static void how_it_came_out_is_said_again_also_when_it_is_private_by_now(void **state) {
        say_again(*state, false);
}

static void how_it_came_out_is_said_again_in_the_same_letter_after_a_restart(void **state) {
        say_again(*state, true);
}

static void letter_in_which_something_is_private_by_now(struct world *world) {
        static struct engine_recipient told[1];

        told[0] = maria();
        begin_with(world, told, 1, PUBLIC);
        world_put(world, "asp.ics", ICS(EVENT("asp", "Aspirin", DAILY("090000"))));
        world_reload(world);
        world_live_until(world, AT(12, 59), DELIVERY_DONE);
        world_forget(world);
        world_take(world, ID);
        world_pass_until(world, AT(13, 1));
        world_live_until(world, AT(13, 1), DELIVERY_UNKNOWN);
        world_sent(world, "13:01 caregiver maria unknown: resolved Lisinopril, missed Aspirin\n");
        world_put(world, "asp.ics", ICS(EVENT("asp", "Aspirin", DAILY("090000") "CLASS:PRIVATE\r\n")));
        world_reload(world);
}

static void how_it_came_out_is_heard_though_the_same_letter_says_what_is_private_by_now(void **state) {
        struct world *world = *state;

        letter_in_which_something_is_private_by_now(world);
        world_live_until(world, AT(13, 20), DELIVERY_DONE);
        world_sent(world, "13:02 caregiver maria: resolved Lisinopril\n");
}

static void what_was_missed_is_heard_though_the_same_letter_says_what_is_private_by_now(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin_with(world, told, 1, PUBLIC);
        world_put(world, "asp.ics", ICS(EVENT("asp", "Aspirin", DAILY("080000"))));
        world_reload(world);
        world_live_until(world, AT(11, 0), DELIVERY_DONE);
        world_forget(world);
        world_live_until(world, AT(12, 1), DELIVERY_UNKNOWN);
        world_sent(world, "12:01 caregiver maria unknown: missed Lisinopril, missed Aspirin\n");
        world_put(world, "asp.ics", ICS(EVENT("asp", "Aspirin", DAILY("080000") "CLASS:PRIVATE\r\n")));
        world_reload(world);
        world_live_until(world, AT(13, 20), DELIVERY_DONE);
        world_sent(world, "12:02 caregiver maria: missed Lisinopril\n");
}

static void how_it_came_out_is_heard_also_after_a_restart(void **state) {
        struct world *world = *state;

        letter_in_which_something_is_private_by_now(world);
        world->now_usec = AT(13, 2);
        world_live_until(world, AT(13, 2), DELIVERY_LATER);
        world_sent(world, "13:02 caregiver maria later: resolved Lisinopril\n");
        world_restart(world);
        world_live_until(world, AT(13, 20), DELIVERY_DONE);
        world_sent(world, "13:07 caregiver maria: resolved Lisinopril\n");
}

/* Who may have heard that it was taken is told that it was not, whenever that turns out. */
static void what_is_missed_again_is_told_though_the_letter_that_it_was_taken_is_not_said_again(void **state) {
        struct world *world = *state;

        letter_in_which_something_is_private_by_now(world);
        world_undo(world, ID);
        world_live_until(world, AT(13, 20), DELIVERY_DONE);
        world_sent(world, "13:03 caregiver maria: missed Lisinopril\n");
}

static void what_is_missed_again_is_told_though_it_was_to_be_said_once_more_that_it_was_taken(void **state) {
        struct world *world = *state;

        letter_in_which_something_is_private_by_now(world);
        world_live_until(world, AT(13, 2), DELIVERY_LATER);
        world_sent(world, "13:02 caregiver maria later: resolved Lisinopril\n");
        world_undo(world, ID);
        world_live_until(world, AT(13, 20), DELIVERY_DONE);
        world_sent(world, "13:08 caregiver maria: missed Lisinopril\n");
}

static void what_is_taken_again_is_told_though_that_may_have_been_heard_before(void **state) {
        struct world *world = *state;
        struct message_view view;

        letter_in_which_something_is_private_by_now(world);
        world_pass_until(world, AT(13, 2));
        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view),
                         ENGINE_NO_MESSAGE); /* the first is over */
        world_undo(world, ID);
        world_take(world, ID);
        world_forget(world);
        world_live_until(world, AT(13, 20), DELIVERY_DONE);
        world_sent(world, "13:02 caregiver maria: resolved Lisinopril\n");
}

static void an_edit_that_makes_one_dose_private_drops_nothing_of_the_others(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin_with(world, told, 1, PUBLIC);
        world_live_until(world, AT(12, 5), DELIVERY_NEVER);
        world_take(world, ID);
        world_undo(world, ID);
        world_forget(world);
        world_put(world, "lis.ics",
                  ICS(EVENT("lis", "Lisinopril", PUBLIC) EVENT("lis", "Lisinopril",
                                                               "RECURRENCE-ID:20261125T080000\r\n"
                                                               "DTSTART:20261125T080000\r\nCLASS:PRIVATE\r\n")));
        world_reload(world);
        world_live_until(world, AT(12, 20), DELIVERY_DONE);
        world_sent(world, "12:06 caregiver maria: missed Lisinopril, plan 'changed Lisinopril'\n");
}

static void what_named_it_before_it_was_private_is_not_said_again_but_how_it_came_out_is(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };
        struct message_view view;

        begin_with(world, told, 1, PUBLIC);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_forget(world);
        world_take(world, ID);
        world_live_until(world, AT(13, 1), DELIVERY_UNKNOWN);
        world_sent(world, "13:01 caregiver maria unknown: resolved Lisinopril\n");
        world_edit(world, PRIVATE);
        /* The one that is dropped is found out first. */
        world_pass_until(world, AT(13, 2));
        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), ENGINE_NO_MESSAGE);
        world_pass_until(world, AT(13, 3));
        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), 0);
        assert_null(view.message->body);
        assert_int_equal(view.items[0].telling->event, EVENT_RESOLVED);
        assert_true(view.items[0].is_private);
}

/* Seed 381291: a letter that waits for the morning makes way for what is critical, as long as that is to be told. */
static void what_is_private_by_now_pushes_nothing_into_quiet_hours(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        told[0].tells = EVENT_BIT(EVENT_MISSED);
        told[0].quiet = (struct quiet_hours){ 22 * 3600, 7 * 3600 };
        begin_with(world, told, 1, DAILY("175500"));
        world_put(world, "dig.ics", ICS(EVENT("dig", "Digoxin", "DTSTART:20261123T181000\r\nPRIORITY:1\r\n")));
        world_reload(world);
        world_live_until(world, AT(21, 59), DELIVERY_UNKNOWN);
        world_sent(world, "21:56 caregiver maria unknown: missed Lisinopril\n"
                          "21:57 caregiver maria unknown: missed Lisinopril\n");
        world_live_until(world, AT(23, 30), DELIVERY_LATER);
        world_sent(world, "22:10 caregiver maria later: missed Lisinopril\n"
                          "22:25 caregiver maria later: missed Lisinopril\n"
                          "23:25 caregiver maria later: missed Lisinopril\n");
        world_put(world, "dig.ics",
                  ICS(EVENT("dig", "Digoxin", "DTSTART:20261123T181000\r\nPRIORITY:1\r\nCLASS:PRIVATE\r\n")));
        world_reload(world);
        world_live_until(world, AT(24 + 6, 59), DELIVERY_LATER);
        world_sent(world, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(what_is_private_by_now_or_was_then_is_private),
                TEST(a_single_dose_of_a_public_series_may_be_private),
                TEST(a_due_dose_of_a_public_series_may_be_made_private),
                TEST(single_doses_without_their_series_hide_the_medication_where_one_is_private),
                TEST(what_was_told_is_private_as_well_by_the_name_that_it_has_in_its_text),
                TEST(a_change_of_the_plan_that_waits_is_not_told_once_it_is_private),
                TEST(the_letter_that_takes_something_back_does_not_name_what_is_private_by_now),
                TEST(how_it_came_out_is_said_again_also_when_it_is_private_by_now),
                TEST(how_it_came_out_is_said_again_in_the_same_letter_after_a_restart),
                TEST(how_it_came_out_is_heard_though_the_same_letter_says_what_is_private_by_now),
                TEST(what_was_missed_is_heard_though_the_same_letter_says_what_is_private_by_now),
                TEST(how_it_came_out_is_heard_also_after_a_restart),
                TEST(what_is_missed_again_is_told_though_the_letter_that_it_was_taken_is_not_said_again),
                TEST(what_is_missed_again_is_told_though_it_was_to_be_said_once_more_that_it_was_taken),
                TEST(what_is_taken_again_is_told_though_that_may_have_been_heard_before),
                TEST(an_edit_that_makes_one_dose_private_drops_nothing_of_the_others),
                TEST(what_named_it_before_it_was_private_is_not_said_again_but_how_it_came_out_is),
                TEST(what_is_private_by_now_pushes_nothing_into_quiet_hours),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
