/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was to come, and an edit or a journey put into the past: the last of a medication is due now, the others are passed over. */
#include <string.h>

#include "judge.h"

/* What an edit of ours, or a journey, can put into the past lies less far ahead. */
#define REACH (60 * USEC_PER_HOUR)
/* So old, it may be a dose or not. */
#define SURE_FOR (26 * USEC_PER_HOUR)
/* An edit may have made one longer that was over: it may last again. */
#define LONGEST_WINDOW (6 * USEC_PER_HOUR)

struct passed {
        char *id;
        const char *medication;
        usec_t due_usec;
        bool is_sure;
};

void judge_passed_done(struct judgement *judgement) {
        for (size_t i = 0; i < judgement->n_passed; i++)
                free(judgement->passed[i].id);
        free(judgement->passed);
}

void judge_coming(struct world *world, struct judgement *judgement, const struct schedule *former,
                  const struct wall_clock *former_clock, const struct schedule *schedule) {
        const struct wall_clock clock = clock_of(judgement->person);
        usec_t from_usec = world->now_usec + 1;
        struct occurrence before;

        if (schedule->after_taken_usec > 0 || strcmp(former->uid, schedule->uid) != 0)
                return;
        while (schedule_next(former, former_clock, from_usec, &before) == 0 &&
               before.due_usec < world->now_usec + REACH) {
                char recurrence_id[CIVIL_TEXT_SIZE];
                struct passed passed = { .medication = schedule->medication };
                enum presence presence =
                        judge_find(schedule, &clock, occurrence_format_id(&before, recurrence_id), &passed.due_usec);

                from_usec = before.due_usec + 1;
                passed.id = id_of(judgement->person, &before);
                if (presence == GONE || passed.due_usec > world->now_usec || judge_find_before(judgement, passed.id)) {
                        free(passed.id);
                        continue;
                }
                passed.is_sure = presence == THERE && passed.due_usec > world->now_usec - SURE_FOR;
                judgement->passed = reallocarray(judgement->passed, judgement->n_passed + 1, sizeof(passed));
                if (!judgement->passed)
                        abort();
                judgement->passed[judgement->n_passed++] = passed;
        }
}

/* The last of its medication; NULL where that is not sure. */
static const struct passed *find_last(const struct judgement *judgement, const char *medication) {
        const struct passed *last = NULL;

        for (size_t i = 0; i < judgement->n_passed; i++) {
                const struct passed *passed = &judgement->passed[i];

                if (strcmp(passed->medication, medication) != 0)
                        continue;
                if (!passed->is_sure || (last && last->due_usec == passed->due_usec))
                        return NULL;
                if (!last || passed->due_usec > last->due_usec)
                        last = passed;
        }
        return last;
}

static bool has_after_taken(const struct person *person, const char *medication) {
        for (size_t i = 0; i < MAX_LINES; i++)
                if (person->lines[i].calendar && person->lines[i].calendar->schedules[0]->after_taken_usec > 0 &&
                    strcmp(person->lines[i].calendar->schedules[0]->medication, medication) == 0)
                        return true;
        return false;
}

/* By the plan they are due together, and always were: two tablets in two schedules. */
static bool are_together(const struct judgement *judgement, const char *id, const char *other_id) {
        usec_t due_usec = USEC_NONE, other_usec = USEC_NEVER;

        for (size_t i = 0; i < judgement->n_passed; i++) {
                if (strcmp(judgement->passed[i].id, id) == 0)
                        due_usec = judgement->passed[i].due_usec;
                if (strcmp(judgement->passed[i].id, other_id) == 0)
                        other_usec = judgement->passed[i].due_usec;
        }
        return due_usec == other_usec;
}

/* Two at once would be read as: take both. */
static void check_one_at_once(struct world *world, const struct judgement *judgement) {
        _cleanup_(dose_list_done) struct dose_list after = {};
        _cleanup_(free_p) char *first_id = NULL;
        const struct dose *first = NULL;

        if (store_list_doses(world->store, judgement->person->name, NULL, world->now_usec, world->now_usec + 1, 1000,
                             &after) < 0)
                fail(world, "the ledger cannot be read");
        for (size_t i = 0; i < after.n_doses; i++) {
                const struct dose *dose = after.doses[i];
                _cleanup_(free_p) char *id = NULL;

                if (dose_id(dose, &id) < 0)
                        abort();
                if (dose->state != DOSE_DUE || judge_find_before(judgement, id) ||
                    has_after_taken(judgement->person, dose->medication))
                        continue;
                if (first && strcmp(first->medication, dose->medication) == 0 && !are_together(judgement, first_id, id))
                        fail(world, "%s is due now, and so is %s of the same medication", id, first_id);
                first = dose;
                free(first_id);
                first_id = TAKE(id);
        }
}

/* One that had been reminded of ahead of its time may be the last. */
static bool is_one_due(struct world *world, const struct judgement *judgement, const struct dose *passed) {
        _cleanup_(dose_list_done) struct dose_list after = {};

        if (store_list_doses(world->store, judgement->person->name, NULL, world->now_usec, world->now_usec + 1, 1000,
                             &after) < 0)
                fail(world, "the ledger cannot be read");
        for (size_t i = 0; i < after.n_doses; i++)
                if (after.doses[i]->state == DOSE_DUE && strcmp(after.doses[i]->medication, passed->medication) == 0)
                        return true;
        return false;
}

void judge_passed(struct world *world, struct judgement *judgement) {
        for (size_t i = 0; i < judgement->n_passed; i++) {
                const struct passed *passed = &judgement->passed[i], *last = find_last(judgement, passed->medication);
                _cleanup_(dose_free_p) struct dose *dose = NULL;

                if (!last)
                        continue;
                if (ledger_get(world, passed->id, &dose) != 0)
                        fail(world, "%s was to come, has come by now, and is not in the ledger", passed->id);
                if (passed == last && dose->state != DOSE_DUE && !(judge_is_by_plan(dose) && is_one_due(world, judgement, dose)))
                        fail(world, "%s was to come, has come by now, and is %s", passed->id,
                             dose_state_to_string(dose->state));
                if (passed != last && !judge_is_by_plan(dose))
                        fail(world, "%s was to come, has come by now, as %s did, and is %s", passed->id, last->id,
                             dose_state_to_string(dose->state));
        }
        check_one_at_once(world, judgement);
}

void judge_again(struct world *world, const struct judgement *judgement, const struct schedule *schedule,
                 const struct wall_clock *former_clock) {
        const struct wall_clock clock = clock_of(judgement->person);

        for (size_t i = 0; schedule->after_taken_usec == 0 && i < judgement->before.n_doses; i++) {
                const struct dose *dose = judgement->before.doses[i];
                _cleanup_(dose_free_p) struct dose *after = NULL;
                _cleanup_(free_p) char *id = NULL;
                usec_t former_usec, due_usec;
                bool is_ahead;

                if (!dose_is_settled_by_time(dose) || strcmp(dose->uid, schedule->uid) != 0 ||
                    judge_find(schedule, former_clock, dose->recurrence_id, &former_usec) != THERE ||
                    judge_find(schedule, &clock, dose->recurrence_id, &due_usec) != THERE || former_usec == due_usec)
                        continue;
                if (dose_id(dose, &id) < 0)
                        abort();
                is_ahead = due_usec > world->now_usec;
                if (ledger_get(world, id, &after) != 0 || after->state != (is_ahead ? DOSE_UPCOMING : dose->state) ||
                    after->due_usec != (is_ahead ? due_usec : dose->due_usec))
                        fail(world, "%s was %s, a journey put its time %s, and it is %s", id,
                             dose_state_to_string(dose->state), is_ahead ? "ahead again" : "elsewhere",
                             after ? dose_state_to_string(after->state) : "gone");
        }
}

void judge_return(struct world *world, const struct judgement *judgement) {
        for (size_t i = 0; i < judgement->before.n_doses; i++) {
                const struct dose *dose = judgement->before.doses[i];
                _cleanup_(dose_free_p) struct dose *after = NULL;
                _cleanup_(free_p) char *id = NULL;

                if (dose_id(dose, &id) < 0)
                        abort();
                if (!dose_is_settled_by_time(dose) || dose->due_usec > world->now_usec - LONGEST_WINDOW ||
                    (ledger_get(world, id, &after) == 0 && after->state == dose->state))
                        continue;
                fail(world, "%s was %s, and there and back at once it is %s", id, dose_state_to_string(dose->state),
                     after ? dose_state_to_string(after->state) : "gone");
        }
}

static size_t count_lines(const struct person *person, const char *medication) {
        size_t n = 0;

        for (size_t i = 0; i < MAX_LINES; i++)
                n += person->lines[i].calendar &&
                     strcmp(person->lines[i].calendar->schedules[0]->medication, medication) == 0;
        return n;
}

/* The last that is due at `until_usec` or before, of the last 60 h. */
static bool find_previous(const struct schedule *schedule, const struct wall_clock *clock, usec_t until_usec,
                          struct occurrence *ret) {
        usec_t from_usec = until_usec - REACH;
        struct occurrence occurrence;
        bool found = false;

        while (schedule_next(schedule, clock, from_usec, &occurrence) == 0 && occurrence.due_usec <= until_usec) {
                from_usec = occurrence.due_usec + 1;
                *ret = occurrence;
                found = true;
        }
        return found;
}

/*
 * The first dose that was to come is gone by its name, and the new version has one a little before now, and none soon after: that is
 * the dose, and it is due now.
 */
void judge_first(struct world *world, const struct judgement *judgement, const struct schedule *former,
                 const struct schedule *schedule) {
        const struct wall_clock clock = clock_of(judgement->person);
        struct occurrence coming, after, before, place, next;
        _cleanup_(free_p) char *coming_id = NULL, *place_id = NULL;
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        char recurrence_id[CIVIL_TEXT_SIZE];
        usec_t spacing_usec, due_usec;

        if (judgement->n_passed > 0 || strcmp(former->medication, schedule->medication) != 0 ||
            count_lines(judgement->person, schedule->medication) > 1 ||
            schedule_next(former, &clock, world->now_usec + 1, &coming) != 0 ||
            schedule_next(former, &clock, coming.due_usec + 1, &after) != 0 ||
            !find_previous(former, &clock, coming.due_usec - 1, &before))
                return;
        spacing_usec = after.due_usec - coming.due_usec < coming.due_usec - before.due_usec
                               ? after.due_usec - coming.due_usec
                               : coming.due_usec - before.due_usec;
        if (coming.due_usec > world->now_usec + spacing_usec / 8 ||
            !find_previous(schedule, &clock, world->now_usec, &place) ||
            place.due_usec < world->now_usec - spacing_usec / 8 ||
            (schedule_next(schedule, &clock, world->now_usec + 1, &next) == 0 &&
             next.due_usec < coming.due_usec + spacing_usec / 2 + USEC_PER_MINUTE))
                return;
        coming_id = id_of(judgement->person, &coming);
        place_id = id_of(judgement->person, &place);
        if (judge_find_before(judgement, coming_id) || judge_find_before(judgement, place_id) ||
            (strcmp(former->uid, schedule->uid) == 0 &&
             (judge_find(schedule, &clock, occurrence_format_id(&coming, recurrence_id), &due_usec) != GONE ||
              judge_find(former, &clock, occurrence_format_id(&place, recurrence_id), &due_usec) != GONE)))
                return;
        if (ledger_get(world, place_id, &dose) != 0)
                fail(world, "%s was to come, and %s is in its place, but a little before now: it is lost", coming_id,
                     place_id);
        if (dose->state != DOSE_DUE)
                fail(world, "%s was to come, and %s, in its place, is %s", coming_id, place_id,
                     dose_state_to_string(dose->state));
}
