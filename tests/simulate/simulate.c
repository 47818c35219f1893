/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* simulate FIRST COUNT YEARS: lives of one or two people, seed after seed; VERBOSE=1 tells each of their moments. */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "simulate.h"

int main(int argc, char **argv) {
        uint64_t first, count, totals[11] = {};
        unsigned years;

        if (argc != 4) {
                (void) fprintf(stderr, "usage: simulate FIRST-SEED COUNT YEARS\n");
                return 2;
        }
        if (!parts_read())
                return 2;
        ledger_begin();
        /* Memory that was needed once is needed again. */
        (void) mallopt(M_TRIM_THRESHOLD, 1 << 30);
        (void) mallopt(M_TOP_PAD, 16 << 20);
        first = strtoull(argv[1], NULL, 10);
        count = strtoull(argv[2], NULL, 10);
        years = (unsigned) strtoul(argv[3], NULL, 10);

        for (uint64_t seed = first; seed < first + count; seed++) {
                struct world world = { .seed = seed, .random = seed, .verbose = getenv("VERBOSE") };

                world_run(&world, years);
                totals[0] += world.n_doses;
                totals[1] += world.n_reminders;
                totals[2] += world.n_restarts;
                totals[3] += world.n_edits;
                totals[4] += world.n_zones;
                totals[5] += world.n_jumps;
                totals[6] += world.n_absences;
                totals[7] += world.n_failures;
                totals[8] += world.n_people;
                totals[9] += world.told.n_messages;
                totals[10] += world.told.n_resolved;
        }
        (void) printf("%" PRIu64 " person-years from seed %" PRIu64 ": %" PRIu64 " doses, %" PRIu64
                      " reminders, %" PRIu64 " restarts, %" PRIu64 " edits, %" PRIu64 " journeys, %" PRIu64
                      " clocks put right, %" PRIu64 " people left out, %" PRIu64 " times unwritable, %" PRIu64
                      " messages tried, %" PRIu64 " times resolved\n",
                      totals[8] * years, first, totals[0], totals[1], totals[2], totals[3], totals[4], totals[5],
                      totals[6], totals[7], totals[9], totals[10]);
        return 0;
}
