/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UIDs that stand in several files. */
#include <string.h>

#include "ctl/same-uid.h"

void uid_versions_free(struct uid_version **versions) {
        struct uid_version *version, *next;

        HASH_ITER(hh, *versions, version, next) {
                HASH_DEL(*versions, version);
                free(version);
        }
}

/* Whose files they are is not known here. */
static int meet(struct uid_version *known, const struct schedule *schedule, struct problems *problems) {
        const struct schedule *other = known->schedule;

        int order = schedule_compare_versions(schedule, other);

        if (order < 0 || (order == 0 && strcmp(schedule->file, other->file) < 0))
                known->schedule = schedule;
        return problems_add(problems, schedule->file, schedule->line, SEVERITY_WARNING,
                            "The UID \"%s\" stands in %s as well, on line %u: where both are one person's, only that in %s "
                            "counts",
                            schedule->uid, other->file, other->line, known->schedule->file);
}

int uid_versions_add(struct uid_version **versions, const struct calendar *calendar, struct problems *problems) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < calendar->n_schedules; i++) {
                const struct schedule *schedule = calendar->schedules[i];
                struct uid_version *known;

                HASH_FIND_STR(*versions, schedule->uid, known);
                if (known) {
                        r = meet(known, schedule, problems);
                        continue;
                }
                known = calloc(1, sizeof(*known));
                if (!known)
                        return -ENOMEM;
                known->schedule = schedule;
                HASH_ADD_KEYPTR(hh, *versions, schedule->uid, strlen(schedule->uid), known);
        }
        return r;
}
