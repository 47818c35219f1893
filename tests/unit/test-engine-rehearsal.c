/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rehearsal: it shares no message with what is real, does not delay it, and costs it no attempt. */
#include "told-world.h"

static void rehearse(struct world *world) {
        unsigned n = 0;

        assert_int_equal(engine_rehearse(world->engine, "ana", world->now_usec, &n), 0);
        assert_true(n > 0);
}

/* What is open of the missed dose. */
struct found {
        int64_t id;
        usec_t next_usec;
};

static int find_missed(void *userdata, const struct message *message, const struct telling *tellings, size_t n) {
        if (n > 0 && tellings[0].event == EVENT_MISSED)
                *(struct found *) userdata = (struct found){ message->id, message->next_usec };
        return 0;
}

static struct found open_missed(struct world *world) {
        struct found found = { .id = -1 };

        assert_int_equal(engine_visit_open_messages(world->engine, find_missed, &found), 0);
        return found;
}

static int find_any(void *userdata, const struct message *message, const struct telling *tellings, size_t n) {
        (void) tellings, (void) n;
        if (message->id > 0)
                *(int64_t *) userdata = message->id;
        return 0;
}

static void within_the_minute_after_a_miss_it_goes_alone(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(12, 0) + 20 * USEC_PER_SEC, DELIVERY_DONE);
        rehearse(world);
        world_live_until(world, AT(12, 30), DELIVERY_DONE);
        world_sent(world, "12:00 caregiver maria: rehearsal\n12:01 caregiver maria: missed Lisinopril\n");
}

static void it_waits_for_the_real_message_that_is_tried_again(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(12, 10), DELIVERY_LATER);
        world_forget(world);
        rehearse(world);
        world_live_until(world, AT(12, 20), DELIVERY_LATER);
        world_sent(world, "");
        rehearse(world);
        world_live_until(world, AT(12, 30), DELIVERY_DONE);
        world_sent(world, "12:22 caregiver maria: missed Lisinopril\n12:22 caregiver maria: rehearsal, rehearsal\n");
}

static void a_retry_sends_both_the_real_one_first(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(12, 10), DELIVERY_LATER);
        rehearse(world);
        world_forget(world);
        assert_int_equal(engine_retry_message(world->engine, open_missed(world).id, world->now_usec), 0);
        world_live_until(world, AT(12, 11), DELIVERY_DONE);
        world_sent(world, "12:10 caregiver maria: missed Lisinopril\n12:10 caregiver maria: rehearsal\n");
}

/* However it failed: what is real is tried as if there had been no rehearsal. */
static void one_that_fails_delays_nothing_real(void **state) {
        static const enum delivery deliveries[] = { DELIVERY_LATER, DELIVERY_UNKNOWN, DELIVERY_NEVER };
        struct world *world = *state;
        const struct engine_recipient told[] = { maria(), hook(EVENT_BIT(EVENT_MISSED)) };

        begin(world, told, 2);
        for (size_t i = 0; i < ELEMENTS(deliveries); i++) {
                usec_t day_usec = (usec_t) i * USEC_PER_DAY;

                world_live_until(world, AT(9, 30) + day_usec, DELIVERY_DONE);
                world_forget(world);
                rehearse(world);
                world_live_until(world, AT(11, 59) + day_usec, deliveries[i]);
                rehearse(world);
                (void) world_deliver(world, deliveries[i]);
                assert_true(count_sent(world, "rehearsal") >= 4);
                world_forget(world);
                world_live_until(world, AT(12, 5) + day_usec, DELIVERY_LATER);
                assert_int_equal(count_sent(world, "12:00 hook bell later: missed Lisinopril\n"), 1);
                assert_int_equal(count_sent(world, "12:01 hook bell later: missed Lisinopril\n"), 1);
                assert_int_equal(count_sent(world, "12:01 caregiver maria later: "), 1);
                assert_int_equal(count_sent(world, "12:02 caregiver maria later: "), 1);
                assert_int_equal(count_sent(world, ", "), 0);
        }
}

static void the_list_says_that_what_is_real_does_not_wait_for_it(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        told[0].after_usec = 30 * USEC_PER_MINUTE;
        begin(world, told, 1);
        world_live_until(world, AT(11, 0), DELIVERY_DONE);
        rehearse(world);
        world_live_until(world, AT(12, 22), DELIVERY_LATER);
        assert_int_equal(open_missed(world).id, 0);
        assert_int_equal(open_missed(world).next_usec, AT(12, 30));
}

static void quiet_hours_hold_what_is_real_and_not_the_rehearsal(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        told[0].quiet = (struct quiet_hours){ 10 * 3600, 18 * 3600 };
        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        rehearse(world);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "13:00 caregiver maria: rehearsal\n18:01 caregiver maria: missed Lisinopril\n");
}

static void a_rehearsal_that_is_retried_hurries_nothing_real_out_of_quiet_hours(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        int64_t id = 0;

        told[0].quiet = (struct quiet_hours){ 10 * 3600, 18 * 3600 };
        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        rehearse(world);
        world_live_until(world, AT(13, 0), DELIVERY_LATER);
        world_forget(world);
        assert_int_equal(engine_visit_open_messages(world->engine, find_any, &id), 0);
        assert_int_equal(engine_retry_message(world->engine, id, world->now_usec), 0);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "13:00 caregiver maria: rehearsal\n18:01 caregiver maria: missed Lisinopril\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(within_the_minute_after_a_miss_it_goes_alone),
                TEST(it_waits_for_the_real_message_that_is_tried_again),
                TEST(a_retry_sends_both_the_real_one_first),
                TEST(one_that_fails_delays_nothing_real),
                TEST(the_list_says_that_what_is_real_does_not_wait_for_it),
                TEST(quiet_hours_hold_what_is_real_and_not_the_rehearsal),
                TEST(a_rehearsal_that_is_retried_hurries_nothing_real_out_of_quiet_hours),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
