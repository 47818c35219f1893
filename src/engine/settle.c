/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits around now: what a new plan makes of the doses that the ledger knows, and of those that were about to come. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "dosed/window.h"
#include "engine/place.h"

#define REACH (8 * USEC_PER_DAY) /* a moved weekly dose lies at most half a week away */
/* Of one schedule. Only a clock that was years ahead leaves so many; those beyond are seen to when their time comes. */
#define KNOWN_MAX 5000

/* The record of one dose becomes that of another; when it was taken, and who said so, stays. */
static int carry_record(const struct settlement *settlement, const struct live_dose *from, struct live_dose *to) {
        struct entry carried = from->dose->recorded;
        int r;

        carried.kind = ENTRY_CARRIED;
        carried.state = from->dose->state;
        carried.recorded_usec = settlement->now_usec;
        carried.other = from->id;
        r = live_enter(settlement->engine, to, &carried);
        return r < 0 ? r : live_set_timer(settlement->engine, to);
}

static int give_way(const struct settlement *settlement, struct live_dose *live, struct live_dose *to) {
        const struct entry moved = {
                .kind = ENTRY_MOVED,
                .state = DOSE_MOVED,
                .recorded_usec = settlement->now_usec,
                .other = to->id,
        };
        int r;

        to->is_claimed = true;
        r = live_enter(settlement->engine, live, &moved);
        return r < 0 ? r : live_set_timer(settlement->engine, live);
}

/* Back to what it is by the time now. */
static int bring_back(const struct settlement *settlement, struct live_dose *live) {
        const struct entry undone = {
                .kind = ENTRY_UNDONE,
                .state = live_state_by_time(settlement->engine, live, settlement->now_usec),
                .recorded_usec = settlement->now_usec,
                .recorded_by = (char *) RECORDED_BY_PLAN,
        };
        int r;

        r = live_enter(settlement->engine, live, &undone);
        if (r >= 0)
                r = live_find_alarms(live);
        return r < 0 ? r : live_set_timer(settlement->engine, live);
}

static int keep(struct settlement *settlement, struct live_dose *live, const struct place *place) {
        (void) settlement;
        (void) live;
        (void) place;
        return 0;
}

static int move(struct settlement *settlement, struct live_dose *live, const struct place *place) {
        return live_move(settlement->engine, live, place->slot, &place->occurrence, settlement->now_usec);
}

/* One that is over opens again only where its new time is not over as well. */
static int reopen(struct settlement *settlement, struct live_dose *live, const struct place *place) {
        usec_t next_usec;
        int r;

        r = medication_next_due(place->slot->medication, place->occurrence.due_usec + 1, &next_usec);
        if (r < 0)
                return r;
        if (window_end(&settlement->person->policy, place->occurrence.details, place->occurrence.due_usec,
                       place->occurrence.end_usec, next_usec) <= settlement->now_usec)
                return 0;
        return move(settlement, live, place);
}

/*
 * A place that has passed is where the dose was to come only if it is that near, however rare the doses are: a course that ended
 * months ago is over.
 */
static bool is_too_long_ago(const struct settlement *settlement, const struct place *place, usec_t due_usec) {
        return place->occurrence.due_usec <= settlement->now_usec && place->occurrence.due_usec < due_usec - REACH;
}

/*
 * To the nearest new one; *ret false where there is none, or where its time has passed and it is to be one that comes. A record
 * goes along; else the new place is in the ledger as well from now on, so that the next edit knows where the dose is.
 */
static int follow(struct settlement *settlement, struct live_dose *live, bool must_come, bool *ret) {
        /* However often edits moved it on: else it would wander off into another dose. */
        usec_t first_usec = live->dose->first_due_usec != USEC_NONE ? live->dose->first_due_usec : live->dose->due_usec;
        struct live_dose *nearest;
        struct place place;
        int r;

        *ret = false;
        r = find_nearest(settlement, medication_of(settlement->person, live->dose), live->dose->due_usec, first_usec,
                         live->dose->spacing_usec, &place, &nearest);
        if (r < 0 || !nearest || (must_come && place.occurrence.due_usec <= settlement->now_usec) ||
            is_too_long_ago(settlement, &place, first_usec))
                return r;
        *ret = true;
        if (standing_of(live->dose) == STANDING_RECORDED) {
                nearest->dose->first_due_usec = first_usec;
                r = carry_record(settlement, live, nearest);
        } else
                r = live_replace(settlement->engine, nearest, place.slot, &place.occurrence, first_usec,
                                 settlement->now_usec);
        return r < 0 ? r : give_way(settlement, live, nearest);
}

static int follow_coming(struct settlement *settlement, struct live_dose *live, const struct place *place) {
        bool follows;

        (void) place;
        return follow(settlement, live, true, &follows);
}

/* An open dose without a place stays what it was when it froze; one that nobody was asked about goes. */
static int follow_or_go(struct settlement *settlement, struct live_dose *live, const struct place *place) {
        bool is_off, is_waiting = live->dose->state == DOSE_UPCOMING, follows = false;
        int r;

        (void) place;
        r = is_taken_off(settlement->person, live->dose, &is_off);
        if (r >= 0 && !is_off)
                r = follow(settlement, live, !is_waiting, &follows);
        if (r < 0 || follows || (!is_off && !is_waiting))
                return r;
        return live_withdraw(settlement->engine, live, "taken off the plan", settlement->now_usec);
}

/*
 * Back in the plan that had lost it. What took its place gives way: its record comes back, and where it is gone it is that dose
 * no more. Where its window is over it stays aside, but for one that nothing else would tell of.
 */
static int restore(struct settlement *settlement, struct live_dose *live, const struct place *place) {
        bool is_other_time = place->occurrence.due_usec != live->dose->due_usec;
        bool is_gone = false;
        struct live_dose *successor;
        struct place elsewhere = {};
        enum fate fate;
        int r;

        if (place_is_old(place))
                return 0;
        r = find_successor(settlement, live, &successor);
        if (r >= 0 && successor) {
                r = find_fate(settlement, successor->dose, &fate, &elsewhere);
                is_gone = fate == FATE_GONE;
        }
        if (r < 0)
                return r;
        /* Another has come back to that one already: this is a dose of its own, if it is still to come. */
        if (successor && successor->is_claimed)
                return place->occurrence.due_usec > settlement->now_usec ? move(settlement, live, place) : 0;

        if (successor && standing_of(successor->dose) == STANDING_RECORDED &&
            (is_gone || successor->dose->recorded.kind == ENTRY_CARRIED)) {
                r = carry_record(settlement, successor, live);
                if (r < 0)
                        return r;
                if (is_gone)
                        return give_way(settlement, successor, live);
                /* Its times froze while there was no other dose before it; and it stands for nobody now. */
                successor->dose->first_due_usec = USEC_NONE;
                return elsewhere.slot && elsewhere.occurrence.due_usec > settlement->now_usec ?
                               move(settlement, successor, &elsewhere) :
                               bring_back(settlement, successor);
        }

        if (is_other_time)
                r = reopen(settlement, live, place);
        else if (live->dose->window_end_usec > settlement->now_usec)
                r = bring_back(settlement, live);
        if (r >= 0 && live->dose->state == DOSE_MOVED && (!successor || is_gone))
                r = bring_back(settlement, live);
        if (r >= 0 && live->dose->state != DOSE_MOVED && successor && is_gone &&
            standing_of(successor->dose) != STANDING_ASIDE)
                r = give_way(settlement, successor, live);
        return r;
}

typedef int (*remedy)(struct settlement *settlement, struct live_dose *live, const struct place *place);

static const remedy remedies[_STANDING_MAX][_FATE_MAX] = {
        [STANDING_RECORDED] = { [FATE_STAYS] = keep, [FATE_MOVES] = keep, [FATE_GONE] = follow_coming },
        [STANDING_OPEN] = { [FATE_STAYS] = keep, [FATE_MOVES] = move, [FATE_GONE] = follow_or_go },
        [STANDING_WAITING] = { [FATE_STAYS] = keep, [FATE_MOVES] = move, [FATE_GONE] = follow_or_go },
        [STANDING_SETTLED] = { [FATE_STAYS] = keep, [FATE_MOVES] = reopen, [FATE_GONE] = follow_coming },
        [STANDING_ASIDE] = { [FATE_STAYS] = restore, [FATE_MOVES] = restore, [FATE_GONE] = keep },
};

/* Those aside first: what comes back is a place that another may have to give up. */
static int settle_known(struct settlement *settlement, bool is_aside) {
        for (size_t i = 0; i < settlement->n_doses; i++) {
                struct live_dose *live = settlement->doses[i];
                enum standing standing = standing_of(live->dose);
                struct place place;
                enum fate fate;
                int r;

                if ((standing == STANDING_ASIDE) != is_aside || live->is_claimed)
                        continue;
                r = find_fate(settlement, live->dose, &fate, &place);
                if (r >= 0)
                        r = remedies[standing][fate](settlement, live, &place);
                if (r >= 0 && i % LIMIT_STEP_CHANGES == LIMIT_STEP_CHANGES - 1)
                        r = store_flush(settlement->engine->store);
                if (r < 0 && r != -EIO)
                        return r;
        }
        return 0;
}

/*
 * The next dose of a former schedule lost its name, and the edit puts it a little into the past: it would be neither here nor
 * there. It is due now.
 */
static int settle_next(struct settlement *settlement, size_t i) {
        const struct schedule *former = settlement->changes->former[i];
        const struct person *person = settlement->person;
        const struct slot *slot = person_find_slot(person, settlement->changes->items[i].uid);
        const struct medication *medication;
        struct occurrence coming, after;
        char recurrence_id[CIVIL_TEXT_SIZE];
        struct live_dose *nearest;
        struct place place;
        usec_t spacing_usec;
        int r;

        if (!former || former->after_taken_usec > 0)
                return 0;
        medication = slot ? slot->medication : person_find_medication(person, former->medication);
        r = schedule_next(former, &person->clock, settlement->now_usec + 1, &coming);
        if (r != 0)
                return r < 0 ? r : 0;
        (void) occurrence_format_id(&coming, recurrence_id);
        for (size_t j = 0; j < settlement->n_doses; j++)
                if (strcmp(settlement->doses[j]->dose->uid, former->uid) == 0 &&
                    strcmp(settlement->doses[j]->dose->recurrence_id, recurrence_id) == 0)
                        return 0; /* the ledger knows it */
        r = slot ? slot_find(slot, recurrence_id, &after) : SCHEDULE_NO_OCCURRENCE;
        if (r <= 0)
                return r;
        r = schedule_next(former, &person->clock, coming.due_usec + 1, &after);
        if (r < 0)
                return r;
        spacing_usec = r == 0 ? after.due_usec - coming.due_usec : USEC_PER_DAY;

        r = find_nearest(settlement, medication, coming.due_usec, coming.due_usec, spacing_usec, &place, &nearest);
        if (r < 0 || !nearest || place.occurrence.due_usec > settlement->now_usec ||
            is_too_long_ago(settlement, &place, coming.due_usec))
                return r;
        if (!nearest->in_ledger)
                live_free(settlement->engine, nearest); /* made anew, as due now */
        return occurrence_make_due(settlement->engine, place.slot, &place.occurrence, settlement->now_usec);
}

static bool is_changed(const struct settlement *settlement, const struct dose *dose) {
        const struct slot *slot = person_find_slot(settlement->person, dose->uid);

        if (slot)
                return slot->is_changed;
        for (size_t i = 0; i < settlement->changes->n_items; i++)
                if (strcmp(settlement->changes->items[i].uid, dose->uid) == 0)
                        return true;
        return false;
}

static int compare_doses(const void *a, const void *b) {
        const struct live_dose *const *first = a, *const *second = b;

        if ((*first)->dose->due_usec != (*second)->dose->due_usec)
                return (*first)->dose->due_usec < (*second)->dose->due_usec ? -1 : 1;
        return strcmp((*first)->id, (*second)->id);
}

/* All that the ledger knows of the changed UIDs, in hand: what could not be written yet is there already. */
static int gather(struct settlement *settlement) {
        struct engine *engine = settlement->engine;
        struct live_dose *live, *next;
        int r;

        for (size_t i = 0; i < settlement->changes->n_items; i++) {
                _cleanup_(dose_list_done) struct dose_list known = {};

                r = engine_forgive_ledger(engine, store_list_doses(engine->store, settlement->person->name,
                                                                   settlement->changes->items[i].uid,
                                                                   settlement->now_usec - REACH, USEC_NEVER, KNOWN_MAX,
                                                                   &known));
                for (size_t j = 0; r >= 0 && j < known.n_doses; j++)
                        r = live_take(engine, TAKE(known.doses[j]), &live);
                if (r < 0)
                        return r;
        }

        settlement->doses = calloc(HASH_COUNT(engine->live) + 1, sizeof(*settlement->doses));
        if (!settlement->doses)
                return -ENOMEM;
        HASH_ITER(hh, engine->live, live, next) {
                live->is_claimed = false;
                if (live->person == settlement->person && live->in_ledger && is_changed(settlement, live->dose))
                        settlement->doses[settlement->n_doses++] = live;
        }
        if (settlement->n_doses > 1)
                qsort(settlement->doses, settlement->n_doses, sizeof(*settlement->doses), compare_doses);
        return 0;
}

int person_settle(struct engine *engine, struct person *person, const struct changes *changes, usec_t now_usec) {
        struct settlement settlement = { .engine = engine, .person = person, .changes = changes, .now_usec = now_usec };
        int r;

        if (changes->n_items == 0)
                return 0;
        r = gather(&settlement);
        if (r >= 0)
                r = settle_known(&settlement, true);
        if (r >= 0)
                r = settle_known(&settlement, false);
        for (size_t i = 0; r >= 0 && i < changes->n_items; i++)
                r = settle_next(&settlement, i);
        if (r >= 0)
                r = person_make_overdue_due(engine, person, &person->clock, now_usec);
        free(settlement.doses);
        return r;
}
