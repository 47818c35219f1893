/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `dosed --check-config`: what is wrong with a configuration, for whoever writes it. */
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/config.h"
#include "dosed/text.h"

#define SERVICE_USER "dosed" /* as the unit says */

static void print_problems(const struct problems *problems) {
        for (size_t i = 0; i < problems->n_items; i++) {
                const struct problem *problem = &problems->items[i];

                (void) fprintf(stderr, "%s:", problem->file);
                if (problem->line > 0)
                        (void) fprintf(stderr, "%u:", problem->line);
                (void) fprintf(stderr, " %s: %s\n", severity_to_string(problem->severity), problem->text);
        }
}

static void print_count(size_t n, const char *one, const char *many) {
        if (n == 0)
                (void) printf("no %s", one);
        else
                (void) printf("%zu %s", n, n == 1 ? one : many);
}

static void print_verdict(const struct config_places *places, const struct config *config) {
        if (!config->has_file && !config->has_drop_ins)
                (void) printf("There is no configuration at %s, which is good: ", places->file);
        else
                (void) printf("The configuration is good: ");
        print_count(config->n_people, "person", "people");
        (void) printf(", ");
        print_count(config->n_caregivers, "caregiver", "caregivers");
        (void) printf(", ");
        print_count(config->n_hooks, "hook", "hooks");
        (void) printf("\n");
}

int config_check(const struct config_places *places) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(config_done) struct config config = {};
        struct config_places look = *places;
        int r;

        look.looks_around = true;
        if (look.is_system && geteuid() == 0)
                look.service_user = SERVICE_USER;
        r = config_load(&look, &config, &problems);
        if (r < 0) {
                (void) fprintf(stderr, "dosed: the configuration cannot be read: %s\n", strerror(-r));
                return EX_OSERR;
        }
        print_problems(&problems);
        if (r == CONFIG_INVALID) {
                (void) fprintf(stderr, "The configuration cannot be used: %zu error%s\n", problems.n_errors,
                               problems.n_errors == 1 ? "" : "s");
                return EX_CONFIG;
        }
        print_verdict(places, &config);
        return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}
