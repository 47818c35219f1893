/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a message: tried again, lost from sight, refused, out of date, over restarts and a disk that is full. */
#include "dosed/limits.h"
#include "told-world.h"

#define TOMORROW (24 * USEC_PER_HOUR)

static void take_next(struct world *world, struct message *ret) {
        struct message_view view;

        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), 0);
        *ret = *view.message;
        ret->recipient = ret->answer = NULL;
        ret->token = strdup(view.message->token);
        ret->body = view.message->body ? strdup(view.message->body) : NULL;
}

static void pass_to_the_message(struct world *world) {
        world_pass_until(world, AT(12, 1));
        world_forget(world);
}

static bool is_degraded(const struct world *world, const char *key) {
        for (size_t i = 0; i < engine_count_degraded(world->engine); i++)
                if (strcmp(engine_degraded_key(world->engine, i), key) == 0)
                        return true;
        return false;
}

static void a_process_that_died_in_the_middle_sends_the_same_bytes_again(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };
        struct message first, second;

        begin(world, told, 1);
        pass_to_the_message(world);
        take_next(world, &first);
        assert_null(first.body);
        assert_int_equal(engine_begin_delivery(world->engine, first.id, "letter one", 10, world->now_usec), 0);
        world_restart(world);
        /* What happens meanwhile does not change it. */
        world_take(world, ID);
        world_pass_until(world, AT(12, 1));
        take_next(world, &second);
        assert_int_equal(second.id, first.id);
        assert_string_equal(second.token, first.token);
        assert_string_equal(second.body, "letter one");
        assert_int_equal(second.body_size, 10);
        assert_int_equal(engine_begin_delivery(world->engine, second.id, second.body, 10, world->now_usec), 0);
        assert_int_equal(engine_end_delivery(world->engine, second.id, DELIVERY_DONE, NULL, world->now_usec), 0);
        world_forget(world);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_sent(world, "12:02 caregiver maria: resolved Lisinopril\n");
        message_done(&first);
        message_done(&second);
}

static void what_surely_did_not_arrive_is_written_anew(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };
        struct message first, second;

        world_tell(world, told, 1);
        world_put(world, "two.ics",
                  ICS(EVENT("a", "Aspirin", DAILY("080000")) EVENT("b", "Bisoprolol", DAILY("083000"))));
        world_reload(world);
        world_live_until(world, AT(0, 30), DELIVERY_DONE);
        pass_to_the_message(world);
        take_next(world, &first);
        assert_int_equal(engine_begin_delivery(world->engine, first.id, "letter one", 10, world->now_usec), 0);
        assert_int_equal(engine_end_delivery(world->engine, first.id, DELIVERY_LATER, "no route", world->now_usec), 0);
        world_restart(world);
        world_pass_until(world, AT(12, 2));
        take_next(world, &second);
        assert_int_equal(second.id, first.id);
        assert_null(second.body);
        assert_int_equal(second.attempts, 1);
        world_forget(world);
        assert_int_equal(second.made_usec, AT(12, 2)); /* it is as new as what it says */
        world_live_until(world, AT(12, 45), DELIVERY_LATER);
        world_sent(world, "12:02 caregiver maria later: missed Aspirin\n12:07 caregiver maria later: missed Aspirin\n"
                          "12:22 caregiver maria later: missed Aspirin\n");
        world_live_until(world, AT(14, 0), DELIVERY_DONE);
        world_sent(world, "13:22 caregiver maria: missed Aspirin, missed Bisoprolol\n");
        message_done(&first);
        message_done(&second);
}

static void a_letter_to_an_address_that_was_wrong_is_written_anew_to_the_right_one(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        told[0].way = "wrong@example.org, minimal";
        begin(world, told, 1);
        world_live_until(world, AT(12, 3), DELIVERY_UNKNOWN);
        world_forget(world);
        world_stop(world);
        told[0].way = "maria@example.org, minimal";
        world_start(world);
        world_forget(world);
        struct message_view view;
        world_pass_until(world, AT(12, 10));
        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), 0);
        assert_null(view.message->body);
        assert_int_equal(view.n_items, 1);
        assert_int_equal(view.items[0].telling->event, EVENT_MISSED);
}

static void a_day_without_a_server_is_one_digest(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        told[0].tells = EVENT_BIT(EVENT_MISSED);
        world_tell(world, told, 1);
        world_put_event(world, "lis.ics", "lis", "Lisinopril",
                        "DTSTART:20261101T000000\r\nRRULE:FREQ=HOURLY;INTERVAL=4\r\n");
        world_put_event(world, "d.ics", "d", "Digoxin", DAILY("080000"));
        world_reload(world);
        world_live_until(world, AT(24, 30), DELIVERY_LATER);
        assert_true(is_degraded(world, "outbox"));
        assert_false(engine_delivers(world->engine));
        world_forget(world);
        world_live_until(world, AT(25, 30), DELIVERY_DONE);
        assert_false(is_degraded(world, "outbox"));
        assert_true(engine_delivers(world->engine));
        /* The hour of the next attempt, and the asking about the third in a row; the rest waits for the summary. */
        world_sent(world,
                   "01:22 caregiver maria: missed Lisinopril, missed Lisinopril, missed Digoxin, stopped Lisinopril, "
                   "missed Lisinopril\n");
}

static void a_refusal_is_seen_until_it_is_tried_again_by_hand(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };
        struct message message;

        begin(world, told, 1);
        pass_to_the_message(world);
        take_next(world, &message);
        assert_int_equal(engine_begin_delivery(world->engine, message.id, "letter", 6, world->now_usec), 0);
        assert_int_equal(
                engine_end_delivery(world->engine, message.id, DELIVERY_NEVER, "550 no such user", world->now_usec), 0);
        assert_true(is_degraded(world, "outbox"));
        world_forget(world);
        world_live_until(world, AT(18, 0), DELIVERY_DONE);
        world_sent(world, ""); /* not by itself */

        world_restart(world);
        assert_true(is_degraded(world, "outbox"));
        assert_int_equal(engine_retry_message(world->engine, message.id + 100, world->now_usec), ENGINE_NO_MESSAGE);
        assert_int_equal(engine_retry_message(world->engine, message.id, world->now_usec), 0);
        world_forget(world);
        world_live_until(world, AT(18, 30), DELIVERY_DONE);
        world_sent(world, "18:00 caregiver maria: missed Lisinopril\n");
        assert_false(is_degraded(world, "outbox"));
        message_done(&message);
}

static void a_refusal_that_something_followed_is_no_trouble_after_a_restart(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_NEVER);
        assert_true(is_degraded(world, "outbox"));
        world_live_until(world, AT(24 + 13, 0), DELIVERY_DONE);
        assert_false(is_degraded(world, "outbox"));
        world_restart(world);
        world_live_until(world, AT(24 + 14, 0), DELIVERY_DONE);
        assert_false(is_degraded(world, "outbox"));
}

static void what_was_refused_is_not_resolved(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(12, 10), DELIVERY_NEVER);
        world_sent(world, "12:01 caregiver maria never: missed Lisinopril\n");
        world_take(world, ID);
        world_live_until(world, AT(18, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void a_full_disk_does_not_hold_a_message_back(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(11, 0), DELIVERY_DONE);
        world_break_store(world, true);
        world_live_until(world, AT(12, 30), DELIVERY_DONE);
        world_sent(
                world,
                "12:01 caregiver maria: missed Lisinopril, degraded 'The ledger cannot be written: what is recorded now is "
                "kept in memory only. Is the disk full?'\n");
        world_take(world, ID);
        world_live_until(world, AT(12, 40), DELIVERY_DONE);
        world_sent(world, "12:31 caregiver maria: resolved Lisinopril\n");
        world_break_store(world, false);
        world_live_until(world, AT(12, 50), DELIVERY_DONE);
        world_sent(world, "12:41 caregiver maria: degraded ''\n");
        /* It is all written, and nothing is told twice. */
        world_restart(world);
        world_forget(world);
        world_live_until(world, AT(18, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void who_is_no_caregiver_any_more_is_told_nothing(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        told[0].after_usec = USEC_PER_HOUR;
        begin(world, told, 1);
        world_live_until(world, AT(12, 30), DELIVERY_DONE);
        world_tell(world, told, 0);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "");
        world_tell(world, told, 1);
        world_live_until(world, AT(22, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static int note_message(void *userdata, const struct message *message, const struct telling *tellings,
                        size_t n_tellings) {
        struct world *world = userdata;

        fprintf(world->transcript, "%s %s %u %s", message->recipient, message_state_to_string(message->state),
                message->attempts, message->answer ? message->answer : "-");
        for (size_t i = 0; i < n_tellings; i++)
                fprintf(world->transcript, " %s %s", telling_event_to_string(tellings[i].event),
                        telling_state_to_string(tellings[i].state));
        fprintf(world->transcript, "\n");
        return 0;
}

static void what_was_sent_can_be_looked_up(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(12, 3), DELIVERY_LATER);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_forget(world);
        assert_int_equal(engine_visit_messages(world->engine, AT(11, 0), AT(14, 0), note_message, world), 0);
        world_told(world, "caregiver maria done 3 550 no such user missed told\n");
}

static void what_is_not_done_is_listed_with_what_waits_to_become_a_message(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria(), hook(EVENT_BIT(EVENT_MISSED)) };
        struct message_view view;
        int64_t id;

        told[0].after_usec = 2 * USEC_PER_HOUR;
        begin(world, told, 2);
        world_pass_until(world, AT(12, 0));
        world_forget(world);
        assert_int_equal(engine_visit_open_messages(world->engine, note_message, world), 0);
        world_told(world, "caregiver maria waits 0 - missed waits\nhook bell waits 0 - missed waits\n");

        /* Handed out, and not begun: the ledger knows nothing of it. */
        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), 0);
        id = view.message->id;
        assert_string_equal(view.message->recipient, "hook bell");
        assert_int_equal(engine_visit_open_messages(world->engine, note_message, world), 0);
        world_told(world, "caregiver maria waits 0 - missed waits\nhook bell waits 0 - missed sealed\n");

        assert_int_equal(engine_begin_delivery(world->engine, id, "body", 4, world->now_usec), 0);
        assert_true(engine_is_delivering(world->engine, id));
        assert_int_equal(engine_visit_open_messages(world->engine, note_message, world), 0);
        world_told(world, "hook bell waits 1 - missed sealed\ncaregiver maria waits 0 - missed waits\n");

        assert_int_equal(engine_end_delivery(world->engine, id, DELIVERY_NEVER, "no such host", world->now_usec), 0);
        assert_false(engine_is_delivering(world->engine, id));
        world_forget(world);
        assert_int_equal(engine_visit_open_messages(world->engine, note_message, world), 0);
        world_told(world, "hook bell failed 1 no such host missed failed\ncaregiver maria waits 0 - missed waits\n");
}

static void a_hook_that_fails_for_a_day_is_told_of_the_next_thing(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_MISSED)) };

        begin(world, told, 1);
        world_live_until(world, AT(11, 0) + TOMORROW, DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(12, 30) + TOMORROW, DELIVERY_DONE);
        /* Yesterday's is out of date by then; a failed attempt an hour at most before it. */
        assert_int_equal(fflush(world->transcript), 0);
        assert_non_null(strstr(world->told, "hook bell: missed Lisinopril"));
        world_forget(world);
        assert_int_equal(engine_visit_messages(world->engine, AT(0, 0), AT(48, 0), note_message, world), 0);
        assert_int_equal(fflush(world->transcript), 0);
        assert_non_null(strstr(world->told, "hook bell done"));
        world_forget(world);
}

/* And so does what it took up while it did not arrive. */
static void what_is_out_of_date_goes_with_the_next_message(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        world_tell(world, told, 1);
        world_put(world, "two.ics",
                  ICS(EVENT("a", "Aspirin", "DTSTART:20261123T080000\r\n")
                              EVENT("b", "Bisoprolol", "DTSTART:20261130T060000\r\n")));
        world_reload(world);
        world_live_until(world, AT(1, 0), DELIVERY_DONE);
        world_live_until(world, AT(11, 30) + 7 * TOMORROW, DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(12, 10) + 7 * TOMORROW, DELIVERY_LATER);
        assert_true(is_degraded(world, "outbox"));
        world_forget(world);
        world_live_until(world, AT(14, 0) + 7 * TOMORROW, DELIVERY_DONE);
        world_sent(world, "12:22 caregiver maria: missed Aspirin, missed Bisoprolol\n");
        assert_false(is_degraded(world, "outbox"));
}

static void what_was_told_more_than_a_year_ago_is_forgotten(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_put_event(world, "lis.ics", "lis", "Lisinopril",
                        "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;UNTIL=20261123T080000\r\n");
        world_reload(world);
        world_live_until(world, AT(14, 0), DELIVERY_DONE);
        world_stop(world);
        world->now_usec = AT(14, 0) + 401 * TOMORROW;
        world_start(world);
        world_forget(world);
        assert_int_equal(engine_visit_messages(world->engine, AT(0, 0), AT(24, 0), note_message, world), 0);
        /* All but the last, whose number would else be given again. */
        world_told(world, "caregiver maria done 1 550 no such user plan told\n");
}

static int count_tellings(void *userdata, const struct message *message, const struct telling *tellings, size_t n) {
        (void) message, (void) tellings;
        *(size_t *) userdata += n;
        return 0;
}

static size_t count_unsent(struct world *world) {
        size_t n = 0;

        assert_int_equal(engine_visit_open_messages(world->engine, count_tellings, &n), 0);
        return n;
}

static void a_crowd_that_is_told_of_a_crowd_is_told_in_steps_that_are_bounded(void **state) {
        enum { N_TOLD = 100, N_DOSES = 60 };
        static char names[N_TOLD][24];
        struct engine_recipient told[N_TOLD];
        struct world *world = *state;
        _cleanup_(free_p) char *plan = NULL;
        size_t size, n = 0;
        usec_t next_usec = 0;
        FILE *stream = open_memstream(&plan, &size);

        assert_non_null(stream);
        fputs("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n", stream);
        for (size_t i = 0; i < N_DOSES; i++)
                fprintf(stream, "BEGIN:VEVENT\r\nUID:u%zu\r\nSUMMARY:M%zu\r\n" DAILY("080000") "END:VEVENT\r\n", i, i);
        fputs("END:VCALENDAR\r\n", stream);
        assert_int_equal(fclose(stream), 0);
        for (size_t i = 0; i < N_TOLD; i++) {
                snprintf(names[i], sizeof(names[i]), "caregiver c%zu", i);
                told[i] = maria();
                told[i].name = names[i];
                told[i].tells = EVENT_BIT(EVENT_MISSED);
        }
        world_tell(world, told, N_TOLD);
        world_put(world, "crowd.ics", plan);
        world_reload(world);
        world_pass_until(world, AT(11, 59));

        world->now_usec = AT(12, 0);
        while (next_usec <= world->now_usec) {
                size_t before = n;

                assert_int_equal(engine_step(world->engine, world->now_usec, &next_usec), 0);
                n = count_unsent(world);
                assert_in_range(n - before, 0, LIMIT_STEP_TELLINGS);
        }
        assert_int_equal(n, N_TOLD * N_DOSES);
        assert_in_range(n, LIMIT_STEP_TELLINGS + 1, SIZE_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_crowd_that_is_told_of_a_crowd_is_told_in_steps_that_are_bounded),
                TEST(a_process_that_died_in_the_middle_sends_the_same_bytes_again),
                TEST(what_surely_did_not_arrive_is_written_anew),
                TEST(a_letter_to_an_address_that_was_wrong_is_written_anew_to_the_right_one),
                TEST(a_day_without_a_server_is_one_digest),
                TEST(a_refusal_is_seen_until_it_is_tried_again_by_hand),
                TEST(a_refusal_that_something_followed_is_no_trouble_after_a_restart),
                TEST(what_was_refused_is_not_resolved),
                TEST(a_full_disk_does_not_hold_a_message_back),
                TEST(who_is_no_caregiver_any_more_is_told_nothing),
                TEST(what_was_sent_can_be_looked_up),
                TEST(what_is_not_done_is_listed_with_what_waits_to_become_a_message),
                TEST(what_is_out_of_date_goes_with_the_next_message),
                TEST(a_hook_that_fails_for_a_day_is_told_of_the_next_thing),
                TEST(what_was_told_more_than_a_year_ago_is_forgotten),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
