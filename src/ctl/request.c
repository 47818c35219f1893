/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the command line by the table of verbs, and the help made from the same table. */
#include <getopt.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "ctl/request.h"
#include "dosed/text.h"

static const char *const option_names[_OPTION_MAX] = {
        [OPTION_USER] = "user",
        [OPTION_SYSTEM] = "system",
        [OPTION_PERSON] = "person",
        [OPTION_JSON] = "json",
        [OPTION_NO_PAGER] = "no-pager",
        [OPTION_HELP] = "help",
        [OPTION_VERSION] = "version",
        [OPTION_AT] = "at",
        [OPTION_AMOUNT] = "amount",
        [OPTION_NOTE] = "note",
        [OPTION_BY] = "by",
        [OPTION_MEASUREMENT] = "measurement",
        [OPTION_FORCE] = "force",
        [OPTION_AMEND] = "amend",
        [OPTION_FROM] = "from",
        [OPTION_UNTIL] = "until",
        [OPTION_TIMEZONE] = "timezone",
        [OPTION_ALL_DAY_TIME] = "all-day-time",
        [OPTION_LIMIT] = "limit",
        [OPTION_DAYS] = "days",
        [OPTION_FOR] = "for",
        [OPTION_PURPOSE] = "purpose",
        [OPTION_CRITICAL] = "critical",
        [OPTION_KIND] = "kind",
        [OPTION_ALL] = "all",
        [OPTION_QUIET] = "quiet",
};

static const struct verb_option global_options[] = {
        { OPTION_USER, NULL, "talk to the dosed of the session; without either, to the one that runs, this one first" },
        { OPTION_SYSTEM, NULL, "talk to the dosed of the whole machine" },
        { OPTION_PERSON, "NAME", "only this person" },
        { OPTION_JSON, NULL, "answer as JSON, with times in UTC" },
        { OPTION_NO_PAGER, NULL, "never show long output in a pager" },
        { OPTION_HELP, NULL, "this help; after a verb, the help of that verb" },
        { OPTION_VERSION, NULL, "the version" },
        {},
};

/* What getopt_long returns for the option of an id: above every character. */
#define OPTION_VALUE(id) ((int) (id) + 1000)

void complain(const char *format, ...) {
        _cleanup_(free_p) char *raw = NULL, *text = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&raw, format, arguments);
        va_end(arguments);
        if (r < 0) {
                raw = NULL;
                return;
        }

        /* What was printed so far comes first, also where both go to one file. */
        (void) fflush(stdout);
        if (text_clean(raw, &text) >= 0)
                fprintf(stderr, "dosectl: %s\n", text);
}

void request_done(struct request *request) {
        for (size_t i = 0; i < ELEMENTS(request->options); i++)
                free(request->options[i]);
        zones_free(request->zones);
        *request = (struct request){};
}

static bool options_hold(const struct verb_option *options, enum option_id id) {
        for (; options && options->help; options++)
                if (options->id == id)
                        return true;
        return false;
}

bool request_takes(const struct request *request, enum option_id id) {
        return options_hold(global_options, id) || options_hold(request->verb->options, id);
}

static size_t options_add(struct option *options, size_t n, const struct verb_option *from) {
        for (; from && from->help; from++)
                options[n++] = (struct option){
                        .name = option_names[from->id],
                        .has_arg = from->argument ? required_argument : no_argument,
                        .val = OPTION_VALUE(from->id),
                };
        return n;
}

static int option_set(struct request *request, enum option_id id, const char *value) {
        char **slot = &request->options[id], *joined;
        int r;

        if (!*slot || !value)
                return text_set(slot, value ? value : "");

        r = text_format(&joined, "%s,%s", *slot, value);
        if (r < 0)
                return r;
        free(*slot);
        *slot = joined;
        return 0;
}

/* Reads options up to the end, or to the first argument where there is no verb yet. Leaves optind behind them. */
static int options_parse(struct request *request, int argc, char **argv) {
        struct option options[2 * _OPTION_MAX + 1] = {};
        const struct verb *verb = request->verb;
        size_t n = 0;

        n = options_add(options, n, verb ? verb->options : NULL);
        (void) options_add(options, n, global_options);

        opterr = 0;
        optind = 0;
        for (;;) {
                int c, r;

                c = getopt_long(argc, argv, verb ? ":h" : "+:h", options, NULL);
                if (c < 0)
                        return 0;
                if (c == ':' || c == '?') {
                        complain("%s '%s'%s: see dosectl%s%s --help",
                                 c == ':' ? "a value is missing after" : "unknown option", argv[optind - 1],
                                 verb ? "" : " before the verb", verb ? " " : "", verb ? verb->name : "");
                        return REQUEST_USAGE;
                }

                r = option_set(request, c == 'h' ? OPTION_HELP : (enum option_id)(c - OPTION_VALUE(0)), optarg);
                if (r < 0)
                        return r;
        }
}

static const struct verb *verb_find(const char *name, const struct verb *verbs, size_t n_verbs) {
        for (size_t i = 0; i < n_verbs; i++)
                if (strcmp(verbs[i].name, name) == 0)
                        return &verbs[i];
        return NULL;
}

static int bus_check(const struct request *request) {
        if (!request_has(request, OPTION_USER) || !request_has(request, OPTION_SYSTEM))
                return 0;
        complain("--user and --system exclude each other");
        return REQUEST_USAGE;
}

static int arguments_check(const struct request *request) {
        const struct verb *verb = request->verb;

        if (request->n_arguments < verb->least)
                complain("%s needs %s: see dosectl %s --help", verb->name, verb->arguments, verb->name);
        else if (request->n_arguments > verb->most && verb->most == 0)
                complain("%s takes no argument, but '%s' was given", verb->name, request->arguments[0]);
        else if (request->n_arguments > verb->most)
                complain("'%s' is too much for %s %s: put quotes around what has spaces in it",
                         request->arguments[verb->most], verb->name, verb->arguments);
        else
                return 0;
        return REQUEST_USAGE;
}

int request_parse(struct request *request, int argc, char **argv, const struct verb *verbs, size_t n_verbs) {
        int r;

        r = options_parse(request, argc, argv);
        if (r != 0)
                return r;
        if (request_has(request, OPTION_HELP) || request_has(request, OPTION_VERSION))
                return 0;

        if (optind >= argc) {
                request->verb = &verbs[0];
                return bus_check(request);
        }

        request->verb = verb_find(argv[optind], verbs, n_verbs);
        if (!request->verb) {
                complain("there is no verb '%s': dosectl --help lists them", argv[optind]);
                return REQUEST_USAGE;
        }
        if (!request->verb->run) {
                complain("'%s' is not built yet in this version", request->verb->name);
                return REQUEST_USAGE;
        }

        argc -= optind;
        argv += optind;
        r = options_parse(request, argc, argv);
        if (r != 0)
                return r;

        request->arguments = argv + optind;
        request->n_arguments = (size_t) (argc - optind);
        if (request_has(request, OPTION_HELP) || request_has(request, OPTION_VERSION))
                return 0;

        r = bus_check(request);
        return r != 0 ? r : arguments_check(request);
}

int request_time(const struct request *request, enum option_id id, const char *otherwise, const struct zone *zone,
                 struct when *ret) {
        const char *text = request_has(request, id) ? request->options[id] : otherwise;

        if (when_parse(text, zone, request->now_usec, ret) != 0) {
                complain("'%s' is no time: 08:10, yesterday, \"2026-11-23 08:10\" and -7d are", text);
                return REQUEST_USAGE;
        }
        return 0;
}

int request_check_span(usec_t from_usec, usec_t until_usec) {
        if (until_usec > from_usec)
                return 0;
        complain(until_usec < from_usec ? "--until lies before --from: exchange them"
                                        : "--until is the same as --from: give a later one");
        return REQUEST_USAGE;
}

int request_span(const struct request *request, const char *from_otherwise, const char *until_otherwise,
                 struct when *ret_from, struct when *ret_until) {
        struct when from, until;
        int r;

        r = request_time(request, OPTION_FROM, from_otherwise, request->zone, &from);
        if (r == 0)
                r = request_time(request, OPTION_UNTIL, until_otherwise, request->zone, &until);
        if (r == 0)
                r = request_check_span(from.start_usec, until.end_usec);
        if (r != 0)
                return r;
        *ret_from = from;
        *ret_until = until;
        return 0;
}

static bool verb_is_shown(const struct verb *verb) {
        return verb->run && verb->help;
}

static void options_print(const struct verb_option *options) {
        for (; options && options->help; options++) {
                char left[64];

                (void) snprintf(left, sizeof(left), "--%s%s%s", option_names[options->id], options->argument ? " " : "",
                                options->argument ? options->argument : "");
                printf("  %-24s %s\n", left, options->help);
        }
}

void request_print_help(const struct request *request, const struct verb *verbs, size_t n_verbs) {
        if (request->verb) {
                printf("dosectl %s %s\n\n%s\n", request->verb->name, request->verb->arguments,
                       request->verb->help ? request->verb->help : "For programs that complete what is typed.");
                if (request->verb->options) {
                        printf("\nOptions\n");
                        options_print(request->verb->options);
                }
        } else {
                printf("dosectl [OPTION...] VERB ...\n\nAsks dosed what is due, and tells it what was taken.\n\nVerbs\n");
                for (size_t i = 0; i < n_verbs; i++) {
                        char left[64];

                        if (!verb_is_shown(&verbs[i]))
                                continue;
                        (void) snprintf(left, sizeof(left), "%s %s", verbs[i].name, verbs[i].arguments);
                        printf("  %-24s %s\n", left, verbs[i].help);
                }
        }

        printf("\nOptions of every verb\n");
        options_print(global_options);
        if (!request->verb)
                printf("\nWHAT is a medication's name or the beginning of it, or a dose's id.\n"
                       "TIME is 08:10, \"yesterday 21:00\", \"2026-11-23 08:10\" or RFC 3339; a span of time also a day\n"
                       "(today, 2026-11-23) or a distance from now (-7d).\n"
                       "Exit status: 0 done, 1 refused or failed, 2 not understood.\n");
}

void request_print_verbs(const struct verb *verbs, size_t n_verbs) {
        for (size_t i = 0; i < n_verbs; i++)
                if (verb_is_shown(&verbs[i]))
                        printf("%s\t%s\n", verbs[i].name, verbs[i].help);
}

static void options_print_lines(const struct verb_option *options) {
        for (; options && options->help; options++)
                printf("--%s\t%s%s%s\n", option_names[options->id], options->help, options->argument ? "\t" : "",
                       options->argument ? options->argument : "");
}

void request_print_options(const char *verb_name, const struct verb *verbs, size_t n_verbs) {
        const struct verb *verb = verb_name ? verb_find(verb_name, verbs, n_verbs) : NULL;

        options_print_lines(verb ? verb->options : NULL);
        options_print_lines(global_options);
}
