/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the doses that the ledger knows lie in a new plan: stays, moves or gone; and what is nearest to one that is gone. */
#pragma once

#include "engine/private.h"

struct settlement {
        struct engine *engine;
        struct person *person;
        const struct changes *changes;
        usec_t now_usec;
        struct live_dose **doses; /* of the changed UIDs, by due time */
        size_t n_doses;
};

/* Where a dose lies in the new plan. */
struct place {
        struct slot *slot;
        struct occurrence occurrence;
};

/* What a dose is, as far as an edit is concerned. */
enum standing {
        STANDING_RECORDED, /* somebody took or skipped it */
        STANDING_OPEN,
        STANDING_WAITING, /* still to come, and the ledger knows it: reminded of ahead, undone, moved */
        STANDING_SETTLED, /* by time */
        STANDING_ASIDE,   /* an edit before this one took it off, or put another in its place */
        _STANDING_MAX,
};

/* What the edit does to its name, UID and recurrence id. */
enum fate {
        FATE_STAYS, /* at the same time */
        FATE_MOVES, /* to another time */
        FATE_GONE,
        _FATE_MAX,
};

enum standing standing_of(const struct dose *dose);
/* The place is set unless it is gone, or follows what was taken. */
int find_fate(const struct settlement *settlement, const struct dose *dose, enum fate *ret, struct place *ret_place);
/* Whether the occurrence is as the former plan had it. */
bool place_is_old(const struct place *place);
/*
 * The new occurrence of that medication that is due just when the dose is (another UID, that is all), else that lies nearest to
 * `first_usec`, within half the spacing, be it past or to come; none that is over or open, or that another dose has moved to.
 * NULL where there is none.
 */
int find_nearest(const struct settlement *settlement, const struct medication *medication, usec_t due_usec,
                 usec_t first_usec, usec_t spacing_usec, struct place *ret, struct live_dose **ret_live);
/* What took a moved dose's place, at the end of all moves; NULL where the ledger does not know that. */
int find_successor(const struct settlement *settlement, const struct live_dose *live, struct live_dose **ret);
/* The medication under which the plan has the dose now: its UID says more than a name that may have been mended. */
struct medication *medication_of(const struct person *person, const struct dose *dose);
/* Whether the plan says that it is not to be taken: this very dose, or anything of its medication. */
int is_taken_off(const struct person *person, const struct dose *dose, bool *ret);
