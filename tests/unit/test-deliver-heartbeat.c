/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Heartbeats: at their pace, while all is well, one at a time. */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "dosed/heartbeat.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define DEADLINE (120 * USEC_PER_SEC)
#define NOW INT64_C(1893456000000000)
#define FAST (10 * USEC_PER_MSEC)

/* When a heartbeat was last to come, as it is newly set. */
static uint64_t planned_usec;

int sd_event_add_time(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t usec, uint64_t accuracy,
                      sd_event_time_handler_t handler, void *userdata) {
        __typeof__(&sd_event_add_time) library = (__typeof__(&sd_event_add_time)) dlsym(RTLD_NEXT, "sd_event_add_time");

        if (clock == CLOCK_BOOTTIME)
                planned_usec = usec;
        return library(event, ret, clock, usec, accuracy, handler, userdata);
}

/* Says in the FIFO that it runs and got its input, and ends so (once something comes from the other FIFO), or never. */
static int child(char **arguments) {
        int fd = open(arguments[0], O_WRONLY | O_CLOEXEC);
        char c;

        if (fd < 0 || getchar() != '?' || write(fd, "!", 1) != 1)
                return 99;
        if (!arguments[1])
                for (;;)
                        (void) pause();
        if (arguments[2] && read(open(arguments[2], O_RDONLY | O_CLOEXEC), &c, 1) != 1)
                return 98;
        return atoi(arguments[1]);
}

struct world {
        char *place, *fifo_path, *gate_path;
        int fifo, gate;
        sd_event *event;
        struct heartbeat *heartbeat;
        bool is_healthy;
        unsigned n_asked, n_ended, n_failures;
        enum delivery delivery;
        char *answer;
        char token[33]; /* of the last one */
        int compose_result;
};

static bool is_healthy(void *userdata) {
        struct world *world = userdata;

        world->n_asked++;
        return world->is_healthy;
}

static int ended(void *userdata, const char *name, enum delivery delivery, const char *answer, unsigned n_failures) {
        struct world *world = userdata;

        assert_string_equal(name, "hook heart");
        world->n_ended++;
        world->delivery = delivery;
        world->n_failures = n_failures;
        return text_set(&world->answer, answer);
}

static usec_t now(void *userdata) {
        (void) userdata;
        return NOW;
}

static const struct heartbeat_host host = { .now = now, .is_healthy = is_healthy, .ended = ended };

static int compose(void *userdata, const struct message_view *view, char **ret_body, size_t *ret_size) {
        struct world *world = userdata;

        if (world->compose_result != 0)
                return world->compose_result;
        assert_int_equal(view->n_items, 1);
        assert_int_equal(view->items[0].telling->event, EVENT_HEARTBEAT);
        assert_int_equal(view->items[0].telling->happened_usec, NOW);
        assert_int_equal(view->items[0].clock->all_day_sec, 1234);
        assert_int_equal(strlen(view->message->token), 32);
        assert_string_not_equal(view->message->token, world->token);
        (void) strcpy(world->token, view->message->token);
        *ret_body = strdup("?");
        *ret_size = 1;
        return 0;
}

static const struct deliver_form form = { .compose = compose };

static int new_world(void **state) {
        struct world *world = calloc(1, sizeof(*world));
        char place[] = "/tmp/dosed-heart-XXXXXX";

        assert_non_null(world);
        assert_non_null(mkdtemp(place));
        world->place = strdup(place);
        assert_int_equal(text_format(&world->fifo_path, "%s/fifo", place), 0);
        assert_int_equal(mkfifo(world->fifo_path, 0600), 0);
        world->fifo = open(world->fifo_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        assert_true(world->fifo >= 0);
        assert_int_equal(text_format(&world->gate_path, "%s/gate", place), 0);
        assert_int_equal(mkfifo(world->gate_path, 0600), 0);
        world->gate = open(world->gate_path, O_RDWR | O_CLOEXEC);
        assert_true(world->gate >= 0);
        assert_true(sd_event_new(&world->event) >= 0);
        assert_int_equal(heartbeat_new(world->event, &host, world, &world->heartbeat), 0);
        world->is_healthy = true;
        *state = world;
        return 0;
}

static int free_world(void **state) {
        struct world *world = *state;

        heartbeat_free(world->heartbeat);
        sd_event_unref(world->event);
        (void) close(world->fifo);
        (void) close(world->gate);
        (void) unlink(world->fifo_path);
        (void) unlink(world->gate_path);
        (void) rmdir(world->place);
        free(world->answer);
        free(world->fifo_path);
        free(world->gate_path);
        free(world->place);
        free(world);
        return 0;
}

#define CHILD(...) ((const char *const[]){ "/proc/self/exe", __VA_ARGS__, NULL })

static void set(struct world *world, const char *const *arguments, usec_t every_usec) {
        const struct heartbeat_hook hook = {
                .recipient = {
                        .name = "hook heart",
                        .arguments = arguments,
                        .timeout_usec = 600 * USEC_PER_SEC,
                        .form = &form,
                        .userdata = world,
                },
                .clock = { .all_day_sec = 1234 },
                .every_usec = every_usec,
        };

        assert_int_equal(heartbeat_set(world->heartbeat, &hook, 1), 0);
}

static void await(struct world *world, const unsigned *counter, unsigned n) {
        uint64_t start_usec, now_usec;

        assert_true(sd_event_now(world->event, CLOCK_MONOTONIC, &start_usec) >= 0);
        while (*counter < n) {
                assert_true(sd_event_run(world->event, DEADLINE) >= 0);
                assert_true(sd_event_now(world->event, CLOCK_MONOTONIC, &now_usec) >= 0);
                assert_true(now_usec - start_usec < DEADLINE);
        }
}

static unsigned count_started(struct world *world) {
        unsigned n = 0;
        char c;

        while (read(world->fifo, &c, 1) == 1)
                n++;
        return n;
}

static void it_beats_again_and_again(void **state) {
        struct world *world = *state;

        set(world, CHILD(world->fifo_path, "0"), FAST);
        await(world, &world->n_ended, 3);
        assert_int_equal(count_started(world), 3);
        assert_int_equal(world->delivery, DELIVERY_DONE);
        assert_null(world->answer);
}

static void the_end_of_each_is_told(void **state) {
        struct world *world = *state;

        set(world, CHILD(world->fifo_path, "7"), FAST);
        await(world, &world->n_ended, 1);
        assert_int_equal(world->delivery, DELIVERY_NEVER);
        assert_string_equal(world->answer, "exe ended with exit code 7 and said nothing");

        set(world, (const char *const[]){ "/nonexistent/heart", NULL }, FAST);
        await(world, &world->n_ended, 2);
        assert_non_null(strstr(world->answer, "heart cannot be started"));
        assert_int_equal(world->n_failures, 2);
        await(world, &world->n_ended, 3);
        assert_int_equal(world->n_failures, 3);
        set(world, CHILD(world->fifo_path, "0"), FAST);
        await(world, &world->n_ended, 4);
        assert_int_equal(world->n_failures, 0);
}

static void one_that_cannot_be_composed_is_told_and_the_next_one_comes(void **state) {
        struct world *world = *state;

        world->compose_result = -ENOMEM;
        set(world, CHILD(world->fifo_path, "0"), FAST);
        await(world, &world->n_ended, 1);
        assert_int_equal(world->delivery, DELIVERY_LATER);
        assert_non_null(world->answer);
        assert_int_equal(count_started(world), 0);
        world->compose_result = 0;
        await(world, &world->n_ended, 2);
        assert_int_equal(world->delivery, DELIVERY_DONE);
}

static void while_all_is_not_well_it_rests(void **state) {
        struct world *world = *state;

        world->is_healthy = false;
        set(world, CHILD(world->fifo_path, "0"), FAST);
        await(world, &world->n_asked, 3);
        assert_int_equal(count_started(world), 0);
        assert_int_equal(world->n_ended, 0);
}

static void one_that_was_left_out_comes_when_all_is_well(void **state) {
        struct world *world = *state;

        world->is_healthy = false;
        set(world, CHILD(world->fifo_path, "0"), FAST);
        await(world, &world->n_asked, 1);
        world->is_healthy = true;
        assert_int_equal(heartbeat_look(world->heartbeat), 0);
        assert_int_equal(heartbeat_look(world->heartbeat), 0);
        await(world, &world->n_ended, 1);
        assert_int_equal(count_started(world), 1);
}

static void one_that_still_runs_is_not_started_again(void **state) {
        struct pollfd readable = { .fd = -1, .events = POLLIN };
        struct world *world = *state;
        unsigned n_turns = 0;

        set(world, CHILD(world->fifo_path, "0", world->gate_path), FAST);
        await(world, &world->n_asked, 1);
        readable.fd = world->fifo;
        assert_int_equal(poll(&readable, 1, (int) (DEADLINE / USEC_PER_MSEC)), 1);
        assert_int_equal(count_started(world), 1);

        /* Only its timer makes the loop turn. */
        while (n_turns < 3)
                n_turns += sd_event_run(world->event, DEADLINE) > 0;
        assert_int_equal(world->n_asked, 1);
        assert_int_equal(count_started(world), 0);

        /* Nor is it made up for. */
        assert_int_equal(write(world->gate, "!", 1), 1);
        await(world, &world->n_ended, 1);
        assert_int_equal(world->delivery, DELIVERY_DONE);
        assert_int_equal(world->n_asked, 1);
}

static void a_new_configuration_keeps_the_pace(void **state) {
        struct world *world = *state;
        usec_t before_usec = clock_boottime_usec();
        uint64_t first_usec;

        set(world, CHILD(world->fifo_path, "0"), USEC_PER_HOUR);
        first_usec = planned_usec;
        assert_in_range(first_usec, before_usec + LIMIT_HEARTBEAT_FIRST_SEC * USEC_PER_SEC,
                        clock_boottime_usec() + LIMIT_HEARTBEAT_FIRST_SEC * USEC_PER_SEC);
        planned_usec = 0;
        set(world, CHILD(world->fifo_path, "1"), USEC_PER_HOUR);
        assert_int_equal(planned_usec, first_usec);

        set(world, CHILD(world->fifo_path, "1"), 10 * USEC_PER_SEC);
        assert_true(planned_usec < first_usec);
}

static void one_that_a_new_configuration_ends_is_made_up_for(void **state) {
        struct pollfd readable = { .fd = -1, .events = POLLIN };
        struct world *world = *state;

        set(world, CHILD(world->fifo_path), FAST);
        await(world, &world->n_asked, 1);
        readable.fd = world->fifo;
        assert_int_equal(poll(&readable, 1, (int) (DEADLINE / USEC_PER_MSEC)), 1);
        assert_int_equal(count_started(world), 1);
        set(world, CHILD(world->fifo_path, "0"), FAST);
        assert_int_equal(world->n_asked, 2);
        await(world, &world->n_ended, 1);
        assert_int_equal(world->delivery, DELIVERY_DONE);
        assert_int_equal(count_started(world), 1);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, new_world, free_world)
                TEST(it_beats_again_and_again),
                TEST(the_end_of_each_is_told),
                TEST(one_that_cannot_be_composed_is_told_and_the_next_one_comes),
                TEST(while_all_is_not_well_it_rests),
                TEST(one_that_was_left_out_comes_when_all_is_well),
                TEST(one_that_still_runs_is_not_started_again),
                TEST(a_new_configuration_keeps_the_pace),
                TEST(one_that_a_new_configuration_ends_is_made_up_for),
        };
        sigset_t signals;

        if (argc > 1)
                return child(argv + 1);

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
