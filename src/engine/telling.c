/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tellings in hand: found by their number, their recipient and their dose. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "engine/private.h"

static int find_dose(struct outbox *outbox, const struct telling *telling, struct told_dose **ret) {
        _cleanup_(free_p) char *id = NULL;
        struct told_dose *dose;
        int r;

        r = dose_id_format(telling->person, telling->uid, telling->recurrence_id, &id);
        if (r < 0)
                return r;
        HASH_FIND_STR(outbox->doses, id, dose);
        if (!dose) {
                dose = calloc(1, sizeof(*dose));
                if (!dose)
                        return -ENOMEM;
                dose->id = TAKE(id);
                HASH_ADD_KEYPTR(hh, outbox->doses, dose->id, strlen(dose->id), dose);
        }
        *ret = dose;
        return 0;
}

/* What makes it one for quiet hours. Before there is any entry of the dose an alarm alone is told of it: that is, anyway. */
static int note_dose(struct engine *engine, struct live_telling *live) {
        _cleanup_(dose_free_p) struct dose *written = NULL;
        const struct live_dose *in_hand = live_find(engine, live->of->id);
        const struct dose *dose = in_hand ? in_hand->dose : NULL;
        int r;

        if (!dose) {
                r = engine_read_dose(engine, live->telling.person, live->telling.uid, live->telling.recurrence_id,
                                     &written);
                if (r < 0)
                        return r;
                dose = written;
        }
        if (dose) {
                live->due_usec = dose->due_usec;
                live->is_critical = dose->critical;
        }
        return 0;
}

/* Takes the telling's texts. */
static int take_in_hand(struct engine *engine, struct recipient *recipient, struct telling *telling,
                        struct live_telling **ret) {
        struct outbox *outbox = &engine->outbox;
        struct live_telling *live = calloc(1, sizeof(*live));
        int r;

        if (!live)
                return -ENOMEM;
        if (telling->uid) {
                r = find_dose(outbox, telling, &live->of);
                if (r < 0) {
                        free(live);
                        return r;
                }
                DL_APPEND2(live->of->first, live, dose_prev, dose_next);
        }
        live->telling = *telling;
        *telling = (struct telling){};
        live->recipient = recipient;
        DL_APPEND(recipient->tellings, live);
        HASH_ADD(hh, outbox->tellings, telling.id, sizeof(live->telling.id), live);
        *ret = live;
        return live->of ? note_dose(engine, live) : 0;
}

static void let_go(struct outbox *outbox, struct live_telling *live) {
        HASH_DEL(outbox->tellings, live);
        DL_DELETE(live->recipient->tellings, live);
        if (live->of) {
                DL_DELETE2(live->of->first, live, dose_prev, dose_next);
                if (!live->of->first) {
                        HASH_DEL(outbox->doses, live->of);
                        free(live->of->id);
                        free(live->of);
                }
        }
        telling_done(&live->telling);
        free(live);
}

static bool is_settled(const struct telling *telling) {
        return telling->state != TELLING_WAITS && telling->state != TELLING_SEALED;
}

int outbox_take_up(struct engine *engine, struct recipient *recipient, struct telling *telling) {
        struct live_telling *live;

        /* Sealed into a message that is done: what was not written with it is looked at anew. */
        if (telling->state == TELLING_SEALED && (!recipient->open || recipient->open->id != telling->message))
                telling->state = TELLING_WAITS;
        return take_in_hand(engine, recipient, telling, &live);
}

int outbox_add(struct engine *engine, struct recipient *recipient, const struct telling *telling) {
        struct telling copy;
        struct live_telling *live;
        struct telling wanted = *telling;
        int r;

        /* Months of a full disk: what caregivers are told is kept, what only hooks hear is not. */
        if (recipient->policy.kind == RECIPIENT_HOOK && HASH_COUNT(engine->outbox.tellings) >= LIMIT_PENDING_TELLINGS)
                return 0;
        /* The numbers so far cannot be read: these are none of them. */
        if (!engine->outbox.is_loaded && engine->outbox.last_telling < telling->happened_usec)
                engine->outbox.last_telling = engine->outbox.last_message = telling->happened_usec;
        wanted.id = engine->outbox.last_telling + 1;
        wanted.recipient = recipient->name;
        wanted.state = TELLING_WAITS;
        wanted.message = 0;
        r = store_put_telling(engine->store, &wanted);
        if (r >= 0)
                r = telling_copy(&wanted, &copy);
        if (r < 0)
                return r;
        r = take_in_hand(engine, recipient, &copy, &live);
        if (r < 0) {
                telling_done(&copy);
                return r;
        }
        engine->outbox.last_telling++;
        recipient->look_usec = USEC_NONE; /* to be worked out anew */
        /* It does not wait behind what failed: perhaps the way is free again. */
        if (telling_is_urgent(telling) && telling->event != EVENT_ALARM)
                recipient->retry_usec = USEC_NONE;
        return 0;
}

int live_telling_set(struct engine *engine, struct live_telling *live, enum telling_state state, int64_t message) {
        struct telling now = live->telling;
        int r;

        if (now.state == state && now.message == message)
                return 0;
        now.state = state;
        now.message = message;
        r = store_put_telling(engine->store, &now);
        if (r < 0)
                return r;
        live->telling.state = state;
        live->telling.message = message;
        live->recipient->look_usec = USEC_NONE;
        if (is_settled(&live->telling))
                engine->outbox.has_settled = true;
        return 0;
}

struct live_telling *outbox_of_dose(const struct outbox *outbox, const char *id) {
        struct told_dose *dose;

        HASH_FIND_STR(outbox->doses, id, dose);
        return dose ? dose->first : NULL;
}

void outbox_let_go(struct engine *engine) {
        struct outbox *outbox = &engine->outbox;
        struct live_telling *live, *next;

        if (!outbox->has_settled || !store_is_flushed(engine->store))
                return;
        outbox->has_settled = false;
        HASH_ITER (hh, outbox->tellings, live, next) {
                if (is_settled(&live->telling))
                        let_go(outbox, live);
        }
}

void outbox_drop_tellings(struct outbox *outbox) {
        struct live_telling *live, *next;

        HASH_ITER (hh, outbox->tellings, live, next) {
                let_go(outbox, live);
        }
}
