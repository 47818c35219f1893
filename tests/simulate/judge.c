/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules for an edit, dose by dose: what the ledger said just before it, and what it says just after it. Where more than one
 * thing may be right, any of them is.
 */
#include <string.h>

#include "judge.h"

/* What is judged: a moved dose lies at most so far from where it was, a yearly one half a year ahead. */
#define KNOWN_FOR (8 * USEC_PER_DAY)
#define KNOWN_AHEAD (190 * USEC_PER_DAY)
/* Older ones the engine need not look at. */
#define SETTLED_FOR (7 * USEC_PER_DAY)
/* Half the spacing, but for what is nearly that. */
#define MARGIN (2 * USEC_PER_MINUTE)

struct edit_case {
        struct world *world;
        const struct judgement *judgement;
        const struct person *person;
        struct wall_clock clock;
        const struct line *line;
        const struct schedule *former, *schedule; /* NULL: none */
        const char *id, *other;
        const struct dose *dose, *after; /* as it was, and is */
        enum presence before_presence, presence;
        usec_t former_due_usec, due_usec;
};

enum presence judge_find(const struct schedule *schedule, const struct wall_clock *clock, const char *recurrence_id,
                         usec_t *ret_due_usec) {
        char first_id[CIVIL_TEXT_SIZE];
        struct occurrence occurrence, first;

        if (!schedule || schedule_find(schedule, clock, recurrence_id, &occurrence) != 0)
                return GONE;
        *ret_due_usec = occurrence.due_usec;
        if (schedule_next(schedule, clock, occurrence.due_usec, &first) != 0 || first.due_usec != occurrence.due_usec ||
            strcmp(occurrence_format_id(&first, first_id), recurrence_id) != 0)
                return SHADOWED;
        return THERE;
}

bool judge_is_by_plan(const struct dose *dose) {
        return dose->state == DOSE_SKIPPED && dose->recorded.recorded_by &&
               strcmp(dose->recorded.recorded_by, "plan") == 0;
}

static bool is_recorded(const struct dose *dose) {
        return (dose->state == DOSE_TAKEN || dose->state == DOSE_SKIPPED) && !judge_is_by_plan(dose);
}

/* A dose that the ledger had. */
struct known {
        char *id;
        const struct dose *dose;  /* as it was */
        const struct dose *after; /* of the list of them, or owned */
        struct dose *owned;
        const char *other; /* while it is, or was, moved: the one that took its place */
        UT_hash_handle hh;
};

static const struct known *find_known(const struct judgement *judgement, const char *id) {
        struct known *known;

        HASH_FIND_STR(judgement->known, id, known);
        return known;
}

const struct dose *judge_find_before(const struct judgement *judgement, const char *id) {
        const struct known *known = find_known(judgement, id);

        return known ? known->dose : NULL;
}

static void list_known(struct world *world, const struct person *person, struct dose_list *ret) {
        if (store_list_doses(world->store, person->name, NULL, world->now_usec - KNOWN_FOR,
                             world->now_usec + KNOWN_AHEAD, 100000, ret) < 0)
                fail(world, "the ledger cannot be read");
}

void judge_begin(struct world *world, struct person *person, struct judgement *ret) {
        *ret = (struct judgement){ .person = person, .is_on = part_is_on(PART_JUDGE) && !world->is_unwritable };
        if (!ret->is_on)
                return;
        list_known(world, person, &ret->before);
        for (size_t i = 0; i < ret->before.n_doses; i++) {
                struct known *known = calloc(1, sizeof(*known));

                if (!known || dose_id(ret->before.doses[i], &known->id) < 0)
                        abort();
                known->dose = ret->before.doses[i];
                HASH_ADD_KEYPTR(hh, ret->known, known->id, strlen(known->id), known);
        }
}

/* What became of them: all at once, and what was put elsewhere one by one. */
static void look_after(struct world *world, struct judgement *judgement) {
        struct known *known;

        list_known(world, judgement->person, &judgement->after);
        for (size_t i = 0; i < judgement->after.n_doses; i++) {
                _cleanup_(free_p) char *id = NULL;

                if (dose_id(judgement->after.doses[i], &id) < 0)
                        abort();
                HASH_FIND_STR(judgement->known, id, known);
                if (known)
                        known->after = judgement->after.doses[i];
        }
        for (known = judgement->known; known; known = known->hh.next) {
                if (!known->after && ledger_get(world, known->id, &known->owned) != 0)
                        fail(world, "%s was in the ledger, and is not", known->id);
                if (!known->after)
                        known->after = known->owned;
                known->other = known->after->state == DOSE_MOVED ? known->after->moved_to : known->dose->moved_to;
        }
}

void judge_done(struct judgement *judgement) {
        struct known *known, *next;

        HASH_ITER(hh, judgement->known, known, next) {
                HASH_DEL(judgement->known, known);
                dose_free(known->owned);
                free(known->id);
                free(known);
        }
        dose_list_done(&judgement->before);
        dose_list_done(&judgement->after);
        judge_passed_done(judgement);
}

static void __attribute__((noreturn)) blame(const struct edit_case *c, const char *what) {
        fail(c->world, "by the rules for edits %s: %s was %s%s, and is %s%s%s%s", what, c->id,
             dose_state_to_string(c->dose->state), judge_is_by_plan(c->dose) ? " by plan" : "",
             dose_state_to_string(c->after->state), judge_is_by_plan(c->after) ? " by plan" : "",
             c->other ? ", other: " : "", c->other ? c->other : "");
}

static void demand(const struct edit_case *c, bool holds, const char *what) {
        if (!holds)
                blame(c, what);
}

static bool is_same(const struct dose *a, const struct dose *b) {
        return a->state == b->state && a->due_usec == b->due_usec && a->recorded.taken_usec == b->recorded.taken_usec;
}

/* What the dose belongs to now: its UID says more than its name. */
static const char *medication_of(const struct edit_case *c) {
        if (c->schedule && strcmp(c->schedule->uid, c->dose->uid) == 0)
                return c->schedule->medication;
        for (size_t i = 0; i < MAX_LINES; i++)
                if (c->person->lines[i].calendar &&
                    strcmp(c->person->lines[i].calendar->schedules[0]->medication, c->dose->medication) == 0)
                        return c->dose->medication;
        return NULL;
}

/* Another one took that place. */
static bool is_claimed(const struct edit_case *c, const char *place) {
        const struct known *known;

        for (known = c->judgement->known; known; known = known->hh.next)
                if (known->dose->state != DOSE_MOVED && known->after->state == DOSE_MOVED && known->other &&
                    strcmp(known->id, c->id) != 0 && strcmp(known->other, place) == 0)
                        return true;
        return false;
}

/* It took another's place itself: what is nearest is measured from where that one was. */
static bool is_successor(const struct edit_case *c) {
        const struct known *known, *next;

        /* The other one may lie longer ago than what is judged. */
        if ((c->dose->has_recorded && c->dose->recorded.kind == ENTRY_CARRIED) || c->dose->first_due_usec != USEC_NONE)
                return true;
        HASH_ITER(hh, c->judgement->known, known, next)
                if (known->other && strcmp(known->other, c->id) == 0)
                        return true;
        return false;
}

/*
 * What is new, to come and near enough. Surely so where it is the nearest of all that is new, past or to come, the former version
 * had no such name, and the ledger does not know it; what moved in time, or had been taken off the plan and is back, may be.
 */
static void find_places(const struct edit_case *c, const char *other, bool *ret_sure, bool *ret_any,
                        bool *ret_is_place) {
        usec_t half_usec = c->dose->spacing_usec / 2, at_usec = c->dose->due_usec - half_usec;
        usec_t passed_usec = half_usec; /* how near the nearest is that has passed */
        const char *medication = medication_of(c);
        struct occurrence occurrence;

        *ret_sure = *ret_any = *ret_is_place = false;
        if (!medication || !c->schedule || strcmp(c->schedule->medication, medication) != 0)
                return;
        while (schedule_next(c->schedule, &c->clock, at_usec, &occurrence) == 0 &&
               occurrence.due_usec <= c->dose->due_usec + half_usec) {
                _cleanup_(free_p) char *id = id_of(c->person, &occurrence);
                const struct dose *known = judge_find_before(c->judgement, id);
                char recurrence_id[CIVIL_TEXT_SIZE];
                usec_t former_usec;
                bool is_new;

                at_usec = occurrence.due_usec + 1;
                if (strcmp(id, c->id) == 0 || (known && known->state != DOSE_MOVED && known->state != DOSE_UPCOMING &&
                                               !judge_is_by_plan(known)))
                        continue;
                is_new = !c->former || strcmp(c->former->uid, c->schedule->uid) != 0 ||
                         judge_find(c->former, &c->clock, occurrence_format_id(&occurrence, recurrence_id),
                                    &former_usec) == GONE;
                if (!is_new && former_usec == occurrence.due_usec)
                        continue;
                if (occurrence.due_usec <= c->world->now_usec) {
                        if (llabs(occurrence.due_usec - c->dose->due_usec) < passed_usec)
                                passed_usec = llabs(occurrence.due_usec - c->dose->due_usec);
                        continue;
                }
                *ret_any = true;
                *ret_is_place = *ret_is_place || (other && strcmp(other, id) == 0);
                if (is_new && !known && llabs(occurrence.due_usec - c->dose->due_usec) < passed_usec - MARGIN &&
                    !is_claimed(c, id) && !is_successor(c))
                        *ret_sure = true;
        }
}

/* It gave way to what it had taken the place of, whose name is back. */
static bool is_back(const struct edit_case *c) {
        const struct dose *other =
                c->after->state == DOSE_MOVED && c->other ? judge_find_before(c->judgement, c->other) : NULL;

        return other && other->state == DOSE_MOVED;
}

/* Its name is gone: whether it is moved as it must be. False where it has no place. */
static bool judge_move(const struct edit_case *c, bool *ret_may_stay) {
        const char *other = c->after->state == DOSE_MOVED ? c->other : NULL;
        _cleanup_(dose_free_p) struct dose *taker = NULL;
        bool sure, any, is_place;

        find_places(c, other, &sure, &any, &is_place);
        *ret_may_stay = !sure;
        /* One that waits for a day far ahead has the time of where the person was then: its place rings all the same. */
        if (c->dose->state == DOSE_UPCOMING && c->dose->due_usec > c->world->now_usec + SETTLED_FOR) {
                *ret_may_stay = true;
                if (c->after->state == DOSE_MOVED)
                        return true;
        }
        if (c->after->state == DOSE_MOVED && is_successor(c))
                return true;
        if (c->after->state != DOSE_MOVED) {
                demand(c, *ret_may_stay, "a new dose takes the place of one whose name is gone");
                return any;
        }
        demand(c, other, "a dose moves to another one");
        /* What waited, also to one that an edit made due now. */
        (void) ledger_get(c->world, other, &taker);
        demand(c, is_place || is_back(c) || (c->dose->state == DOSE_UPCOMING && taker && taker->state == DOSE_DUE),
               "a dose moves only to a new one, to come, near enough");
        if (is_recorded(c->dose))
                demand(c,
                       taker && taker->state == c->dose->state &&
                               taker->recorded.taken_usec == c->dose->recorded.taken_usec,
                       "the record goes where the dose goes");
        return true;
}

static void judge_recorded(const struct edit_case *c) {
        bool may_stay;

        if (c->presence == THERE)
                demand(c, is_same(c->dose, c->after), "a recorded dose stays where its name is");
        else if (judge_move(c, &may_stay) && c->after->state == DOSE_MOVED)
                return;
        else
                demand(c, is_same(c->dose, c->after), "a recorded dose stays recorded");
}

static bool has_moved_in_time(const struct edit_case *c) {
        usec_t due_usec = c->due_usec > c->world->now_usec ? c->due_usec : c->world->now_usec;

        return c->after->due_usec == due_usec &&
               c->after->state == (c->due_usec > c->world->now_usec ? DOSE_UPCOMING : DOSE_DUE);
}

static bool is_called_off(const struct edit_case *c) {
        return c->schedule && strcmp(c->schedule->uid, c->dose->uid) == 0 &&
               plan_calls_off(&c->line->plan, c->dose->recurrence_id);
}

/* A clock that was years ahead leaves thousands: the first of them are seen to, the others when their time comes. */
static bool is_beyond(const struct edit_case *c) {
        return c->dose->due_usec > c->world->now_usec + 60 * USEC_PER_DAY;
}

/* Open, or waiting for its time although the ledger has it. */
static void judge_unanswered(const struct edit_case *c) {
        bool waits = c->dose->state == DOSE_UPCOMING, may_stay;

        if (c->presence == THERE && c->before_presence == THERE) {
                if (c->former_due_usec == c->due_usec)
                        demand(c, is_same(c->dose, c->after), "a dose stays where its name and its time are");
                else
                        demand(c,
                               has_moved_in_time(c) || (c->due_usec == c->dose->due_usec && is_same(c->dose, c->after)),
                               "a dose moves in time under its name");
        } else if (c->presence == THERE)
                demand(c, dose_is_open(c->after) || c->after->state == DOSE_UPCOMING, "a dose stays where its name is");
        else if (is_called_off(c) || !medication_of(c))
                demand(c, judge_is_by_plan(c->after) || is_back(c),
                       "what is called off, or of a medication that is gone, is skipped by the plan");
        else if (!judge_move(c, &may_stay))
                demand(c, waits ? judge_is_by_plan(c->after) || is_beyond(c) : is_same(c->dose, c->after),
                       waits ? "what waits and has no place is withdrawn" : "an open dose without a place stays open");
        else if (c->after->state != DOSE_MOVED)
                demand(c, may_stay && (is_same(c->dose, c->after) ? !waits || is_beyond(c) : judge_is_by_plan(c->after)),
                       "a dose whose name is gone moves, or stays what it was");
}

static void judge_settled(const struct edit_case *c) {
        bool may_stay, stays = c->after->state == c->dose->state;
        bool is_open = c->after->state == DOSE_DUE && c->after->window_end_usec > c->world->now_usec;

        if (c->dose->due_usec < c->world->now_usec - SETTLED_FOR)
                return;
        if (c->presence == GONE) {
                if (!judge_move(c, &may_stay) || c->after->state != DOSE_MOVED)
                        demand(c, stays, "what time settled stays settled");
        } else if (c->due_usec <= c->world->now_usec)
                demand(c, stays || is_open, "what time settled stays settled, unless its window holds now");
        else if (c->before_presence == THERE && c->former_due_usec != c->due_usec)
                demand(c, has_moved_in_time(c), "what time settled is a dose again at a time to come");
}

/* A dose that another one had taken the place of. */
static void judge_moved(const struct edit_case *c) {
        const struct known *taker;

        if (is_beyond(c))
                return;
        if (c->presence == GONE) {
                demand(c, c->after->state == DOSE_MOVED, "what moved stays moved while its name is gone");
                return;
        }
        taker = c->other ? find_known(c->judgement, c->other) : NULL;
        if (c->after->state == DOSE_MOVED) {
                /* A journey alone brought it back, from where it was one with another: it is a dose when its time comes. */
                if (c->before_presence == THERE && c->former_due_usec == c->due_usec &&
                    c->due_usec > c->world->now_usec && (!taker || is_same(taker->dose, taker->after)))
                        return;
                demand(c, taker && taker->after->state != DOSE_MOVED && !judge_is_by_plan(taker->after),
                       "what moved is a dose again when its name is back, or the one that took its place stands for it");
                return;
        }
        demand(c, !taker || !dose_is_open(c->after) || !dose_is_open(taker->after),
               "what moved is not open besides the one that took its place");
        if (taker && is_recorded(taker->dose) && taker->dose->recorded.kind == ENTRY_CARRIED &&
            taker->dose->recorded.other && strcmp(taker->dose->recorded.other, c->id) == 0)
                demand(c,
                       c->after->state == taker->dose->state &&
                               c->after->recorded.taken_usec == taker->dose->recorded.taken_usec,
                       "what had been carried to another dose comes back with the name");
}

static void judge_withdrawn(const struct edit_case *c) {
        if (c->presence == GONE)
                demand(c, c->after->state == DOSE_SKIPPED, "what the plan took away stays away");
        else if (c->before_presence == GONE && c->due_usec == c->dose->due_usec &&
                 c->world->now_usec < c->dose->window_end_usec && c->line->plan.window_minutes == 0)
                demand(c,
                       dose_is_open(c->after) || c->after->state == DOSE_UPCOMING ||
                               (is_recorded(c->after) && c->after->recorded.kind == ENTRY_CARRIED),
                       "what the plan took away is a dose again when it is back in its window");
}

static void judge_dose(struct edit_case *c) {
        bool is_of_former = c->former && strcmp(c->former->uid, c->dose->uid) == 0;
        bool is_of_new = c->schedule && strcmp(c->schedule->uid, c->dose->uid) == 0;

        if (!is_of_former && !is_of_new) {
                /* Of another schedule of that medication it may be the last one, or find a place. */
                if ((!c->former || strcmp(c->former->medication, c->dose->medication) != 0) &&
                    (!c->schedule || strcmp(c->schedule->medication, c->dose->medication) != 0))
                        demand(c, is_same(c->dose, c->after), "other medications are left alone");
                return;
        }
        c->before_presence =
                judge_find(is_of_former ? c->former : NULL, &c->clock, c->dose->recurrence_id, &c->former_due_usec);
        c->presence = judge_find(is_of_new ? c->schedule : NULL, &c->clock, c->dose->recurrence_id, &c->due_usec);
        if (c->before_presence == SHADOWED || c->presence == SHADOWED)
                return;
        /* Its medication had another name: which of them it goes by nobody said. */
        if (is_of_former && strcmp(c->former->medication, c->dose->medication) != 0)
                return;

        switch (c->dose->state) {
        case DOSE_TAKEN:
        case DOSE_SKIPPED:
                if (judge_is_by_plan(c->dose))
                        judge_withdrawn(c);
                else
                        judge_recorded(c);
                break;
        case DOSE_UPCOMING:
        case DOSE_DUE:
        case DOSE_SNOOZED:
                judge_unanswered(c);
                break;
        case DOSE_MISSED:
        case DOSE_UNATTENDED:
                judge_settled(c);
                break;
        case DOSE_MOVED:
                judge_moved(c);
                break;
        case DOSE_AWAY:
        case _DOSE_STATE_MAX:
                break;
        }
}

void judge_edit(struct world *world, struct judgement *judgement, const struct line *line,
                const struct schedule *former) {
        struct edit_case c = {
                .world = world,
                .judgement = judgement,
                .person = judgement->person,
                .clock = clock_of(judgement->person),
                .line = line,
                .former = former,
                .schedule = line->calendar ? line->calendar->schedules[0] : NULL,
        };
        const struct known *known;

        if (!judgement->is_on || (former && former->after_taken_usec > 0) ||
            (c.schedule && c.schedule->after_taken_usec > 0))
                return;
        look_after(world, judgement);
        for (known = judgement->known; known; known = known->hh.next) {
                c.id = known->id;
                c.other = known->other;
                c.dose = known->dose;
                c.after = known->after;
                judge_dose(&c);
        }
        if (former && c.schedule) {
                judge_coming(world, judgement, former, &c.clock, c.schedule);
                judge_first(world, judgement, former, c.schedule);
        }
        judge_passed(world, judgement);
}

/* What was recorded does not follow the person. */
void judge_journey(struct world *world, struct judgement *judgement, const struct wall_clock *former) {
        const struct person *person = judgement->person;
        const struct known *known;

        if (!judgement->is_on)
                return;
        look_after(world, judgement);
        for (known = judgement->known; known; known = known->hh.next)
                if ((is_recorded(known->dose) || known->dose->state == DOSE_MOVED) &&
                    !is_same(known->dose, known->after))
                        fail(world, "%s was %s, and is %s after a journey", known->id,
                             dose_state_to_string(known->dose->state), dose_state_to_string(known->after->state));
        for (size_t i = 0; i < MAX_LINES; i++)
                if (person->lines[i].calendar) {
                        judge_coming(world, judgement, person->lines[i].calendar->schedules[0], former,
                                     person->lines[i].calendar->schedules[0]);
                        judge_again(world, judgement, person->lines[i].calendar->schedules[0], former);
                }
        judge_passed(world, judgement);
}
