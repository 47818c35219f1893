/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs are run with nothing but what they are given, and their end is told, whatever they do. This program is its own child. */
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "dosed/limits.h"
#include "dosed/runner.h"
#include "dosed/text.h"

#define DEADLINE (120 * USEC_PER_SEC)
#define LONG (600 * USEC_PER_SEC) /* a timeout that is never reached */
#define BIG (3u * 1024 * 1024)

extern char **environ;

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

/* The children. */

/*
 * At once: at the end of exit(), the leak check of the sanitizers traces its own process, and who is killed meanwhile has ended
 * (poll() says so) but is not its parent's to reap until the tracer has gone, too.
 */
static int child_exit(char **arguments) {
        _exit(atoi(arguments[0]));
}

static int child_signal_itself(char **arguments) {
        (void) raise(atoi(arguments[0]));
        return 0;
}

/* To stdout and stderr in turn. */
static int child_say(char **arguments) {
        for (int i = 0; arguments[i]; i++)
                if (write(1 + i % 2, arguments[i], strlen(arguments[i])) < 0)
                        return 1;
        return 0;
}

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

static void ignore_all(void) {
        (void) signal(SIGTERM, SIG_IGN);
}

/* Keeps the FIFO of that name open for writing, and never ends by itself. */
static _Noreturn void hold(const char *path) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, "!", 1) != 1)
                _exit(3);
        for (;;)
                (void) pause();
}

static int child_hold(char **arguments) {
        hold(arguments[0]);
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

static int child_megabyte(char **arguments) {
        (void) arguments;
        for (unsigned i = 0; i < 20000; i++)
                printf("%u: fifty characters or so are in each of these lines\n", i);
        printf("the last one\n");
        return 7;
}

static const struct {
        const char *verb;
        int (*run)(char **arguments);
} children[] = {
        { "exit", child_exit },
        { "signal", child_signal_itself },
        { "say", child_say },
        { "read", child_read },
        { "environment", child_environment },
        { "inherited", child_inherited },
        { "hold", child_hold },
        { "stubborn", child_stubborn },
        { "half-stubborn", child_half_stubborn },
        { "leave-behind", child_leave_behind },
        { "leave-talker", child_leave_talker },
        { "megabyte", child_megabyte },
};

/* The world. */

struct world {
        char *place;
        sd_event *event;
        struct runner *runner;
        int fifo; /* its reading end */
        char *fifo_path;

        struct runner_command command; /* the next one */
        unsigned n_started, n_ended;
        struct runner_result result; /* of the last one that ended */
        char *last_line;
        unsigned n_more; /* to be started from the handler */
};

static unsigned count_fds(void) {
        _cleanup_(free_p) struct dirent **names = NULL;
        int n = scandir("/proc/self/fd", &names, NULL, NULL);

        assert_true(n > 0);
        for (int i = 0; i < n; i++)
                free(names[i]);
        return (unsigned) n;
}

static const char *at(struct world *world, const char *name) {
        static char path[256];

        (void) snprintf(path, sizeof(path), "%s/%s", world->place, name);
        return path;
}

static int new_world(void **state) {
        static const char *const nothing[] = { NULL };
        struct world *world = calloc(1, sizeof(*world));
        char place[] = "/tmp/dosed-runner-XXXXXX";

        assert_non_null(world);
        assert_non_null(mkdtemp(place));
        world->place = strdup(place);
        world->fifo_path = strdup(at(world, "fifo"));
        assert_int_equal(mkfifo(world->fifo_path, 0600), 0);
        world->fifo = open(world->fifo_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        assert_true(world->fifo >= 0);
        assert_true(sd_event_new(&world->event) >= 0);
        assert_int_equal(runner_new(world->event, &world->runner), 0);
        world->command = (struct runner_command){ .name = "child", .environment = nothing, .timeout_usec = LONG };
        *state = world;
        return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        (void) st, (void) type, (void) ftw;
        return remove(path);
}

static int free_world(void **state) {
        struct world *world = *state;

        spawn_error = pidfd_error = 0;
        runner_free(world->runner);
        sd_event_unref(world->event);
        (void) close(world->fifo);
        (void) nftw(world->place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(world->last_line);
        free(world->fifo_path);
        free(world->place);
        free(world);
        return 0;
}

static void start(struct world *world);

static int on_ended(void *userdata, const struct runner_result *result) {
        struct world *world = userdata;

        world->n_ended++;
        world->result = *result;
        free(world->last_line);
        world->last_line = result->last_line ? strdup(result->last_line) : NULL;
        if (world->n_more > 0) {
                world->n_more--;
                start(world);
        }
        return 0;
}

static void start(struct world *world) {
        unsigned n_ended = world->n_ended;

        assert_int_equal(runner_start(world->runner, &world->command, on_ended, world), 0);
        world->n_started++;
        assert_int_equal(world->n_ended, n_ended); /* never told from within */
}

static void await_ends(struct world *world) {
        uint64_t start_usec, now_usec;

        assert_true(sd_event_now(world->event, CLOCK_MONOTONIC, &start_usec) >= 0);
        while (world->n_ended < world->n_started) {
                assert_true(sd_event_run(world->event, DEADLINE) >= 0);
                assert_true(sd_event_now(world->event, CLOCK_MONOTONIC, &now_usec) >= 0);
                assert_true(now_usec - start_usec < DEADLINE);
        }
}

static void run(struct world *world, const char *const *arguments) {
        world->command.arguments = arguments;
        start(world);
        await_ends(world);
}

#define CHILD(...) ((const char *const[]){ "/proc/self/exe", __VA_ARGS__, NULL })

static void assert_ended(struct world *world, enum runner_ending ending, int number) {
        assert_int_equal(world->result.ending, ending);
        assert_int_equal(world->result.number, number);
}

/* So many hold the FIFO. The loop stands still meanwhile, and with it the timeouts. */
static void await_holders(struct world *world, size_t n) {
        struct pollfd readable = { .fd = world->fifo, .events = POLLIN };
        char c;

        while (n > 0) {
                assert_int_equal(poll(&readable, 1, (int) (DEADLINE / USEC_PER_MSEC)), 1);
                if (read(world->fifo, &c, 1) == 1)
                        n--;
        }
}

/* Nobody holds it any more. */
static void assert_all_gone(struct world *world) {
        struct pollfd hung_up = { .fd = world->fifo, .events = POLLIN };

        assert_int_equal(poll(&hung_up, 1, (int) (DEADLINE / USEC_PER_MSEC)), 1);
        assert_int_equal(hung_up.revents, POLLHUP);
}

/* It is given too little time, but all of it begins only once so many hold the FIFO. */
static void run_too_long(struct world *world, const char *const *arguments, size_t n_held) {
        world->command.timeout_usec = USEC_PER_SEC;
        world->command.arguments = arguments;
        start(world);
        await_holders(world, n_held);
        await_ends(world);
        assert_ended(world, RUNNER_TIMED_OUT, 1);
        assert_all_gone(world);
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
#define TEST(test) cmocka_unit_test_setup_teardown(test, new_world, free_world)
                TEST(exit_codes_say_what_came_of_it),
                TEST(a_signal_leaves_it_open),
                TEST(what_is_no_program_is_refused_for_good),
                TEST(what_the_system_lacks_now_is_tried_later),
                TEST(who_cannot_be_watched_is_ended_and_may_have_done_it),
                TEST(it_reads_exactly_what_it_is_given),
                TEST(it_need_not_read_any_of_it),
                TEST(its_environment_is_what_is_given),
                TEST(it_inherits_nothing),
                TEST(who_does_not_end_when_asked_is_killed_with_all_it_started),
                TEST(what_it_started_is_killed_though_it_ends_itself_when_asked),
                TEST(who_is_left_behind_with_the_pipe_is_not_waited_for),
                TEST(much_is_said_and_the_last_line_kept),
                TEST(the_last_line_is_harmless),
                TEST(no_more_than_a_few_run_at_once),
                TEST(nothing_is_left_of_what_ran_when_the_runner_goes),
                TEST(a_hundred_runs_leave_nothing),
                TEST(an_end_is_a_sentence),
        };
        sigset_t signals;

        for (size_t i = 0; argc > 1 && i < ELEMENTS(children); i++)
                if (strcmp(children[i].verb, argv[1]) == 0)
                        return children[i].run(argv + 2);

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGCHLD);
        (void) sigaddset(&signals, SIGTERM);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
