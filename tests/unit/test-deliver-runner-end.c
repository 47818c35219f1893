/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program's end is told, whatever it does and whatever the system lacks, and nothing of it is left. */
#include <dirent.h>
#include <dlfcn.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "dosed/limits.h"
#include "runner-world.h"

/* What goes wrong in the system's place: an errno, once. */
static int spawn_error, pidfd_error;

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
        __typeof__(&posix_spawn) library = (__typeof__(&posix_spawn)) dlsym(RTLD_NEXT, "posix_spawn");
        int error = spawn_error;

        spawn_error = 0;
        return error != 0 ? error : library(pid, path, actions, attributes, arguments, environment);
}

int pidfd_open(pid_t pid, unsigned flags) {
        __typeof__(&pidfd_open) library = (__typeof__(&pidfd_open)) dlsym(RTLD_NEXT, "pidfd_open");

        if (pidfd_error == 0)
                return library(pid, flags);
        errno = pidfd_error;
        pidfd_error = 0;
        return -1;
}

static int child_signal_itself(char **arguments) {
        (void) raise(atoi(arguments[0]));
        return 0;
}

static void ignore_all(void) {
        (void) signal(SIGTERM, SIG_IGN);
}

/* It and its own child do not end when they are asked to. */
static int child_stubborn(char **arguments) {
        ignore_all();
        if (fork() == 0)
                hold(arguments[0]);
        hold(arguments[0]);
}

/* It ends when it is asked to, and leaves a child that does not. */
static int child_half_stubborn(char **arguments) {
        if (fork() == 0) {
                ignore_all();
                hold(arguments[0]);
        }
        for (;;)
                (void) pause();
}

/* It ends at once; its own child lives until the other end of the FIFO is closed, with stdout and stderr open. */
static int child_leave_behind(char **arguments) {
        int fd = open(arguments[0], O_RDONLY | O_CLOEXEC);
        char c;

        if (fork() == 0) {
                while (read(fd, &c, 1) > 0)
                        ;
                _exit(0);
        }
        printf("left\n");
        return 0;
}

/* The same, and what is left behind speaks on and on. */
static int child_leave_talker(char **arguments) {
        static const char text[] = "more and more\n";

        (void) arguments;
        if (fork() == 0)
                for (;;)
                        if (write(1, text, sizeof(text) - 1) < 0)
                                _exit(0);
        return 0;
}

static const struct verb children[] = {
        { "exit", child_exit },
        { "hold", child_hold },
        { "say", child_say },
        { "signal", child_signal_itself },
        { "stubborn", child_stubborn },
        { "half-stubborn", child_half_stubborn },
        { "leave-behind", child_leave_behind },
        { "leave-talker", child_leave_talker },
};

static int mend_and_free_world(void **state) {
        spawn_error = pidfd_error = 0;
        return free_world(state);
}

static unsigned count_fds(void) {
        _cleanup_(free_p) struct dirent **names = NULL;
        int n = scandir("/proc/self/fd", &names, NULL, NULL);

        assert_true(n > 0);
        for (int i = 0; i < n; i++)
                free(names[i]);
        return (unsigned) n;
}

static void assert_no_children(void) {
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
}

static void exit_codes_say_what_came_of_it(void **state) {
        static const struct {
                const char *code;
                enum delivery delivery;
        } cases[] = {
                { "0", DELIVERY_DONE },     { "1", DELIVERY_NEVER },   { "2", DELIVERY_NEVER },
                { "64", DELIVERY_NEVER },   { "69", DELIVERY_NEVER },  { "70", DELIVERY_NEVER },
                { "74", DELIVERY_UNKNOWN }, { "75", DELIVERY_LATER },  { "76", DELIVERY_NEVER },
                { "77", DELIVERY_NEVER },   { "126", DELIVERY_NEVER }, { "127", DELIVERY_NEVER },
                { "255", DELIVERY_NEVER },
        };
        struct world *world = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                run(world, CHILD("exit", cases[i].code));
                assert_ended(world, RUNNER_EXITED, atoi(cases[i].code));
                assert_int_equal(delivery_from_result(&world->result), cases[i].delivery);
                assert_null(world->last_line);
        }
}

static void a_signal_leaves_it_open(void **state) {
        struct world *world = *state;

        run(world, CHILD("signal", "9"));
        assert_ended(world, RUNNER_KILLED, SIGKILL);
        assert_int_equal(delivery_from_result(&world->result), DELIVERY_UNKNOWN);
        run(world, CHILD("signal", "15"));
        assert_ended(world, RUNNER_KILLED, SIGTERM);
}

static void write_file(const char *path, mode_t mode, const char *text) {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), (ssize_t) strlen(text));
        assert_int_equal(close(fd), 0);
}

static void what_is_no_program_is_refused_for_good(void **state) {
        static const struct {
                const char *name, *text;
                mode_t mode;
                int error;
        } cases[] = {
                { "absent", NULL, 0, ENOENT },
                { "folder", NULL, S_IFDIR | 0700, EACCES },
                { "unmarked", "#!/bin/sh\nexit 0\n", 0600, EACCES },
                { "unnamed", "exit 0\n", 0700, ENOEXEC },
                { "orphan", "#!/nonexistent/interpreter\n", 0700, ENOENT },
                { "unmarked/below", NULL, 0, ENOTDIR },
        };
        struct world *world = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(free_p) char *path = strdup(at(world, cases[i].name)), *text = NULL;

                if (S_ISDIR(cases[i].mode))
                        assert_int_equal(mkdir(path, 0700), 0);
                else if (cases[i].text)
                        write_file(path, cases[i].mode, cases[i].text);
                run(world, (const char *const[]){ path, NULL });
                assert_ended(world, RUNNER_NOT_STARTED, cases[i].error);
                assert_int_equal(delivery_from_result(&world->result), DELIVERY_NEVER);
                assert_int_equal(runner_result_describe(&world->result, "hook x", &text), 0);
                assert_non_null(strstr(text, "hook x cannot be started: "));
        }
        assert_no_children();
}

static void what_the_system_lacks_now_is_tried_later(void **state) {
        static const int errors[] = { EAGAIN, ENOMEM, EMFILE, ETXTBSY };
        struct world *world = *state;

        for (size_t i = 0; i < ELEMENTS(errors); i++) {
                spawn_error = errors[i];
                run(world, CHILD("exit", "0"));
                assert_ended(world, RUNNER_NOT_STARTED, errors[i]);
                assert_int_equal(delivery_from_result(&world->result), DELIVERY_LATER);
        }
        run(world, CHILD("exit", "0"));
        assert_ended(world, RUNNER_EXITED, 0);
}

static void who_cannot_be_watched_is_ended_and_may_have_done_it(void **state) {
        struct world *world = *state;

        pidfd_error = EMFILE;
        run(world, CHILD("hold", world->fifo_path));
        assert_ended(world, RUNNER_KILLED, SIGKILL);
        assert_int_equal(delivery_from_result(&world->result), DELIVERY_UNKNOWN);
        assert_no_children();
}

static void who_does_not_end_when_asked_is_killed_with_all_it_started(void **state) {
        struct world *world = *state;

        run_too_long(world, CHILD("stubborn", world->fifo_path), 2);
        assert_int_equal(delivery_from_result(&world->result), DELIVERY_UNKNOWN);
        assert_no_children();
}

static void what_it_started_is_killed_though_it_ends_itself_when_asked(void **state) {
        struct world *world = *state;

        run_too_long(world, CHILD("half-stubborn", world->fifo_path), 1);
}

static void who_is_left_behind_with_the_pipe_is_not_waited_for(void **state) {
        struct world *world = *state;
        int writer = open(world->fifo_path, O_WRONLY | O_CLOEXEC);

        assert_true(writer >= 0);
        run(world, CHILD("leave-behind", world->fifo_path));
        (void) close(writer);
        assert_ended(world, RUNNER_EXITED, 0);
        assert_string_equal(world->last_line, "left");

        run(world, CHILD("leave-talker"));
        assert_ended(world, RUNNER_EXITED, 0);
        assert_no_children();
}

static void no_more_than_a_few_run_at_once(void **state) {
        struct world *world = *state;

        world->command.arguments = CHILD("hold", world->fifo_path);
        for (unsigned i = 0; i < LIMIT_RUNNER_CHILDREN; i++) {
                assert_true(runner_can_start(world->runner));
                world->command.timeout_usec = i == 0 ? USEC_PER_SEC : LONG;
                start(world);
        }
        assert_false(runner_can_start(world->runner));
        assert_int_equal(runner_start(world->runner, &world->command, on_ended, world), RUNNER_BUSY);

        /* The first place is free again before its handler is called. */
        world->n_more = 1;
        while (world->n_ended == 0)
                assert_true(sd_event_run(world->event, DEADLINE) > 0);
        assert_int_equal(world->n_started, LIMIT_RUNNER_CHILDREN + 1);
        assert_false(runner_can_start(world->runner));
}

static void nothing_is_left_of_what_ran_when_the_runner_goes(void **state) {
        struct world *world = *state;

        world->command.arguments = CHILD("stubborn", world->fifo_path);
        start(world);
        start(world);
        world->command.arguments = CHILD("exit", "0");
        start(world);
        spawn_error = EAGAIN;
        start(world);
        await_holders(world, 4);
        world->runner = runner_free(world->runner);
        assert_all_gone(world);
        assert_int_equal(world->n_ended, 0);
        assert_no_children();
}

static void a_hundred_runs_leave_nothing(void **state) {
        struct world *world = *state;
        unsigned n_fds;

        run(world, CHILD("exit", "0"));
        n_fds = count_fds();
        for (unsigned i = 0; i < 100; i++) {
                world->command.arguments =
                        i % 10 == 5 ? (const char *const[]){ "/nonexistent", NULL } : CHILD("say", "x\n");
                spawn_error = i % 10 == 7 ? EAGAIN : 0;
                pidfd_error = i % 10 == 8 ? EMFILE : 0;
                start(world);
                await_ends(world);
        }
        world->command.arguments = CHILD("exit", "3");
        world->n_more = 100;
        start(world);
        await_ends(world);
        assert_int_equal(world->n_ended, 202);
        /* The last one is reaped when the loop has the turn. */
        assert_true(sd_event_run(world->event, 0) >= 0);
        assert_int_equal(count_fds(), n_fds);
        assert_no_children();
}

static void an_end_is_a_sentence(void **state) {
        static const struct {
                struct runner_result result;
                const char *text;
        } cases[] = {
                { { RUNNER_EXITED, 0, NULL }, NULL },
                { { RUNNER_EXITED, 0, "250 queued" }, "250 queued" },
                { { RUNNER_EXITED, 75, "451 later" }, "451 later (exit code 75)" },
                { { RUNNER_EXITED, 1, NULL }, "hook x ended with exit code 1 and said nothing" },
                { { RUNNER_KILLED, 9, NULL }, "hook x was ended by signal 9" },
                { { RUNNER_KILLED, 11, "oh" }, "hook x was ended by signal 11; it said: oh" },
                { { RUNNER_TIMED_OUT, 30, NULL }, "hook x was stopped since it took longer than 30 s" },
                { { RUNNER_TIMED_OUT, 30, "EHLO" },
                  "hook x was stopped since it took longer than 30 s; it said: EHLO" },
                { { RUNNER_NOT_STARTED, ENOENT, NULL },
                  "hook x cannot be started: it, or the interpreter that its first line names, is not there" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(free_p) char *text = NULL;

                assert_int_equal(runner_result_describe(&cases[i].result, "hook x", &text), 0);
                if (cases[i].text)
                        assert_string_equal(text, cases[i].text);
                else
                        assert_null(text);
        }
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, new_world, mend_and_free_world)
                TEST(exit_codes_say_what_came_of_it),
                TEST(a_signal_leaves_it_open),
                TEST(what_is_no_program_is_refused_for_good),
                TEST(what_the_system_lacks_now_is_tried_later),
                TEST(who_cannot_be_watched_is_ended_and_may_have_done_it),
                TEST(who_does_not_end_when_asked_is_killed_with_all_it_started),
                TEST(what_it_started_is_killed_though_it_ends_itself_when_asked),
                TEST(who_is_left_behind_with_the_pipe_is_not_waited_for),
                TEST(no_more_than_a_few_run_at_once),
                TEST(nothing_is_left_of_what_ran_when_the_runner_goes),
                TEST(a_hundred_runs_leave_nothing),
                TEST(an_end_is_a_sentence),
        };

        if (begin(argc, argv, children, ELEMENTS(children)) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
