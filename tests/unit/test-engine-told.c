/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Odd hours of telling: clocks, removals, private doses, letters that are never answered. Nobody is left out or misled. */
#include "outbox-world.h"

#define ID "ana/lis/20261123T080000"
#define MAIL(trigger, address)                                                            \
        "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:" trigger "\r\nATTENDEE:mailto:" address \
        "\r\nSUMMARY:dose\r\nDESCRIPTION:dose\r\nEND:VALARM\r\n"

static bool is_degraded(const struct world *world, const char *key) {
        for (size_t i = 0; i < engine_count_degraded(world->engine); i++)
                if (strcmp(engine_degraded_key(world->engine, i), key) == 0)
                        return true;
        return false;
}
static void begin_with(struct world *world, const struct engine_recipient *recipients, size_t n, const char *lines) {
        world_tell(world, recipients, n);
        world_put_event(world, "lis.ics", "lis", "Lisinopril", lines);
        world_reload(world);
        world_live_until(world, AT(0, 30), DELIVERY_DONE);
        world_forget(world);
}
static void begin(struct world *world, const struct engine_recipient *recipients, size_t n) {
        begin_with(world, recipients, n, DAILY("080000"));
}
static void skip_dose(struct world *world, const char *id) {
        struct record_answer answer = {};
        char *reason = NULL;
        struct record_options o = { .recorded_by = "ana", .note = "ill" };
        assert_int_equal(engine_skip(world->engine, id, &o, world->now_usec, &answer, &reason), 0);
        record_answer_done(&answer);
}
static size_t count_sent(struct world *world, const char *what) {
        size_t n = 0;
        fflush(world->transcript);
        for (const char *p = world->told; (p = strstr(p, what)); p++)
                n++;
        return n;
}

static int64_t last_id;

static int note_id(void *userdata, const struct message *message, const struct telling *tellings, size_t n) {
        (void) userdata, (void) tellings, (void) n;
        if (!last_id)
                last_id = message->id;
        return 0;
}

static struct message_summary last_summary;
static unsigned n_missed_all, n_summaries;
static void live_summaries(struct world *world, usec_t until, enum delivery delivery) {
        for (;;) {
                usec_t next;
                struct message_view view;
                bool any = false;
                assert_int_equal(engine_step(world->engine, world->now_usec, &next), 0);
                while (engine_next_message(world->engine, world->now_usec, &view) == 0) {
                        int64_t id = view.message->id;
                        any = true;
                        for (size_t i = 0; i < view.n_summaries; i++) {
                                last_summary = view.summaries[i];
                                n_missed_all += last_summary.n_missed;
                                n_summaries++;
                        }
                        world_say_message(world, &view, "");
                        assert_int_equal(engine_begin_delivery(world->engine, id, "b", 1, world->now_usec), 0);
                        assert_int_equal(engine_end_delivery(world->engine, id, delivery, "x", world->now_usec), 0);
                }
                if (any)
                        continue;
                if (next > until)
                        break;
                if (next > world->now_usec)
                        world->now_usec = next;
        }
        world->now_usec = until;
}
static void a_critical_skip_that_is_undone_too_late_ends_in_no_loop(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_SKIPPED);
        begin_with(world, told, 1, DAILY("080000") "PRIORITY:1\r\n");
        world_live_until(world, AT(8, 5), DELIVERY_DONE);
        skip_dose(world, ID);
        world_live_until(world, AT(9, 0), DELIVERY_DONE);
        world_sent(world, "08:05 caregiver maria: skipped Lisinopril\n");
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_undo(world, ID);
        world_live_until(world, AT(20, 30), DELIVERY_DONE);
}

static void an_alarm_weeks_ahead_mails_at_its_time(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = 0;
        begin_with(world, told, 1,
                   "DTSTART:20261220T080000\r\nRRULE:FREQ=YEARLY\r\n" MAIL("-P20D", "maria@example.org")
                           MAIL("-PT1H", "maria@example.org"));
        world_live_until(world, AT(24 * 25, 0), DELIVERY_DONE);
        world_sent(world, "08:00 caregiver maria: alarm Lisinopril\n");
}

static void what_is_open_at_the_hour_of_a_summary_is_counted_with_the_next(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_SUMMARY);
        told[0].summary = SUMMARY_DAILY;
        told[0].summary_sec = 19 * 3600;
        begin_with(world, told, 1, DAILY("180000"));
        n_missed_all = n_summaries = 0;
        live_summaries(world, AT(24 * 7, 0), DELIVERY_DONE);
        assert_true(n_missed_all > 0);
}

static void what_is_critical_is_told_though_its_message_was_out_of_date(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T064500\r\n");
        world_put_event(world, "d.ics", "d", "Digoxin", "DTSTART:20261130T055000\r\nPRIORITY:1\r\n");
        world_reload(world);
        world_live_until(world, AT(24 * 7 + 11, 0), DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(24 * 9 + 20, 0), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "missed Digoxin"), 1);
}

static void how_it_came_out_is_told_however_late(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T080000\r\n");
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n");
        world_take(world, ID);
        world_live_until(world, AT(24 * 7 + 15, 0), DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(24 * 14, 0), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "resolved"), 1);
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

static void a_hook_that_was_down_for_weeks_is_told_of_a_day(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_MISSED) | EVENT_BIT(EVENT_UNATTENDED)) };
        begin_with(world, told, 1, "DTSTART:20261101T000000\r\nRRULE:FREQ=HOURLY;INTERVAL=2\r\n");
        world_live_until(world, AT(24 * 20, 0), DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(24 * 20 + 1, 30), DELIVERY_DONE);
        assert_true(count_sent(world, "hook bell: missed") <= 24);
}

static void what_may_have_arrived_is_resolved_also_after_a_retry_by_hand(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T080000\r\n");
        world_live_until(world, AT(24 * 8, 0), DELIVERY_UNKNOWN);
        last_id = 0;
        assert_int_equal(engine_visit_messages(world->engine, AT(0, 0), AT(24 * 9, 0), note_id, world), 0);
        world_forget(world);
        assert_int_equal(engine_retry_message(world->engine, last_id, world->now_usec), 0);
        world_live_until(world, AT(24 * 8, 10), DELIVERY_LATER);
        world_take(world, ID);
        world_live_until(world, AT(24 * 9, 0), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "resolved"), 1);
}

static void a_caregiver_who_is_put_back_hears_how_it_came_out(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_tell(world, told, 0);
        world_take(world, ID);
        world_live_until(world, AT(14, 0), DELIVERY_DONE);
        world_tell(world, told, 1);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "resolved"), 1);
}

/* Seed 361330: removed before that could be taken back. */
static void a_caregiver_who_is_put_back_hears_that_a_clock_that_was_ahead_was_wrong(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T080000\r\n");
        world_jump(world, AT(24 * 12, 0));
        world_live_until(world, AT(24 * 12, 5), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "maria: unattended"), 1);
        world_jump(world, AT(1, 0));
        world_tell(world, told, 0);
        world_pass_until(world, AT(8, 30));
        world_take(world, ID);
        world_tell(world, told, 1);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "resolved"), 1);
}

static void who_is_removed_while_a_message_is_under_way_is_told_nothing_later(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        struct message_view view;
        begin_with(world, told, 1, DAILY("080000"));
        world_put_event(world, "b.ics", "b", "Bisoprolol", DAILY("081000"));
        world_reload(world);
        world_live_until(world, AT(11, 30), DELIVERY_DONE);
        world_pass_until(world, AT(12, 1));
        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), 0);
        int64_t id = view.message->id;
        assert_int_equal(engine_begin_delivery(world->engine, id, "b", 1, world->now_usec), 0);
        world_pass_until(world, AT(12, 10));
        world_tell(world, told, 0);
        assert_int_equal(engine_end_delivery(world->engine, id, DELIVERY_DONE, NULL, world->now_usec), 0);
        world_live_until(world, AT(24 * 5, 0), DELIVERY_DONE);
        world_forget(world);
        world_tell(world, told, 1);
        world_live_until(world, AT(24 * 5 + 1, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void quiet_hours_hold_also_what_is_tried_again(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].quiet = (struct quiet_hours){ 22 * 3600, 7 * 3600 };
        begin_with(world, told, 1, DAILY("175500"));
        world_live_until(world, AT(22, 0), DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(24 + 6, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void a_letter_that_is_never_answered_holds_up_no_critical_dose(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        struct message_view view;
        unsigned attempts = 0;
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T080000\r\n");
        world_put_event(world, "d.ics", "d", "Digoxin", "DTSTART:20261123T180000\r\nPRIORITY:1\r\n");
        world_reload(world);
        usec_t told_at = 0;
        /* The first letter is one that the server never answers; any other arrives. */
        for (usec_t next; world->now_usec < AT(24 * 9, 0) && !told_at;) {
                bool any = false;
                assert_int_equal(engine_step(world->engine, world->now_usec, &next), 0);
                while (engine_next_message(world->engine, world->now_usec, &view) == 0) {
                        int64_t id = view.message->id;
                        bool poison = false;
                        any = true;
                        for (size_t i = 0; i < view.n_items; i++) {
                                poison = poison || strcmp(view.items[i].dose->title, "Lisinopril") == 0;
                                if (strcmp(view.items[i].dose->title, "Digoxin") == 0)
                                        told_at = world->now_usec;
                        }
                        attempts += poison;
                        assert_int_equal(engine_begin_delivery(world->engine, id, "b", 1, world->now_usec), 0);
                        assert_int_equal(engine_end_delivery(world->engine, id,
                                                             poison ? DELIVERY_UNKNOWN : DELIVERY_DONE, "x",
                                                             world->now_usec),
                                         0);
                }
                if (!any && next > world->now_usec)
                        world->now_usec = next;
        }
        assert_true(told_at < AT(24, 0));
}

static void who_never_heard_of_the_trouble_does_not_hear_that_it_is_over(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        begin(world, told, 1);
        world_live_until(world, AT(1, 0), DELIVERY_DONE);
        world_forget(world);
        assert_int_equal(engine_set_degraded(world->engine, "ledger", "x"), 0);
        world_pass_until(world, AT(1, 0) + 10 * USEC_PER_SEC);
        assert_int_equal(engine_set_degraded(world->engine, "ledger", NULL), 0);
        world_live_until(world, AT(7, 30), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "caregiver maria: degraded"), 0);
}

static void a_summary_counts_what_a_full_disk_kept_from_being_written(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_SUMMARY);
        told[0].summary = SUMMARY_DAILY;
        told[0].summary_sec = 19 * 3600;
        begin_with(world, told, 1, DAILY("080000"));
        world_break_store(world, true);
        n_missed_all = n_summaries = 0;
        live_summaries(world, AT(20, 0), DELIVERY_DONE);
        assert_int_equal(n_summaries, 1);
        assert_int_equal(n_missed_all, 1);
}

static void what_is_made_private_is_told_to_nobody_from_then_on(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria(), hook(EVENT_BIT(EVENT_MISSED) | EVENT_BIT(EVENT_TAKEN)) };
        begin(world, told, 2);
        world_live_until(world, AT(9, 0), DELIVERY_DONE);
        world_edit(world, DAILY("080000") "CLASS:PRIVATE\r\n");
        world_forget(world);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void who_asks_for_it_no_more_is_not_told(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].after_usec = 2 * USEC_PER_HOUR;
        begin(world, told, 1);
        world_live_until(world, AT(12, 30), DELIVERY_DONE);
        told[0].tells = EVENT_BIT(EVENT_PLAN);
        world_tell(world, told, 1);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void what_is_missed_again_after_it_was_undone_is_told_though_the_first_letter_was_refused(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_NEVER);
        world_sent(world, "12:01 caregiver maria never: missed Lisinopril\n");
        world_take(world, ID);
        world_live_until(world, AT(14, 0), DELIVERY_DONE);
        world_restart(world);
        world_undo(world, ID);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "14:01 caregiver maria: missed Lisinopril\n");
}

static void once_is_asked_whether_it_was_stopped_however_long_nobody_confirms_it(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(0, 0) + 130 * USEC_PER_DAY, DELIVERY_DONE);
        assert_int_equal(count_sent(world, "stopped Lisinopril"), 1);
        world_forget(world);
        world_live_until(world, AT(9, 0) + 130 * USEC_PER_DAY, DELIVERY_DONE);
        world_take(world, "ana/lis/20270402T080000");
        world_live_until(world, AT(0, 0) + 260 * USEC_PER_DAY, DELIVERY_DONE);
        assert_int_equal(count_sent(world, "stopped Lisinopril"), 1);
}

static void a_summary_of_nobody_keeps_nothing_busy(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        usec_t next;
        told[0].summary = SUMMARY_DAILY;
        told[0].summary_sec = 19 * 3600;
        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world->now_usec = AT(19, 30);
        for (int i = 0; i < 1000; i++)
                assert_int_equal(engine_step(world->engine, world->now_usec, &next), 0);
        assert_true(next > world->now_usec);
}

static void what_somebody_still_believes_is_not_told_twice(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T080000\r\n");
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_take(world, ID);
        world_live_until(world, AT(14, 0), DELIVERY_NEVER);
        world_forget(world);
        world_undo(world, ID);
        world_live_until(world, AT(16, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void an_alarm_that_passed_is_not_mailed_after_an_undo(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = 0;
        begin_with(world, told, 1, DAILY("080000") MAIL("PT30M", "maria@example.org"));
        world_live_until(world, AT(8, 10), DELIVERY_DONE);
        world_take(world, ID);
        world_live_until(world, AT(10, 0), DELIVERY_DONE);
        world_undo(world, ID);
        world_live_until(world, AT(11, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void a_clock_that_was_a_year_ahead_gives_up_no_message(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T080000\r\n");
        world_live_until(world, AT(12, 5), DELIVERY_LATER);
        world_jump(world, AT(24 * 365, 0)); /* for half a minute */
        world_jump(world, AT(12, 6));
        world_forget(world);
        world_live_until(world, AT(24 * 20, 0), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "missed Lisinopril"), 1);
}

static void a_ledger_that_cannot_be_read_for_a_moment_mixes_nothing_up(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        pid_t holder;
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, DAILY("080000"));
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n");
        world_stop(world);
        /* One read fails as the process starts. */
        assert_int_equal(store_open(world->state, &world->store, &holder), 0);
        assert_int_equal(engine_new(world->store, world->zones, &world_observer, world, &world->engine), 0);
        assert_int_equal(sqlite3_exec(world->store->database, "ALTER TABLE message RENAME TO m", 0, 0, 0), 0);
        assert_int_equal(engine_set_recipients(world->engine, told, 1, world->now_usec), 0);
        assert_int_equal(sqlite3_exec(world->store->database, "ALTER TABLE m RENAME TO message", 0, 0, 0), 0);
        world_set_people(world);
        world_reload(world);
        world_live_until(world, AT(24 + 12, 0) + USEC_PER_SEC, DELIVERY_DONE); /* the second is missed, not told yet */
        world_restart(world);
        world_forget(world);
        world_live_until(world, AT(24 + 20, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n");
        struct telling_list list = {};
        assert_int_equal(store_list_tellings_of_dose(world->store, "ana", "lis", "20261124T080000", NULL, &list), 0);
        assert_int_equal(list.n_tellings, 1);
        telling_list_done(&list);
}

static void a_person_who_is_left_out_for_a_minute_delays_nothing(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, DAILY("080000") "PRIORITY:1\r\n");
        world_pass_until(world, AT(12, 0) - USEC_PER_SEC);
        world->now_usec = AT(12, 0);
        /* missed and left out at the same moment */
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world_deliver(world, DELIVERY_DONE);
        world->now_usec += USEC_PER_MINUTE;
        world_set_people(world);
        world_reload(world);
        world_forget(world);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "missed Lisinopril"), 1);
}

static void a_rehearsal_is_no_heartbeat(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_HEARTBEAT)) };
        unsigned n = 0;
        begin(world, told, 1);
        assert_int_equal(engine_set_degraded(world->engine, "clock", "x"), 0);
        assert_int_equal(engine_rehearse(world->engine, "ana", world->now_usec, &n), 0);
        world_live_until(world, AT(1, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void what_is_critical_does_not_wait_behind_what_failed(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T080000\r\n");
        world_put_event(world, "d.ics", "d", "Digoxin", "DTSTART:20261123T084000\r\nPRIORITY:1\r\n");
        world_reload(world);
        world_live_until(world, AT(12, 30), DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(15, 0), DELIVERY_DONE);
}

static void a_call_to_take_a_dose_is_not_repeated_after_it_was_taken(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_DUE) | EVENT_BIT(EVENT_TAKEN)) };

        begin(world, told, 1);
        world_live_until(world, AT(8, 0), DELIVERY_UNKNOWN);
        world_sent(world, "08:00 hook bell unknown: due Lisinopril\n");
        world_take(world, ID);
        world_live_until(world, AT(9, 0), DELIVERY_DONE);
        world_sent(world, "08:01 hook bell: taken Lisinopril\n");
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

static void trouble_of_one_person_is_not_told_to_the_hook_of_another(void **state) {
        struct world *world = *state;
        static const char *const ana[] = { "ana" };
        struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_DEGRADED)) };

        told[0].people = ana;
        told[0].n_people = 1;
        begin(world, told, 1);
        assert_int_equal(engine_set_degraded(world->engine, "rui/plan", "rui's file is broken"), 0);
        world_live_until(world, AT(1, 0), DELIVERY_DONE);
        world_sent(world, "");
        assert_int_equal(engine_set_degraded(world->engine, "ana/plan", "ana's file is broken"), 0);
        world_live_until(world, AT(1, 10), DELIVERY_DONE);
        world_sent(world, "01:00 hook bell: degraded 'ana's file is broken'\n");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)
        const struct CMUnitTest tests[] = {
                TEST(a_critical_skip_that_is_undone_too_late_ends_in_no_loop),
                TEST(an_alarm_weeks_ahead_mails_at_its_time),
                TEST(what_is_open_at_the_hour_of_a_summary_is_counted_with_the_next),
                TEST(what_is_critical_is_told_though_its_message_was_out_of_date),
                TEST(how_it_came_out_is_told_however_late),
                TEST(a_refusal_that_something_followed_is_no_trouble_after_a_restart),
                TEST(a_hook_that_was_down_for_weeks_is_told_of_a_day),
                TEST(what_may_have_arrived_is_resolved_also_after_a_retry_by_hand),
                TEST(a_caregiver_who_is_put_back_hears_how_it_came_out),
                TEST(a_caregiver_who_is_put_back_hears_that_a_clock_that_was_ahead_was_wrong),
                TEST(who_is_removed_while_a_message_is_under_way_is_told_nothing_later),
                TEST(quiet_hours_hold_also_what_is_tried_again),
                TEST(a_letter_that_is_never_answered_holds_up_no_critical_dose),
                TEST(who_never_heard_of_the_trouble_does_not_hear_that_it_is_over),
                TEST(a_summary_counts_what_a_full_disk_kept_from_being_written),
                TEST(what_is_made_private_is_told_to_nobody_from_then_on),
                TEST(who_asks_for_it_no_more_is_not_told),
                TEST(what_is_missed_again_after_it_was_undone_is_told_though_the_first_letter_was_refused),
                TEST(once_is_asked_whether_it_was_stopped_however_long_nobody_confirms_it),
                TEST(a_summary_of_nobody_keeps_nothing_busy),
                TEST(what_somebody_still_believes_is_not_told_twice),
                TEST(an_alarm_that_passed_is_not_mailed_after_an_undo),
                TEST(a_clock_that_was_a_year_ahead_gives_up_no_message),
                TEST(a_ledger_that_cannot_be_read_for_a_moment_mixes_nothing_up),
                TEST(a_person_who_is_left_out_for_a_minute_delays_nothing),
                TEST(a_rehearsal_is_no_heartbeat),
                TEST(what_is_critical_does_not_wait_behind_what_failed),
                TEST(a_call_to_take_a_dose_is_not_repeated_after_it_was_taken),
                TEST(a_letter_to_an_address_that_was_wrong_is_written_anew_to_the_right_one),
                TEST(trouble_of_one_person_is_not_told_to_the_hook_of_another),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
