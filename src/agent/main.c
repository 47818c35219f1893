/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed-agent: reads the command line, opens both buses, and waits until this session is its own. */
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include "agent/agent.h"
#include "dosed/log.h"
#include "dosed/span.h"
#include "dosed/text.h"

#define AGENT_NAME "org.dosed.Agent1"  /* one in each session: two would show everything twice */
#define PATIENCE (2 * USEC_PER_MINUTE) /* dosed is started again within seconds */

static const char help[] = "dosed-agent [OPTION...]\n"
                           "\n"
                           "Shows the reminders of the dosed that serves the whole machine on this desktop.\n"
                           "\n"
                           "  --patience SPAN   tell so long after dosed went away that no more reminders come (2min)\n"
                           "  --debug           log more\n"
                           "  --help            show this\n"
                           "  --version         show the version\n"
                           "\n"
                           "See dosed-agent(1).\n";

enum { OPTION_PATIENCE = 256, OPTION_DEBUG, OPTION_HELP, OPTION_VERSION };

static const struct option long_options[] = {
        { "patience", required_argument, NULL, OPTION_PATIENCE },
        { "debug", no_argument, NULL, OPTION_DEBUG },
        { "help", no_argument, NULL, OPTION_HELP },
        { "version", no_argument, NULL, OPTION_VERSION },
        {},
};

struct program {
        usec_t patience_usec;
        sd_event *event;
        sd_bus *system, *session;
        sd_bus_slot *name_match;
        char *memory_path;
        struct agent *agent;
};

/* Returns -1 to go on, else the exit code. */
static int read_arguments(int argc, char **argv, struct program *program) {
        int option;

        while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
                switch (option) {
                case OPTION_PATIENCE:
                        if (span_parse(optarg, &program->patience_usec) != 0) {
                                (void) fprintf(stderr, "dosed-agent: '%s' is no span of time: say 90s, or 5min\n",
                                               optarg);
                                return EX_USAGE;
                        }
                        break;
                case OPTION_DEBUG:
                        log_set_level(LOG_DEBUG);
                        break;
                case OPTION_HELP:
                        (void) fputs(help, stdout);
                        return EX_OK;
                case OPTION_VERSION:
                        (void) puts("dosed-agent " DOSED_VERSION);
                        return EX_OK;
                default:
                        (void) fprintf(stderr, "dosed-agent: see dosed-agent --help\n");
                        return EX_USAGE;
                }
        if (optind < argc) {
                (void) fprintf(stderr, "dosed-agent: '%s' is no option: see dosed-agent --help\n", argv[optind]);
                return EX_USAGE;
        }
        return -1;
}

static int start_loop(struct program *program) {
        sigset_t signals;
        int r;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigaddset(&signals, SIGINT);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;

        r = sd_event_new(&program->event);
        if (r >= 0)
                r = sd_event_add_signal(program->event, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(program->event, NULL, SIGINT, NULL, NULL);
        if (r >= 0)
                r = sd_event_set_watchdog(program->event, 1);
        return r < 0 ? r : 0;
}

/* Without a bus there is nothing to do: the service manager starts it again. */
static int attach(struct program *program, sd_bus *bus) {
        int r;

        r = sd_bus_set_exit_on_disconnect(bus, 1);
        /* What is up on the desktop is taken down after the loop has ended. */
        if (r >= 0)
                r = sd_bus_set_close_on_exit(bus, 0);
        if (r >= 0)
                r = sd_bus_attach_event(bus, program->event, SD_EVENT_PRIORITY_NORMAL);
        return r;
}

static int open_buses(struct program *program) {
        int r;

        r = sd_bus_open_user(&program->session);
        if (r >= 0)
                r = attach(program, program->session);
        if (r < 0) {
                log_error("There is no session bus to show anything on: %s", strerror(-r));
                return EX_UNAVAILABLE;
        }
        r = sd_bus_open_system(&program->system);
        if (r >= 0)
                r = attach(program, program->system);
        if (r < 0) {
                log_error("The system bus cannot be reached: %s", strerror(-r));
                return EX_UNAVAILABLE;
        }
        return 0;
}

/* Without it, what a crash leaves on the screen has dead buttons until somebody closes it. */
static int find_memory(char **ret) {
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        _cleanup_(free_p) char *folder = NULL;
        int r;

        if (!runtime || runtime[0] != '/')
                return 0;
        r = text_format(&folder, "%s/dosed", runtime);
        if (r < 0)
                return r;
        if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
                log_line(LOG_NOTICE, NULL,
                         "What is up on the desktop cannot be remembered, since the runtime folder cannot be "
                         "made: %s",
                         strerror(errno));
                return 0;
        }
        return text_format(ret, "%s/agent-notifications", folder);
}

static int start_agent(struct program *program) {
        if (program->agent)
                return 0;
        log_info("dosed-agent " DOSED_VERSION " is running");
        return agent_new(program->event, program->system, program->session, program->memory_path,
                         program->patience_usec, &program->agent);
}

static int on_name_acquired(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct program *program = userdata;
        const char *name;
        int r;

        (void) error;
        if (!text_equal(sd_bus_message_get_sender(message), "org.freedesktop.DBus") ||
            sd_bus_message_read(message, "s", &name) < 0 || strcmp(name, AGENT_NAME) != 0)
                return 0;
        r = start_agent(program);
        if (r < 0) {
                log_error("The agent cannot be started: %s", strerror(-r));
                return sd_event_exit(program->event, EX_OSERR);
        }
        return 0;
}

/* The second one in a session waits for the first to end. */
static int take_turn(struct program *program) {
        int r;

        r = sd_bus_match_signal(program->session, &program->name_match, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                "org.freedesktop.DBus", "NameAcquired", on_name_acquired, program);
        if (r >= 0)
                r = sd_bus_request_name(program->session, AGENT_NAME, SD_BUS_NAME_QUEUE);
        if (r < 0) {
                log_error("The name " AGENT_NAME " cannot be had on the session bus: %s", strerror(-r));
                return EX_UNAVAILABLE;
        }
        if (r == 0) {
                log_info("Another dosed-agent shows the reminders of this session: this one waits until it ends");
                (void) sd_notify(0, "STATUS=Waiting for another dosed-agent to end");
                return 0;
        }
        r = start_agent(program);
        if (r < 0) {
                log_error("The agent cannot be started: %s", strerror(-r));
                return EX_OSERR;
        }
        return 0;
}

static int run(struct program *program) {
        int r;

        r = start_loop(program);
        if (r >= 0)
                r = find_memory(&program->memory_path);
        if (r < 0) {
                log_error("The loop cannot be set up: %s", strerror(-r));
                return EX_OSERR;
        }
        r = open_buses(program);
        if (r == 0)
                r = take_turn(program);
        if (r != 0)
                return r;

        (void) sd_notify(0, "READY=1");
        r = sd_event_loop(program->event);
        (void) sd_notify(0, "STOPPING=1");
        if (r > 0 && (sd_bus_is_open(program->session) <= 0 || sd_bus_is_open(program->system) <= 0)) {
                log_error(
                        "The connection to a bus was lost: dosed-agent ends, and begins anew when it is started again");
                return EX_UNAVAILABLE;
        }
        if (r < 0) {
                log_error("The loop has ended: %s", strerror(-r));
                return EX_SOFTWARE;
        }
        return r;
}

static void program_done(struct program *program) {
        agent_free(program->agent);
        sd_bus_slot_unref(program->name_match);
        sd_bus_flush_close_unref(program->session);
        sd_bus_flush_close_unref(program->system);
        sd_event_unref(program->event);
        free(program->memory_path);
}

int main(int argc, char **argv) {
        _cleanup_(program_done) struct program program = { .patience_usec = PATIENCE };
        int r;

        (void) setlocale(LC_ALL, "");
        r = read_arguments(argc, argv, &program);
        return r >= 0 ? r : run(&program);
}
