/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the doses that the ledger knows lie in a new plan. */
#include <string.h>

#include "engine/place.h"

#define LINKS_MAX 100 /* so often a dose has been moved on, edit after edit */

enum standing standing_of(const struct dose *dose) {
        switch (dose->state) {
        case DOSE_TAKEN:
                return STANDING_RECORDED;
        case DOSE_SKIPPED:
                return dose_is_off_plan(dose) ? STANDING_ASIDE : STANDING_RECORDED;
        case DOSE_DUE:
        case DOSE_SNOOZED:
                return STANDING_OPEN;
        case DOSE_UPCOMING:
                return STANDING_WAITING;
        case DOSE_MISSED:
        case DOSE_UNATTENDED:
        case DOSE_AWAY:
                return STANDING_SETTLED;
        case DOSE_MOVED:
        case _DOSE_STATE_MAX:
                break;
        }
        return STANDING_ASIDE;
}

/* Still to come at the start of the former plan, which is another now. */
static bool is_former_start(const struct slot *slot, const struct dose *dose) {
        const struct wall_clock *clock = &slot->person->clock;
        struct occurrence occurrence;

        return dose->state == DOSE_UPCOMING && slot->former &&
               schedule_find(slot->former, clock, dose->recurrence_id, &occurrence) == 0 &&
               schedule_find(slot->schedule, clock, dose->recurrence_id, &occurrence) != 0;
}

/* What the ledger has of such a schedule, it made itself: but a start can move, and all of it can be stopped and be back. */
static int find_fate_after_taken(const struct dose *dose, struct place *place, enum fate *ret, struct place *ret_place) {
        const struct schedule *schedule = place->slot->schedule;
        int r;

        switch (standing_of(dose)) {
        case STANDING_RECORDED:
        case STANDING_SETTLED:
                *ret = FATE_STAYS;
                return 0;
        case STANDING_OPEN:
        case STANDING_WAITING:
                *ret = schedule->stopped || schedule->on_hold || is_former_start(place->slot, dose) ? FATE_GONE : FATE_STAYS;
                return 0;
        case STANDING_ASIDE:
        case _STANDING_MAX:
                break;
        }
        r = schedule_find(schedule, &place->slot->person->clock, dose->recurrence_id, &place->occurrence);
        if (r == 0) {
                *ret = FATE_STAYS;
                *ret_place = *place;
        }
        return r < 0 ? r : 0;
}

/* Its time is compared by the same clock, since the person may have travelled since it froze. */
int find_fate(const struct settlement *settlement, const struct dose *dose, enum fate *ret, struct place *ret_place) {
        const struct person *person = settlement->person;
        struct place place = { .slot = person_find_slot(person, dose->uid) };
        bool follows_taken = place.slot && place.slot->schedule->after_taken_usec > 0;
        struct occurrence before;
        int r;

        *ret = FATE_GONE;
        if (!place.slot)
                return 0;
        r = slot_find(place.slot, dose->recurrence_id, &place.occurrence);
        if (r < 0)
                return r;
        if (r > 0) {
                /* What the ledger has of such a schedule, it made itself. */
                return follows_taken ? find_fate_after_taken(dose, &place, ret, ret_place) : 0;
        }
        *ret_place = place;
        *ret = FATE_STAYS;
        if (place.occurrence.due_usec == dose->due_usec)
                return 0;
        *ret = FATE_MOVES;
        if (!place.slot->former || follows_taken)
                return 0;
        r = schedule_find(place.slot->former, &person->clock, dose->recurrence_id, &before);
        if (r == 0 && before.due_usec == place.occurrence.due_usec)
                *ret = FATE_STAYS;
        return r < 0 ? r : 0;
}

struct medication *medication_of(const struct person *person, const struct dose *dose) {
        const struct slot *slot = person_find_slot(person, dose->uid);

        return slot ? slot->medication : person_find_medication(person, dose->medication);
}

/* What the former plan had under that name. */
static bool place_before(const struct place *place, struct occurrence *ret) {
        const struct slot *slot = place->slot;
        char recurrence_id[CIVIL_TEXT_SIZE];

        return slot->former && schedule_find(slot->former, &slot->person->clock,
                                             occurrence_format_id(&place->occurrence, recurrence_id), ret) == 0;
}

bool place_is_old(const struct place *place) {
        struct occurrence before;

        return !place->slot->is_changed || (place_before(place, &before) && before.due_usec == place->occurrence.due_usec);
}

/* A name that the former plan had is that same dose, wherever it is now, and no place for another. */
static bool place_is_new(const struct place *place) {
        struct occurrence before;

        return place->slot->is_changed && !place_before(place, &before);
}

int find_nearest(const struct settlement *settlement, const struct medication *medication, usec_t due_usec,
                 usec_t first_usec, usec_t spacing_usec, struct place *ret, struct live_dose **ret_live) {
        usec_t half_usec = spacing_usec / 2, best_usec = half_usec;
        struct engine *engine = settlement->engine;
        int r;

        *ret_live = NULL;
        for (size_t i = 0; medication && i < medication->n_slots; i++) {
                struct slot *slot = medication->slots[i];
                usec_t at_usec = usec_earlier(first_usec - half_usec, due_usec);

                for (;;) {
                        struct place place = { .slot = slot };
                        struct live_dose *live;
                        usec_t apart_usec;

                        r = slot_next(slot, at_usec, &place.occurrence);
                        if (r < 0)
                                return r;
                        if (r > 0 || (place.occurrence.due_usec - first_usec >= half_usec &&
                                      place.occurrence.due_usec > due_usec))
                                break;
                        at_usec = place.occurrence.due_usec + 1;
                        apart_usec = place.occurrence.due_usec == due_usec
                                             ? 0
                                             : llabs(place.occurrence.due_usec - first_usec);

                        if (apart_usec >= best_usec || !place_is_new(&place))
                                continue;
                        r = live_from_occurrence(engine, slot, &place.occurrence, &live);
                        if (r >= 0)
                                r = live_touch(engine, live); /* let go of again where it stays without entries */
                        if (r < 0)
                                return r;
                        if ((live->in_ledger && live->dose->state != DOSE_UPCOMING) || live->is_claimed)
                                continue;
                        *ret_live = live;
                        *ret = place;
                        best_usec = apart_usec;
                }
        }
        return 0;
}

/* EXDATE or a cancelled override names this very dose: without them the plan would have it. */
static int is_called_off(const struct person *person, const struct dose *dose, bool *ret) {
        const struct slot *slot = person_find_slot(person, dose->uid);
        struct schedule schedule;
        struct occurrence occurrence;
        char text[CIVIL_TEXT_SIZE];
        int r;

        *ret = false;
        if (!slot)
                return 0;
        for (size_t i = 0; i < slot->schedule->n_overrides; i++) {
                const struct override *override = &slot->schedule->overrides[i];
                const struct occurrence original = { .schedule = slot->schedule, .recurrence_id = override->recurrence_id };

                if (override->cancelled && strcmp(occurrence_format_id(&original, text), dose->recurrence_id) == 0) {
                        *ret = true;
                        return 0;
                }
        }
        r = schedule_find(slot->schedule, &person->clock, dose->recurrence_id, &occurrence);
        if (r != SCHEDULE_NO_OCCURRENCE)
                return r;
        schedule = *slot->schedule;
        schedule.n_exception_dates = 0;
        r = schedule_find(&schedule, &person->clock, dose->recurrence_id, &occurrence);
        *ret = r == 0;
        return r < 0 ? r : 0;
}

static bool is_stopped(const struct person *person, const struct dose *dose) {
        const struct medication *medication = medication_of(person, dose);
        const struct slot *slot = person_find_slot(person, dose->uid);

        if (slot && (slot->schedule->stopped || slot->schedule->on_hold))
                return true;
        for (size_t i = 0; medication && i < medication->n_slots; i++)
                if (!medication->slots[i]->schedule->stopped && !medication->slots[i]->schedule->on_hold)
                        return false;
        return true;
}

int is_taken_off(const struct person *person, const struct dose *dose, bool *ret) {
        *ret = is_stopped(person, dose);
        return *ret ? 0 : is_called_off(person, dose, ret);
}

/* By id, from hand or ledger; NULL where the ledger does not know it. */
static int find_known(struct engine *engine, const char *id, struct live_dose **ret) {
        _cleanup_(free_p) char *person = NULL, *uid = NULL, *recurrence_id = NULL;
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        struct live_dose *live = live_find(engine, id);
        int r;

        *ret = live && live->in_ledger ? live : NULL;
        if (live)
                return 0;
        r = dose_id_parse(id, &person, &uid, &recurrence_id);
        if (r != 0)
                return r < 0 ? r : 0;
        r = engine_read_dose(engine, person, uid, recurrence_id, &dose);
        return r < 0 || !dose ? r : live_take(engine, TAKE(dose), ret);
}

int find_successor(const struct settlement *settlement, const struct live_dose *live, struct live_dose **ret) {
        int r;

        *ret = NULL;
        for (unsigned i = 0; i < LINKS_MAX && live->dose->moved_to; i++) {
                struct live_dose *next;

                r = find_known(settlement->engine, live->dose->moved_to, &next);
                if (r < 0 || !next)
                        return r;
                live = next;
                if (live->dose->state != DOSE_MOVED) {
                        *ret = next;
                        return 0;
                }
        }
        return 0;
}
