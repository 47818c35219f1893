/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed: reads the command line, and starts the daemon. */
#include <getopt.h>
#include <locale.h>
#include <pwd.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/daemon.h"
#include "dosed/log.h"
#include "dosed/text.h"

static const char help[] =
        "dosed [OPTION...]\n"
        "\n"
        "Reminds people of their medicines, by iCalendar dose schedules.\n"
        "\n"
        "  --user            look after the doses of this user, on the session bus (default)\n"
        "  --system          look after a household, on the system bus\n"
        "  --config FILE     read this instead of ~/.config/dosed/dosed.conf\n"
        "  --state DIR       keep the ledger there instead of ~/.local/state/dosed\n"
        "  --calendars DIR   plan files of the only person, instead of ~/.local/share/dosed/calendars\n"
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

/* What was asked for, then what it comes to: all owned. */
struct arguments {
        const char *config, *state, *calendars; /* as given */
        bool checks_config;
        char *home, *user, *config_path, *state_path, *calendars_path, *runtime_path;
};

static void arguments_done(struct arguments *arguments) {
        free(arguments->home);
        free(arguments->user);
        free(arguments->config_path);
        free(arguments->state_path);
        free(arguments->calendars_path);
        free(arguments->runtime_path);
}

/* Returns -1 to go on, else the exit code. */
static int read_arguments(int argc, char **argv, struct arguments *arguments) {
        int option;

        while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
                switch (option) {
                case OPTION_USER:
                        break;
                case OPTION_SYSTEM:
                        (void) fprintf(stderr, "dosed: --system is not built yet in this version: run it as a user "
                                               "(dosed --user)\n");
                        return EX_UNAVAILABLE;
                case OPTION_CONFIG:
                        arguments->config = optarg;
                        break;
                case OPTION_STATE:
                        arguments->state = optarg;
                        break;
                case OPTION_CALENDARS:
                        arguments->calendars = optarg;
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
        return -1;
}

static int find_user(struct arguments *arguments) {
        const struct passwd *entry = getpwuid(getuid());
        const char *home = getenv("HOME");
        int r;

        if (!home || home[0] != '/')
                home = entry ? entry->pw_dir : "/";
        r = text_copy(home, &arguments->home);
        if (r < 0)
                return r;
        return entry ? text_copy(entry->pw_name, &arguments->user) : text_format(&arguments->user, "%u", (unsigned) getuid());
}

/* A given path made absolute; else below the XDG folder (XDG Base Directory Specification 0.8: a relative one is ignored). */
static int find_path(const struct arguments *arguments, const char *given, const char *variable, const char *fallback,
                     const char *name, char **ret) {
        _cleanup_(free_p) char *here = NULL;
        const char *folder = getenv(variable);

        if (given && given[0] == '/')
                return text_copy(given, ret);
        if (given) {
                here = getcwd(NULL, 0);
                return here ? text_format(ret, "%s/%s", here, given) : -errno;
        }
        if (folder && folder[0] == '/')
                return text_format(ret, "%s/%s", folder, name);
        return text_format(ret, "%s/%s/%s", arguments->home, fallback, name);
}

static int find_places(struct arguments *arguments, struct daemon_places *ret) {
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        int r;

        r = find_user(arguments);
        if (r >= 0)
                r = find_path(arguments, arguments->config, "XDG_CONFIG_HOME", ".config", "dosed/dosed.conf",
                              &arguments->config_path);
        if (r >= 0)
                r = find_path(arguments, arguments->state, "XDG_STATE_HOME", ".local/state", "dosed",
                              &arguments->state_path);
        if (r >= 0)
                r = find_path(arguments, arguments->calendars, "XDG_DATA_HOME", ".local/share", "dosed/calendars",
                              &arguments->calendars_path);
        if (r >= 0 && runtime && runtime[0] == '/')
                r = text_format(&arguments->runtime_path, "%s/dosed", runtime);
        if (r < 0)
                return r;

        *ret = (struct daemon_places){
                .config = {
                        .file = arguments->config_path,
                        .must_exist = arguments->config,
                        .calendars = arguments->calendars_path,
                        .home = arguments->home,
                        .user = arguments->user,
                },
                .state = arguments->state_path,
                .runtime = arguments->runtime_path,
        };
        return 0;
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
        _cleanup_(arguments_done) struct arguments arguments = {};
        struct daemon_places places;
        bool starts_anew;
        int r;

        (void) setlocale(LC_ALL, "");
        r = read_arguments(argc, argv, &arguments);
        if (r >= 0)
                return r;
        r = find_places(&arguments, &places);
        if (r < 0) {
                log_error("The folders of this user cannot be found: %s", strerror(-r));
                return EX_OSERR;
        }

        if (arguments.checks_config)
                return config_check(&places.config);
        r = run(&places, &starts_anew);
        if (r == 0 && starts_anew) {
                (void) execv("/proc/self/exe", argv);
                log_error("dosed cannot be executed again: %s", strerror(errno));
                return EX_OSERR;
        }
        return r;
}
