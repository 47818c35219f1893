/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb complete: what the completions of the shells offer, a name a line. Nobody waits long for it, or reads complaints. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "ctl/calendars.h"
#include "ctl/client.h"
#include "ctl/listing.h"
#include "ctl/verb.h"
#include "dosed/limits.h"
#include "dosed/text.h"

/* The library waits for a bus that hangs as long as it likes; what is printed is still in memory then. */
static void give_up(int signal) {
        (void) signal;
        _exit(0);
}

static int print_people(sd_bus *bus, const struct request *request) {
        _cleanup_(texts_free_p) char **people = NULL;
        int r;

        r = client_get_texts(bus, request, "People", &people);
        for (size_t i = 0; r == 0 && people[i]; i++)
                printf("%s\n", people[i]);
        return r;
}

static int print_medications(sd_bus *bus, const struct request *request) {
        _cleanup_(listed_medications_done) struct listed_medications medications = {};
        int r;

        r = listed_medications_get(bus, request, &medications);
        for (size_t i = 0; r == 0 && i < medications.n_items; i++)
                if (medications.items[i].name)
                        printf("%s\n", medications.items[i].name);
        return r;
}

/* Of everyone whose plan the caller may change. */
static int print_plan_files(sd_bus *bus, const struct request *request) {
        _cleanup_(texts_free_p) char **people = NULL;
        int r;

        r = client_get_texts(bus, request, "People", &people);
        for (size_t i = 0; r >= 0 && people && people[i]; i++) {
                _cleanup_(texts_free_p) char **files = NULL;

                if (request_has(request, OPTION_PERSON) && strcmp(request->options[OPTION_PERSON], people[i]) != 0)
                        continue;
                r = calendars_list(bus, request, people[i], &files);
                for (size_t j = 0; files && files[j]; j++)
                        printf("%s\n", files[j]);
        }
        return r;
}

/* What `dosectl edit` finds a plan file by. */
static int print_plan(sd_bus *bus, const struct request *request) {
        int r;

        r = print_medications(bus, request);
        return r == 0 ? print_plan_files(bus, request) : r;
}

static bool has_namesake(const struct listed_doses *doses, const struct listed_dose *dose) {
        for (size_t i = 0; i < doses->n_items; i++)
                if (&doses->items[i] != dose && text_equal(doses->items[i].medication, dose->medication))
                        return true;
        return false;
}

/* The name where it says which dose is meant, else the id. */
static void print_open(const struct listed_doses *open) {
        for (size_t i = 0; i < open->n_items; i++) {
                const struct listed_dose *dose = &open->items[i];
                const char *name = has_namesake(open, dose) ? dose->id : dose->medication;

                if (name)
                        printf("%s\n", name);
        }
}

/* One that is open goes before one that comes, so that the name means it; and of those that come, it means the first. */
static void print_upcoming(const struct listed_doses *upcoming, const struct listed_doses *open) {
        for (size_t i = 0; i < upcoming->n_items; i++) {
                const struct listed_dose *dose = &upcoming->items[i];

                if (dose->state == DOSE_UPCOMING && dose->medication && !has_namesake(open, dose))
                        printf("%s\n", dose->medication);
        }
}

/* Those that `dosectl take` finds by these words. */
static int print_doses(sd_bus *bus, const struct request *request) {
        _cleanup_(listed_doses_done) struct listed_doses open = {}, upcoming = {};
        int r;

        r = listed_doses_get_open(bus, request, &open);
        if (r == 0)
                r = listed_doses_get(bus, request, request->now_usec, request->now_usec + USEC_PER_DAY, &upcoming);
        if (r != 0)
                return r;
        print_open(&open);
        print_upcoming(&upcoming, &open);
        return 0;
}

static const struct {
        const char *name;
        int (*print)(sd_bus *bus, const struct request *request); /* NULL: needs no dosed */
} kinds[] = {
        { "verbs", NULL },        { "options", NULL },        { "meds", print_medications },
        { "doses", print_doses }, { "people", print_people }, { "plan", print_plan },
};

static int print_from_dosed(const struct request *request, int (*print)(sd_bus *bus, const struct request *request)) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        if (signal(SIGALRM, give_up) == SIG_ERR)
                return -errno;
        (void) alarm(LIMIT_COMPLETE_SEC);

        r = client_open_running(request, &bus);
        if (r == 0 && bus)
                r = print(bus, request);
        /* What dosed refuses is nothing to offer. */
        return r < 0 ? r : 0;
}

int complete_run(struct request *request) {
        const char *kind = request->arguments[0];

        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                if (strcmp(kinds[i].name, kind) != 0)
                        continue;
                if (kinds[i].print)
                        return print_from_dosed(request, kinds[i].print);
                if (strcmp(kind, "verbs") == 0)
                        request_print_verbs(verbs, n_verbs);
                else
                        request_print_options(request->n_arguments > 1 ? request->arguments[1] : NULL, verbs, n_verbs);
                return 0;
        }
        complain("there is no completion of '%s': see dosectl complete --help", kind);
        return REQUEST_USAGE;
}
