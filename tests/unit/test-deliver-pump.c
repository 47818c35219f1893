/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages go from the engine to programs, and what came of them goes back. The engine is one of this file's own. */
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "dosed/deliver.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define DEADLINE (120 * USEC_PER_SEC)
#define NOW INT64_C(1893456000000000)
#define MAX_MESSAGES 50

/* The engine: messages in a row. */

enum fate { FATE_WAITS, FATE_UNDER_WAY, FATE_ENDED };

struct fake_message {
        struct message message;
        enum fate fate;
        enum delivery delivery;
        char *answer;
        unsigned n_attempts;
};

struct engine {
        struct fake_message messages[MAX_MESSAGES];
        size_t n_messages;
        size_t n_under_way, most_under_way;
        unsigned n_asked;
        int next_error;
};

int engine_next_message(struct engine *engine, usec_t now_usec, struct message_view *ret) {
        assert_int_equal(now_usec, NOW);
        engine->n_asked++;
        if (engine->next_error < 0)
                return engine->next_error;
        for (size_t i = 0; i < engine->n_messages; i++)
                if (engine->messages[i].fate == FATE_WAITS) {
                        *ret = (struct message_view){ .message = &engine->messages[i].message };
                        return 0;
                }
        return ENGINE_NO_MESSAGE;
}

int engine_begin_delivery(struct engine *engine, int64_t number, const char *body, size_t body_size, usec_t now_usec) {
        struct fake_message *fake = &engine->messages[number];
        char *copy = malloc(body_size + 1);

        assert_int_equal(now_usec, NOW);
        assert_int_equal(fake->fate, FATE_WAITS);
        assert_non_null(copy);
        if (body_size > 0)
                (void) memcpy(copy, body, body_size);
        free(fake->message.body);
        fake->message.body = copy;
        fake->message.body_size = body_size;
        fake->fate = FATE_UNDER_WAY;
        fake->n_attempts++;
        if (++engine->n_under_way > engine->most_under_way)
                engine->most_under_way = engine->n_under_way;
        return 0;
}

int engine_end_delivery(struct engine *engine, int64_t number, enum delivery delivery, const char *answer,
                        usec_t now_usec) {
        struct fake_message *fake = &engine->messages[number];

        assert_int_equal(now_usec, NOW);
        assert_int_equal(fake->fate, FATE_UNDER_WAY);
        fake->fate = FATE_ENDED;
        fake->delivery = delivery;
        assert_int_equal(text_set(&fake->answer, answer), 0);
        engine->n_under_way--;
        return 0;
}

/* The program: keeps what it reads in a file, with what it was told, and ends as it was asked to. */
static int child(char **arguments) {
        const char *event = getenv("DOSED_EVENT"), *own = getenv("OWN");
        FILE *file = fopen(arguments[0], "a");
        int c;

        if (!file)
                return 99;
        (void) fprintf(file, "%s %s ", own ? own : "-", event ? event : "-");
        while ((c = getchar()) != EOF)
                (void) fputc(c, file);
        (void) fputc('\n', file);
        (void) fclose(file);
        if (arguments[2])
                (void) puts(arguments[2]);
        return atoi(arguments[1]);
}

/* Keeps the FIFO of that name open, and never ends by itself. */
static int child_hold(char **arguments) {
        int fd = open(arguments[0], O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, "!", 1) != 1)
                return 99;
        for (;;)
                (void) pause();
}

/* The world. */

struct world {
        char *place, *file, *fifo_path;
        int fifo;
        sd_event *event;
        struct engine engine;
        struct deliver *deliver;
        unsigned n_acted, n_composed;
        int compose_result, describe_result;
};

static usec_t now(void *userdata) {
        (void) userdata;
        return NOW;
}

static void acted(void *userdata) {
        struct world *world = userdata;

        world->n_acted++;
}

static const struct deliver_host host = { .now = now, .acted = acted };

static int compose(void *userdata, const struct message_view *view, char **ret_body, size_t *ret_size) {
        struct world *world = userdata;
        char *body;

        world->n_composed++;
        if (world->compose_result != 0)
                return world->compose_result;
        assert_int_equal(text_format(&body, "message %d", (int) view->message->id), 0);
        *ret_body = body;
        *ret_size = strlen(body);
        return 0;
}

static int describe(void *userdata, const struct message_view *view, char ***ret) {
        struct world *world = userdata;
        char **texts;

        assert_non_null(view->message);
        if (world->describe_result != 0)
                return world->describe_result;
        texts = calloc(2, sizeof(*texts));
        assert_non_null(texts);
        texts[0] = strdup("DOSED_EVENT=missed");
        *ret = texts;
        return 0;
}

static const struct deliver_form letter = { .compose = compose }, event = { .compose = compose, .describe = describe };

static int new_world(void **state) {
        struct world *world = calloc(1, sizeof(*world));
        char place[] = "/tmp/dosed-pump-XXXXXX";

        assert_non_null(world);
        assert_non_null(mkdtemp(place));
        world->place = strdup(place);
        assert_int_equal(text_format(&world->file, "%s/file", place), 0);
        assert_int_equal(text_format(&world->fifo_path, "%s/fifo", place), 0);
        assert_int_equal(mkfifo(world->fifo_path, 0600), 0);
        world->fifo = open(world->fifo_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        assert_true(world->fifo >= 0);
        assert_true(sd_event_new(&world->event) >= 0);
        assert_int_equal(deliver_new(world->event, &world->engine, &host, world, &world->deliver), 0);
        *state = world;
        return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        (void) st, (void) type, (void) ftw;
        return remove(path);
}

static int free_world(void **state) {
        struct world *world = *state;

        deliver_free(world->deliver);
        sd_event_unref(world->event);
        (void) close(world->fifo);
        (void) nftw(world->place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        for (size_t i = 0; i < world->engine.n_messages; i++) {
                free(world->engine.messages[i].message.recipient);
                free(world->engine.messages[i].message.body);
                free(world->engine.messages[i].answer);
        }
        free(world->file);
        free(world->fifo_path);
        free(world->place);
        free(world);
        return 0;
}

#define CHILD(...) ((const char *const[]){ "/proc/self/exe", __VA_ARGS__, NULL })

static void set(struct world *world, const char *const *arguments, const struct deliver_form *form) {
        static const char *const environment[] = { "OWN=own", NULL };
        const struct deliver_recipient recipient = {
                .name = "hook x",
                .arguments = arguments,
                .environment = environment,
                .timeout_usec = 600 * USEC_PER_SEC,
                .form = form,
                .userdata = world,
        };

        assert_int_equal(deliver_set(world->deliver, &recipient, 1), 0);
}

static void queue(struct world *world, const char *recipient) {
        struct fake_message *fake = &world->engine.messages[world->engine.n_messages];

        fake->message.id = (int64_t) world->engine.n_messages++;
        assert_int_equal(text_copy(recipient, &fake->message.recipient), 0);
        assert_int_equal(deliver_pump(world->deliver), 0);
}

static bool all_have_ended(const struct engine *engine) {
        for (size_t i = 0; i < engine->n_messages; i++)
                if (engine->messages[i].fate != FATE_ENDED)
                        return false;
        return true;
}

/* Until nothing is left to do, too. */
static void await_ends(struct world *world) {
        uint64_t start_usec, now_usec;

        assert_true(sd_event_now(world->event, CLOCK_MONOTONIC, &start_usec) >= 0);
        while (!all_have_ended(&world->engine)) {
                assert_true(sd_event_run(world->event, DEADLINE) >= 0);
                assert_true(sd_event_now(world->event, CLOCK_MONOTONIC, &now_usec) >= 0);
                assert_true(now_usec - start_usec < DEADLINE);
        }
        while (sd_event_run(world->event, 0) > 0)
                ;
}

static void assert_arrived(struct world *world, const char *expected) {
        static char text[64 * 1024];
        FILE *file = fopen(world->file, "r");
        size_t n = 0;

        if (file) {
                n = fread(text, 1, sizeof(text) - 1, file);
                (void) fclose(file);
        }
        text[n] = '\0';
        assert_string_equal(text, expected);
}

static void a_message_is_composed_and_arrives(void **state) {
        struct world *world = *state;
        const struct fake_message *fake = &world->engine.messages[0];

        set(world, CHILD("take", world->file, "0", "thank you"), &event);
        queue(world, "hook x");
        await_ends(world);
        assert_arrived(world, "own missed message 0\n");
        assert_int_equal(fake->delivery, DELIVERY_DONE);
        assert_string_equal(fake->answer, "thank you");
        assert_memory_equal(fake->message.body, "message 0", 9);
        assert_int_equal(fake->message.body_size, 9);
        assert_int_equal(world->n_acted, 2);
}

static void what_may_have_arrived_goes_out_again_as_it_was(void **state) {
        struct world *world = *state;

        world->engine.messages[0].message.body = strdup("as before");
        world->engine.messages[0].message.body_size = strlen("as before");
        set(world, CHILD("take", world->file, "0"), &letter);
        queue(world, "hook x");
        await_ends(world);
        assert_int_equal(world->n_composed, 0);
        assert_arrived(world, "own - as before\n");
}

static void what_may_have_arrived_goes_out_without_what_it_was_of(void **state) {
        struct world *world = *state;

        world->engine.messages[0].message.body = strdup("as before");
        world->engine.messages[0].message.body_size = strlen("as before");
        world->describe_result = DELIVER_UNCOMPOSABLE;
        set(world, CHILD("take", world->file, "0"), &event);
        queue(world, "hook x");
        await_ends(world);
        assert_arrived(world, "own - as before\n");
}

/* As a process leaves it behind that ended while it told that nothing could be composed. */
static void an_empty_body_is_none(void **state) {
        struct world *world = *state;

        world->engine.messages[0].message.body = strdup("");
        set(world, CHILD("take", world->file, "0"), &letter);
        queue(world, "hook x");
        await_ends(world);
        assert_arrived(world, "own - message 0\n");
}

static void the_engine_hears_how_it_ended(void **state) {
        static const struct {
                const char *code, *said;
                enum delivery delivery;
                const char *answer;
        } cases[] = {
                { "0", NULL, DELIVERY_DONE, NULL },
                { "75", "451 greylisted", DELIVERY_LATER, "451 greylisted (exit code 75)" },
                { "74", "lost in DATA", DELIVERY_UNKNOWN, "lost in DATA (exit code 74)" },
                { "69", "550 no such user", DELIVERY_NEVER, "550 no such user (exit code 69)" },
                { "1", NULL, DELIVERY_NEVER, "exe ended with exit code 1 and said nothing" },
        };
        struct world *world = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                set(world, CHILD("take", world->file, cases[i].code, cases[i].said), &letter);
                queue(world, "hook x");
                await_ends(world);
                assert_int_equal(world->engine.messages[i].delivery, cases[i].delivery);
                assert_true(text_equal(world->engine.messages[i].answer, cases[i].answer));
        }
}

static void a_missing_program_is_a_failure_for_good(void **state) {
        struct world *world = *state;

        set(world, (const char *const[]){ "/nonexistent/notify-me", NULL }, &letter);
        queue(world, "hook x");
        await_ends(world);
        assert_int_equal(world->engine.messages[0].delivery, DELIVERY_NEVER);
        assert_non_null(strstr(world->engine.messages[0].answer, "notify-me cannot be started"));
}

static void what_cannot_be_composed_is_not_sent(void **state) {
        static const struct {
                int compose, describe;
                enum delivery delivery;
        } cases[] = {
                { -ENOMEM, 0, DELIVERY_LATER },
                { 0, -ENOMEM, DELIVERY_LATER },
                { DELIVER_UNCOMPOSABLE, 0, DELIVERY_NEVER },
                { 0, DELIVER_UNCOMPOSABLE, DELIVERY_NEVER },
        };
        struct world *world = *state;

        set(world, CHILD("take", world->file, "0"), &event);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                world->compose_result = cases[i].compose;
                world->describe_result = cases[i].describe;
                queue(world, "hook x");
                await_ends(world);
                assert_int_equal(world->engine.messages[i].delivery, cases[i].delivery);
                assert_non_null(world->engine.messages[i].answer);
        }
        assert_arrived(world, "");
}

static void a_recipient_whom_nobody_knows_waits(void **state) {
        struct world *world = *state;

        set(world, CHILD("take", world->file, "0"), &letter);
        queue(world, "hook y");
        queue(world, "hook x");
        await_ends(world);
        assert_int_equal(world->engine.messages[0].delivery, DELIVERY_LATER);
        assert_int_equal(world->engine.messages[1].delivery, DELIVERY_DONE);
}

static void a_crowd_goes_out_a_few_at_a_time(void **state) {
        struct world *world = *state;

        set(world, CHILD("take", world->file, "0"), &letter);
        for (size_t i = 0; i < MAX_MESSAGES; i++)
                queue(world, "hook x");
        await_ends(world);
        for (size_t i = 0; i < MAX_MESSAGES; i++) {
                assert_int_equal(world->engine.messages[i].delivery, DELIVERY_DONE);
                assert_int_equal(world->engine.messages[i].n_attempts, 1);
        }
        assert_int_equal(world->engine.most_under_way, LIMIT_RUNNER_CHILDREN);
        /* Once for each, and once in vain after an end or a start at the most. */
        assert_in_range(world->engine.n_asked, MAX_MESSAGES, 3 * MAX_MESSAGES);
}

/* So many programs hold the FIFO. */
static void await_holders(struct world *world, size_t n) {
        struct pollfd readable = { .fd = world->fifo, .events = POLLIN };
        char c;

        while (n > 0) {
                assert_int_equal(poll(&readable, 1, (int) (DEADLINE / USEC_PER_MSEC)), 1);
                if (read(world->fifo, &c, 1) == 1)
                        n--;
        }
}

static void while_all_places_are_taken_the_loop_rests(void **state) {
        struct world *world = *state;
        unsigned n_turns = 0, n_asked;

        set(world, CHILD("hold", world->fifo_path), &letter);
        for (size_t i = 0; i < LIMIT_RUNNER_CHILDREN + 1; i++)
                queue(world, "hook x");
        while (sd_event_run(world->event, 0) > 0)
                assert_true(++n_turns < 100);
        await_holders(world, LIMIT_RUNNER_CHILDREN);
        n_asked = world->engine.n_asked;
        assert_int_equal(deliver_pump(world->deliver), 0);
        while (sd_event_run(world->event, 0) > 0)
                assert_true(++n_turns < 100);
        assert_int_equal(world->engine.n_asked, n_asked);
        assert_int_equal(world->engine.n_under_way, LIMIT_RUNNER_CHILDREN);
}

static void what_is_under_way_outlives_its_recipient(void **state) {
        struct world *world = *state;

        set(world, CHILD("take", world->file, "75", "busy"), &letter);
        queue(world, "hook x");
        while (world->engine.n_under_way == 0)
                assert_true(sd_event_run(world->event, DEADLINE) >= 0);
        assert_int_equal(deliver_set(world->deliver, NULL, 0), 0);
        await_ends(world);
        assert_string_equal(world->engine.messages[0].answer, "busy (exit code 75)");
        assert_int_equal(world->engine.messages[0].delivery, DELIVERY_LATER);
}

static void what_is_under_way_at_the_end_is_killed_and_stays_open(void **state) {
        struct world *world = *state;
        struct pollfd hung_up = { .fd = world->fifo, .events = POLLIN };

        set(world, CHILD("hold", world->fifo_path), &letter);
        queue(world, "hook x");
        while (world->engine.n_under_way == 0)
                assert_true(sd_event_run(world->event, DEADLINE) >= 0);
        await_holders(world, 1);
        world->deliver = deliver_free(world->deliver);
        assert_int_equal(poll(&hung_up, 1, (int) (DEADLINE / USEC_PER_MSEC)), 1);
        assert_int_equal(hung_up.revents, POLLHUP);
        assert_int_equal(world->engine.messages[0].fate, FATE_UNDER_WAY);
}

static void an_engine_that_fails_ends_the_loop(void **state) {
        struct world *world = *state;

        world->engine.next_error = -EIO;
        queue(world, "hook x");
        assert_int_equal(sd_event_loop(world->event), -EIO);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, new_world, free_world)
                TEST(a_message_is_composed_and_arrives),
                TEST(what_may_have_arrived_goes_out_again_as_it_was),
                TEST(what_may_have_arrived_goes_out_without_what_it_was_of),
                TEST(an_empty_body_is_none),
                TEST(the_engine_hears_how_it_ended),
                TEST(a_missing_program_is_a_failure_for_good),
                TEST(what_cannot_be_composed_is_not_sent),
                TEST(a_recipient_whom_nobody_knows_waits),
                TEST(a_crowd_goes_out_a_few_at_a_time),
                TEST(while_all_places_are_taken_the_loop_rests),
                TEST(what_is_under_way_outlives_its_recipient),
                TEST(what_is_under_way_at_the_end_is_killed_and_stays_open),
                TEST(an_engine_that_fails_ends_the_loop),
        };
        sigset_t signals;

        if (argc > 1)
                return strcmp(argv[1], "hold") == 0 ? child_hold(argv + 2) : child(argv + 2);

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
