/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was told of a dose, in hand and in the ledger, and what each recipient may believe of it. */
#include <string.h>

#include "engine/private.h"

/* What is in hand is newer than what is written of it. */
static void forget_what_is_in_hand(struct told *told) {
        struct telling_list *written = &told->written;
        const struct live_telling *live;
        size_t kept = 0;

        for (size_t i = 0; i < written->n_tellings; i++) {
                HASH_FIND(hh, told->outbox->tellings, &written->tellings[i].id, sizeof(written->tellings[i].id), live);
                if (live)
                        telling_done(&written->tellings[i]);
                else
                        written->tellings[kept++] = written->tellings[i];
        }
        written->n_tellings = kept;
}

int told_load(struct engine *engine, const struct dose *dose, const struct recipient *recipient, struct told *ret) {
        struct told told = { .outbox = &engine->outbox };
        int r;

        r = dose_id(dose, &told.id);
        if (r >= 0)
                r = engine_forgive_ledger(
                        engine, store_list_tellings_of_dose(engine->store, dose->person, dose->uid, dose->recurrence_id,
                                                            recipient ? recipient->name : NULL, &told.written));
        if (r < 0) {
                told_done(&told);
                return r;
        }
        forget_what_is_in_hand(&told);
        *ret = told;
        return 0;
}

void told_done(struct told *told) {
        telling_list_done(&told->written);
        free(told->id);
}

struct live_telling *told_in_hand(const struct told *told) {
        return outbox_of_dose(told->outbox, told->id);
}

bool telling_belief(enum telling_event event, enum belief *ret) {
        static const enum belief beliefs[_EVENT_MAX] = {
                [EVENT_MISSED] = BELIEVES_UNCONFIRMED,  [EVENT_UNATTENDED] = BELIEVES_UNCONFIRMED,
                [EVENT_STOPPED] = BELIEVES_UNCONFIRMED, [EVENT_SKIPPED] = BELIEVES_SKIPPED,
                [EVENT_RESOLVED] = BELIEVES_RESOLVED,
        };

        if (event == _EVENT_MAX || beliefs[event] == BELIEVES_NOTHING)
                return false;
        *ret = beliefs[event];
        return true;
}

static void learn(struct knowledge *knowledge, const struct telling *telling) {
        enum belief belief;

        if (telling->state != TELLING_WAITS && telling->state != TELLING_DROPPED && telling->event != EVENT_ALARM &&
            telling->event != EVENT_REHEARSAL && telling->id > knowledge->last)
                knowledge->last = telling->id;
        if (telling->id < knowledge->number || !telling_belief(telling->event, &belief))
                return;
        if (telling->state == TELLING_FAILED) {
                knowledge->tried = belief;
                knowledge->number = telling->id;
                return;
        }
        if (telling->state != TELLING_SEALED && telling->state != TELLING_TOLD && telling->state != TELLING_PERHAPS)
                return;
        *knowledge = (struct knowledge){
                .belief = belief,
                .tried = belief,
                .is_under_way = telling->state == TELLING_SEALED,
                .is_sure = telling->state == TELLING_TOLD,
                .number = telling->id,
                .said = telling->id,
                .last = knowledge->last,
        };
}

struct knowledge told_knowledge(const struct told *told, const struct recipient *recipient) {
        struct knowledge knowledge = {};
        const struct live_telling *live;

        for (size_t i = 0; i < told->written.n_tellings; i++) {
                const struct telling *telling = &told->written.tellings[i];

                if (strcmp(telling->recipient, recipient->name) == 0)
                        learn(&knowledge, telling);
        }
        for (live = told_in_hand(told); live; live = live->dose_next)
                if (live->recipient == recipient)
                        learn(&knowledge, &live->telling);
        return knowledge;
}

bool belief_is_wrong(enum belief belief, const struct dose *dose) {
        switch (belief) {
        case BELIEVES_UNCONFIRMED:
                return !dose_is_settled_by_time(dose);
        case BELIEVES_SKIPPED:
                return dose->state != DOSE_SKIPPED;
        case BELIEVES_NOTHING:
        case BELIEVES_RESOLVED:
                return false;
        }
        return false;
}
