/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schedules in force: a slot each, joined into medications. */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

struct medication *person_find_medication(const struct person *person, const char *key) {
        struct medication *medication;

        HASH_FIND_STR(person->medications, key, medication);
        return medication;
}

/* Slots are in the order of their UIDs. */
struct slot *person_find_slot(const struct person *person, const char *uid) {
        size_t low = 0, high = person->n_slots;

        while (low < high) {
                size_t middle = (low + high) / 2;
                int order = strcmp(uid, person->slots[middle]->schedule->uid);

                if (order == 0)
                        return person->slots[middle];
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}

void person_clear_schedules(struct engine *engine, struct person *person) {
        struct medication *medication, *next;

        for (size_t i = 0; i < person->n_slots; i++) {
                heap_remove(&engine->heap, &person->slots[i]->timer.node);
                free(person->slots[i]);
        }
        free(person->slots);
        person->slots = NULL;
        person->n_slots = 0;

        HASH_ITER(hh, person->medications, medication, next) {
                HASH_DEL(person->medications, medication);
                free(medication->slots);
                free(medication->key);
                free(medication);
        }
}

static int medication_get(struct person *person, const char *key, struct medication **ret) {
        struct medication *medication = person_find_medication(person, key);

        if (!medication) {
                medication = calloc(1, sizeof(*medication));
                if (!medication)
                        return -ENOMEM;
                medication->key = strdup(key);
                if (!medication->key) {
                        free(medication);
                        return -ENOMEM;
                }
                HASH_ADD_KEYPTR(hh, person->medications, medication->key, strlen(medication->key), medication);
        }

        *ret = medication;
        return 0;
}

static int medication_add_slot(struct medication *medication, struct slot *slot) {
        struct slot **slots = reallocarray(medication->slots, medication->n_slots + 1, sizeof(*slots));

        if (!slots)
                return -ENOMEM;
        medication->slots = slots;
        slots[medication->n_slots++] = slot;
        slot->medication = medication;
        return 0;
}

int slot_seek(struct engine *engine, struct slot *slot, usec_t from_usec, usec_t now_usec) {
        int r;

        if (slot->schedule->after_taken_usec > 0)
                r = after_taken_seek(engine, slot, from_usec, now_usec);
        else {
                r = schedule_next(slot->schedule, &slot->person->clock, from_usec, &slot->next);
                slot->has_next = r == 0;
        }
        if (r < 0)
                return r;
        if (!slot->has_next) {
                heap_remove(&engine->heap, &slot->timer.node);
                return 0;
        }
        return heap_set(&engine->heap, &slot->timer.node, slot->next.due_usec - slot->lead_usec);
}

static int person_add_schedule(struct engine *engine, struct person *person, const struct schedule *schedule,
                               usec_t after_usec, usec_t now_usec) {
        struct medication *medication;
        struct slot *slot;
        int r;

        r = medication_get(person, schedule->medication, &medication);
        if (r < 0)
                return r;

        slot = calloc(1, sizeof(*slot));
        if (!slot)
                return -ENOMEM;
        slot->timer.kind = TIMER_SLOT;
        slot->person = person;
        slot->schedule = schedule;
        slot->lead_usec = schedule_alarm_lead(schedule, &person->clock);
        slot->since_usec = after_usec;
        person->slots[person->n_slots++] = slot;

        r = medication_add_slot(medication, slot);
        if (r < 0)
                return r;
        return slot_seek(engine, slot, after_usec + 1, now_usec);
}

int compare_schedules(const void *a, const void *b) {
        const struct schedule *const *first = a, *const *second = b;

        return strcmp((*first)->uid, (*second)->uid);
}

const struct schedule *find_schedule(const struct schedule *const *schedules, size_t n_schedules, const char *uid) {
        const struct schedule wanted = { .uid = (char *) uid }, *const key = &wanted;
        const struct schedule *const *found;

        found = n_schedules > 0 ? bsearch(&key, schedules, n_schedules, sizeof(*schedules), compare_schedules) : NULL;
        return found ? *found : NULL;
}

int person_set_schedules(struct engine *engine, struct person *person, const struct schedule *const *schedules,
                         size_t n_schedules, usec_t after_usec, usec_t now_usec) {
        struct person former = *person; /* for its slots and medications */
        int r = 0;

        person_drop_coming(engine, person);
        person->n_slots = 0;
        person->medications = NULL;
        person->slots = calloc(n_schedules + 1, sizeof(*person->slots));
        if (!person->slots)
                r = -ENOMEM;
        for (size_t i = 0; r >= 0 && i < n_schedules; i++)
                r = person_add_schedule(engine, person, schedules[i], after_usec, now_usec);
        if (r >= 0) {
                person_clear_schedules(engine, &former);
                return 0;
        }

        person_clear_schedules(engine, person);
        person->slots = former.slots;
        person->n_slots = former.n_slots;
        person->medications = former.medications;
        return r;
}

void person_drop_coming(struct engine *engine, const struct person *person) {
        struct live_dose *live, *next;

        HASH_ITER(hh, engine->live, live, next)
                if (live->person == person && live->dose->state == DOSE_UPCOMING && !live->in_ledger)
                        live_free(engine, live);
}

int person_seek(struct engine *engine, struct person *person, usec_t now_usec) {
        int r;

        person_drop_coming(engine, person);
        for (size_t i = 0; i < person->n_slots; i++) {
                struct slot *slot = person->slots[i];

                slot->lead_usec = schedule_alarm_lead(slot->schedule, &person->clock);
                r = slot_seek(engine, slot, person->mark_usec + 1, now_usec);
                if (r < 0)
                        return r;
        }
        return 0;
}

int medication_next_due(const struct medication *medication, usec_t from_usec, usec_t *ret_usec) {
        usec_t next_usec = USEC_NEVER;

        for (size_t i = 0; i < medication->n_slots; i++) {
                const struct slot *slot = medication->slots[i];
                struct occurrence occurrence;
                int r;

                r = slot_next(slot, from_usec, &occurrence);
                if (r < 0)
                        return r;
                if (r == 0 && occurrence.due_usec < next_usec)
                        next_usec = occurrence.due_usec;
        }

        *ret_usec = next_usec;
        return 0;
}

int medication_previous_due(const struct medication *medication, usec_t before_usec, usec_t *ret_usec) {
        /* Occurrences can only be asked for forwards: look in a widening span before, at most 400 days, and walk it. */
        static const usec_t spans[] = { USEC_PER_HOUR, 25 * USEC_PER_HOUR, 8 * USEC_PER_DAY, 32 * USEC_PER_DAY,
                                        400 * USEC_PER_DAY };
        usec_t previous_usec = USEC_NONE;

        for (size_t i = 0; i < ELEMENTS(spans) && previous_usec == USEC_NONE; i++) {
                usec_t at_usec = before_usec - spans[i];

                for (;;) {
                        int r = medication_next_due(medication, at_usec, &at_usec);
                        if (r < 0)
                                return r;
                        if (at_usec >= before_usec)
                                break;
                        previous_usec = at_usec++;
                }
        }

        *ret_usec = previous_usec;
        return 0;
}
