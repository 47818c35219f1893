/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What to do, from the command line and from the environment. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "dosed/error.h"
#include "dosed/limits.h"
#include "mail/address.h"
#include "mail/complain.h"
#include "mail/password.h"
#include "mail/settings.h"

static const char help[] =
        "dosed-mail [OPTION...] [RECIPIENT...]\n"
        "\n"
        "Sends the mail message that it reads, by SMTP.\n"
        "\n"
        "  --server=URL           smtps://HOST[:PORT], or smtp://HOST[:PORT] for STARTTLS\n"
        "  --from=ADDRESS         who sends it\n"
        "  --user=NAME            log in so, with the password from the file or from the credential smtp-password\n"
        "  --password-file=FILE   a file that nobody else may read\n"
        "  --ca-file=FILE         believe certificates of this authority (PEM) instead of the system's\n"
        "  -t, --to-header        send it to everybody in its To, Cc and Bcc\n"
        "  --timeout=SECONDS      give up after that long (25)\n"
        "  --verbose              show what is said, on stdout\n"
        "  --help                 show this\n"
        "  --version              show the version\n"
        "\n"
        "Instead of options: DOSED_MAIL_SERVER, DOSED_MAIL_FROM, DOSED_MAIL_USER, DOSED_MAIL_PASSWORD_FILE,\n"
        "DOSED_MAIL_CA_FILE, DOSED_MAIL_TIMEOUT. See dosed-mail(8).\n";

enum {
        OPTION_SERVER = 256,
        OPTION_FROM,
        OPTION_USER,
        OPTION_PASSWORD_FILE,
        OPTION_PASSWORD,
        OPTION_CA_FILE,
        OPTION_TIMEOUT,
        OPTION_VERBOSE,
        OPTION_HELP,
        OPTION_VERSION,
};

static const struct option long_options[] = {
        { "server", required_argument, NULL, OPTION_SERVER },
        { "from", required_argument, NULL, OPTION_FROM },
        { "user", required_argument, NULL, OPTION_USER },
        { "password-file", required_argument, NULL, OPTION_PASSWORD_FILE },
        { "password", required_argument, NULL, OPTION_PASSWORD }, /* else getopt takes it for --password-file */
        { "ca-file", required_argument, NULL, OPTION_CA_FILE },
        { "to-header", no_argument, NULL, 't' },
        { "timeout", required_argument, NULL, OPTION_TIMEOUT },
        { "verbose", no_argument, NULL, OPTION_VERBOSE },
        { "help", no_argument, NULL, OPTION_HELP },
        { "version", no_argument, NULL, OPTION_VERSION },
        {},
};

void settings_done(struct settings *settings) {
        server_done(&settings->server);
        password_free(settings->password);
        *settings = (struct settings){};
}

void settings_print_help(void) {
        (void) fputs(help, stdout);
}

/* A variable that is set to nothing is not set. */
static void read_environment(struct settings *settings) {
        const struct {
                const char *name, **value;
        } variables[] = {
                { "DOSED_MAIL_SERVER", &settings->server_url },
                { "DOSED_MAIL_FROM", &settings->from },
                { "DOSED_MAIL_USER", &settings->user },
                { "DOSED_MAIL_PASSWORD_FILE", &settings->password_file },
                { "DOSED_MAIL_CA_FILE", &settings->authority_file },
                { "DOSED_MAIL_TIMEOUT", &settings->timeout },
        };

        for (size_t i = 0; i < ELEMENTS(variables); i++) {
                const char *value = getenv(variables[i].name);

                *variables[i].value = value && value[0] != '\0' ? value : NULL;
        }
}

int settings_parse(struct settings *settings, int argc, char **argv) {
        int option;

        read_environment(settings);
        while ((option = getopt_long(argc, argv, "t", long_options, NULL)) >= 0)
                switch (option) {
                case OPTION_SERVER:
                        settings->server_url = optarg;
                        break;
                case OPTION_FROM:
                        settings->from = optarg;
                        break;
                case OPTION_USER:
                        settings->user = optarg;
                        break;
                case OPTION_PASSWORD_FILE:
                        settings->password_file = optarg;
                        break;
                case OPTION_PASSWORD:
                        complain(
                                "everybody on this machine can read a command line: put the password into a file, and use "
                                "--password-file");
                        return EX_USAGE;
                case OPTION_CA_FILE:
                        settings->authority_file = optarg;
                        break;
                case OPTION_TIMEOUT:
                        settings->timeout = optarg;
                        break;
                case 't':
                        settings->recipients_from_header = true;
                        break;
                case OPTION_VERBOSE:
                        settings->verbose = true;
                        break;
                case OPTION_HELP:
                        settings->help = true;
                        break;
                case OPTION_VERSION:
                        settings->version = true;
                        break;
                default:
                        complain("see dosed-mail --help");
                        return EX_USAGE;
                }
        settings->recipients = argv + optind;
        settings->n_recipients = (size_t) (argc - optind);
        return 0;
}

static int check_server(struct settings *settings) {
        int r;

        if (!settings->server_url) {
                complain("no server to send mail by is named: use --server or DOSED_MAIL_SERVER");
                return EX_CONFIG;
        }
        r = server_read(settings->server_url, &settings->server);
        if (r < 0)
                return complain_system("the server's name cannot be read", r);
        if (r > 0) {
                /* Not repeated: people put passwords into it. */
                complain("the mail server is not named well: %s", server_fault_to_string((enum server_fault) r));
                return EX_CONFIG;
        }
        return 0;
}

static int check_from(const struct settings *settings) {
        enum address_fault fault;

        if (!settings->from) {
                complain("nobody is named who sends the mail: use --from or DOSED_MAIL_FROM");
                return EX_CONFIG;
        }
        fault = address_check(settings->from);
        if (fault != ADDRESS_GOOD) {
                complain("mail cannot be sent from '%s': %s", settings->from, address_fault_to_string(fault));
                return EX_CONFIG;
        }
        return 0;
}

static int check_timeout(struct settings *settings) {
        char *end;
        unsigned long value;

        settings->timeout_sec = LIMIT_MAIL_SEC;
        if (!settings->timeout)
                return 0;
        errno = 0;
        value = strtoul(settings->timeout, &end, 10);
        if (errno != 0 || *end != '\0' || settings->timeout[0] < '0' || settings->timeout[0] > '9' || value < 1 ||
            value > LIMIT_MAIL_MAX_SEC) {
                complain("'%s' is no timeout: a number of seconds from 1 to %d", settings->timeout, LIMIT_MAIL_MAX_SEC);
                return EX_CONFIG;
        }
        settings->timeout_sec = (unsigned) value;
        return 0;
}

static int check_authority(const struct settings *settings) {
        if (settings->authority_file && access(settings->authority_file, R_OK) < 0) {
                complain("'%s' cannot be read: %s", settings->authority_file, strerror(errno));
                return EX_CONFIG;
        }
        return 0;
}

static int check_login(struct settings *settings) {
        if (!settings->user) {
                if (!settings->password_file)
                        return 0;
                complain("there is a password file, and nobody whose it is: use --user or DOSED_MAIL_USER");
                return EX_CONFIG;
        }
        if (strlen(settings->user) > LIMIT_MAIL_USER_BYTES) {
                complain("the name to log in with is too long");
                return EX_CONFIG;
        }
        for (const char *p = settings->user; *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7F) {
                        complain("the name to log in with has a control character in it");
                        return EX_CONFIG;
                }
        return password_read(settings->password_file, &settings->password);
}

int settings_check(struct settings *settings) {
        int r;

        if (settings->recipients_from_header && settings->n_recipients > 0) {
                complain("recipients are named, and --to-header as well: which of them?");
                return EX_USAGE;
        }
        if (!settings->recipients_from_header && settings->n_recipients == 0) {
                complain("nobody is named to send it to: name them, or use --to-header");
                return EX_USAGE;
        }
        r = check_server(settings);
        if (r == 0)
                r = check_from(settings);
        if (r == 0)
                r = check_timeout(settings);
        if (r == 0)
                r = check_authority(settings);
        return r == 0 ? check_login(settings) : r;
}
