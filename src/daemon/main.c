/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed: reads the command line, and starts the daemon. */
#include <getopt.h>
#include <locale.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/places.h"
#include "dosed/log.h"

static const char help[] =
        "dosed [OPTION...]\n"
        "\n"
        "Reminds people of their medicines, by iCalendar dose schedules.\n"
        "\n"
        "  --user            look after the doses of this user, on the session bus\n"
        "  --system          look after a household, on the system bus (default for root)\n"
        "  --config FILE     read this instead of ~/.config/dosed/dosed.conf or /etc/dosed/dosed.conf\n"
        "  --state DIR       keep the ledger there instead of in ~/.local/state/dosed or /var/lib/dosed\n"
        "  --calendars DIR   plan files there instead of in ~/.local/share/dosed/calendars or DIR/calendars of --state\n"
        "  --check-config    say what is wrong with the configuration, and end\n"
        "  --debug           log more; names of medicines and people too\n"
        "  --help            show this\n"
        "  --version         show the version\n"
        "\n"
        "See dosed(8), dosed.conf(5) and dosectl(1).\n";

enum {
        OPTION_USER = 256,
        OPTION_SYSTEM,
        OPTION_CONFIG,
        OPTION_STATE,
        OPTION_CALENDARS,
        OPTION_CHECK_CONFIG,
        OPTION_DEBUG,
        OPTION_HELP,
        OPTION_VERSION,
};

static const struct option long_options[] = {
        { "user", no_argument, NULL, OPTION_USER },
        { "system", no_argument, NULL, OPTION_SYSTEM },
        { "config", required_argument, NULL, OPTION_CONFIG },
        { "state", required_argument, NULL, OPTION_STATE },
        { "calendars", required_argument, NULL, OPTION_CALENDARS },
        { "check-config", no_argument, NULL, OPTION_CHECK_CONFIG },
        { "debug", no_argument, NULL, OPTION_DEBUG },
        { "help", no_argument, NULL, OPTION_HELP },
        { "version", no_argument, NULL, OPTION_VERSION },
        {},
};

struct arguments {
        enum mode mode;
        bool is_of_user, is_of_system; /* asked for */
        const char *given[_PLACE_MAX];
        bool checks_config;
};

/* Returns -1 to go on, else the exit code. */
static int read_arguments(int argc, char **argv, struct arguments *arguments) {
        int option;

        while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
                switch (option) {
                case OPTION_USER:
                        arguments->mode = MODE_USER;
                        arguments->is_of_user = true;
                        break;
                case OPTION_SYSTEM:
                        arguments->mode = MODE_SYSTEM;
                        arguments->is_of_system = true;
                        break;
                case OPTION_CONFIG:
                        arguments->given[PLACE_CONFIG] = optarg;
                        break;
                case OPTION_STATE:
                        arguments->given[PLACE_STATE] = optarg;
                        break;
                case OPTION_CALENDARS:
                        arguments->given[PLACE_CALENDARS] = optarg;
                        break;
                case OPTION_CHECK_CONFIG:
                        arguments->checks_config = true;
                        break;
                case OPTION_DEBUG:
                        log_set_level(LOG_DEBUG);
                        break;
                case OPTION_HELP:
                        (void) fputs(help, stdout);
                        return EX_OK;
                case OPTION_VERSION:
                        (void) puts("dosed " DOSED_VERSION);
                        return EX_OK;
                default:
                        (void) fprintf(stderr, "dosed: see dosed --help\n");
                        return EX_USAGE;
                }
        if (optind < argc) {
                (void) fprintf(stderr, "dosed: '%s' is no option: see dosed --help\n", argv[optind]);
                return EX_USAGE;
        }
        if (arguments->is_of_user && arguments->is_of_system) {
                (void) fprintf(stderr, "dosed: --user and --system exclude each other\n");
                return EX_USAGE;
        }
        return -1;
}

static int run(const struct daemon_places *places, bool *ret_starts_anew) {
        _cleanup_(daemon_done) struct daemon daemon = {};
        int r;

        r = daemon_start(&daemon, places);
        if (r == 0)
                r = daemon_run(&daemon);
        *ret_starts_anew = daemon.starts_anew;
        return r;
}

int main(int argc, char **argv) {
        struct arguments arguments = { .mode = geteuid() == 0 ? MODE_SYSTEM : MODE_USER };
        _cleanup_(places_done) struct places places = {};
        struct daemon_places of_daemon;
        bool starts_anew;
        int r;

        (void) setlocale(LC_ALL, "");
        r = read_arguments(argc, argv, &arguments);
        if (r >= 0)
                return r;
        r = places_find(arguments.mode, arguments.given, &places);
        if (r < 0) {
                log_error("The folders of this user cannot be found: %s", strerror(-r));
                return EX_OSERR;
        }
        of_daemon = places_of_daemon(&places, arguments.given[PLACE_CONFIG]);

        if (arguments.checks_config)
                return config_check(&of_daemon.config);
        r = run(&of_daemon, &starts_anew);
        if (r == 0 && starts_anew) {
                (void) execv("/proc/self/exe", argv);
                log_error("dosed cannot be executed again: %s", strerror(errno));
                return EX_OSERR;
        }
        return r;
}
