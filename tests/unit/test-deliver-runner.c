/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs are run with nothing but what they are given, and the last line is kept of what they say. */
#include "dosed/limits.h"
#include "runner-world.h"

#define BIG (3u * 1024 * 1024)

extern char **environ;

/* How much of it there is, and what it comes to. */
static int child_read(char **arguments) {
        unsigned long size = 0, sum = 0;
        int c;

        (void) arguments;
        while ((c = getchar()) != EOF) {
                size++;
                sum = sum * 31 + (unsigned long) c;
        }
        printf("%lu %lu\n", size, sum);
        return 0;
}

static int child_environment(char **arguments) {
        (void) arguments;
        for (char **p = environ; *p; p++)
                printf("%s|", *p);
        return 0;
}

/* What it was given of its parent; nothing said: nothing. */
static int child_inherited(char **arguments) {
        static const int signals[] = { SIGPIPE, SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGUSR1 };
        char folder[8];
        sigset_t mask;
        struct stat out, err;

        (void) arguments;
        (void) sigprocmask(SIG_BLOCK, NULL, &mask);
        for (int signal = 1; signal < SIGRTMAX; signal++)
                if (sigismember(&mask, signal) > 0)
                        printf("signal %d blocked, ", signal);
        for (size_t i = 0; i < ELEMENTS(signals); i++) {
                struct sigaction action;

                (void) sigaction(signals[i], NULL, &action);
                if (action.sa_handler != SIG_DFL)
                        printf("signal %d not default, ", signals[i]);
        }
        for (int fd = 3; fd < 4096; fd++)
                if (fcntl(fd, F_GETFD) >= 0)
                        printf("fd %d open, ", fd);
        if (fstat(1, &out) < 0 || fstat(2, &err) < 0 || out.st_ino != err.st_ino)
                printf("stdout is not stderr, ");
        if (fcntl(1, F_GETFL) & O_NONBLOCK)
                printf("stdout does not block, ");
        if (!getcwd(folder, sizeof(folder)) || strcmp(folder, "/") != 0)
                printf("not in /, ");
        if (getsid(0) != getpid() || getpgrp() != getpid())
                printf("in a session of others, ");
        printf("and that is all");
        return 0;
}

static int child_megabyte(char **arguments) {
        (void) arguments;
        for (unsigned i = 0; i < 20000; i++)
                printf("%u: fifty characters or so are in each of these lines\n", i);
        printf("the last one\n");
        return 7;
}

static const struct verb children[] = {
        { "exit", child_exit },
        { "hold", child_hold },
        { "say", child_say },
        { "read", child_read },
        { "environment", child_environment },
        { "inherited", child_inherited },
        { "megabyte", child_megabyte },
};

static void it_reads_exactly_what_it_is_given(void **state) {
        static const size_t sizes[] = { 0, 1, 65536, BIG };
        _cleanup_(free_p) unsigned char *bytes = malloc(BIG);
        struct world *world = *state;
        unsigned long sum;

        assert_non_null(bytes);
        for (size_t i = 0; i < BIG; i++)
                bytes[i] = (unsigned char) (i * 7 + i / 256);
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                char expected[64];

                sum = 0;
                for (size_t j = 0; j < sizes[i]; j++)
                        sum = sum * 31 + bytes[j];
                (void) snprintf(expected, sizeof(expected), "%lu %lu", (unsigned long) sizes[i], sum);
                world->command.input = bytes;
                world->command.input_size = sizes[i];
                run(world, CHILD("read"));
                assert_ended(world, RUNNER_EXITED, 0);
                assert_string_equal(world->last_line, expected);
        }
}

static void it_need_not_read_any_of_it(void **state) {
        _cleanup_(free_p) char *bytes = calloc(1, BIG);
        struct world *world = *state;

        world->command.input = bytes;
        world->command.input_size = BIG;
        run(world, CHILD("exit", "0"));
        assert_ended(world, RUNNER_EXITED, 0);

        run_too_long(world, CHILD("hold", world->fifo_path), 1);
}

static void its_environment_is_what_is_given(void **state) {
        static const char *const environment[] = { "PATH=/usr/bin:/bin", "DOSED_EVENT=missed", "EMPTY=", NULL };
        struct world *world = *state;

        world->command.environment = environment;
        run(world, CHILD("environment"));
        assert_string_equal(world->last_line, "PATH=/usr/bin:/bin|DOSED_EVENT=missed|EMPTY=|");
}

static void it_inherits_nothing(void **state) {
        struct world *world = *state;
        struct sigaction before;
        int open_to_all = dup(world->fifo);

        assert_true(open_to_all > 2);
        assert_int_equal(sigaction(SIGPIPE, NULL, &before), 0);
        (void) signal(SIGPIPE, SIG_IGN);
        (void) signal(SIGUSR1, SIG_IGN);
        run(world, CHILD("inherited"));
        (void) signal(SIGUSR1, SIG_DFL);
        (void) sigaction(SIGPIPE, &before, NULL);
        (void) close(open_to_all);
        assert_string_equal(world->last_line, "and that is all");
}

static void much_is_said_and_the_last_line_kept(void **state) {
        _cleanup_(free_p) char *text = NULL;
        struct world *world = *state;

        run(world, CHILD("megabyte"));
        assert_ended(world, RUNNER_EXITED, 7);
        assert_string_equal(world->last_line, "the last one");
        world->result.last_line = world->last_line;
        assert_int_equal(runner_result_describe(&world->result, "hook x", &text), 0);
        assert_string_equal(text, "the last one (exit code 7)");
}

static void the_last_line_is_harmless(void **state) {
        static char longest[2 * LIMIT_RUNNER_LINE_BYTES];
        struct world *world = *state;

        run(world, CHILD("say", "one\n", "two\r\n\n  \n\t\n\033\n"));
        assert_string_equal(world->last_line, "two");
        run(world, CHILD("say", "one\n",
                         "thr\033[31mee \xe2\x80\xae"
                         "abc \xff."));
        assert_string_equal(world->last_line, "thr[31mee abc \xef\xbf\xbd.");
        run(world, CHILD("say", " 10 %\r 50 %\r100 %\r"));
        assert_string_equal(world->last_line, "100 %");

        /* Of two bytes a character, and an odd one before them. */
        longest[0] = 'x';
        for (size_t i = 1; i + 2 < sizeof(longest); i += 2)
                memcpy(longest + i, "\xc3\xa9", 2);
        run(world, CHILD("say", longest));
        assert_int_equal(strlen(world->last_line), LIMIT_RUNNER_LINE_BYTES - 1);
        assert_memory_equal(world->last_line, longest, LIMIT_RUNNER_LINE_BYTES - 1);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(it_reads_exactly_what_it_is_given, new_world, free_world),
                cmocka_unit_test_setup_teardown(it_need_not_read_any_of_it, new_world, free_world),
                cmocka_unit_test_setup_teardown(its_environment_is_what_is_given, new_world, free_world),
                cmocka_unit_test_setup_teardown(it_inherits_nothing, new_world, free_world),
                cmocka_unit_test_setup_teardown(much_is_said_and_the_last_line_kept, new_world, free_world),
                cmocka_unit_test_setup_teardown(the_last_line_is_harmless, new_world, free_world),
        };

        if (begin(argc, argv, children, ELEMENTS(children)) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
