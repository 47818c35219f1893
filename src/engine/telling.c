/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tellings in hand: found by their number, their recipient and their dose. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "engine/private.h"

static int find_group(struct told_group **groups, const char *id, struct told_group **ret) {
        struct told_group *group;

        HASH_FIND_STR(*groups, id, group);
        if (!group) {
                group = calloc(1, sizeof(*group));
                if (!group)
                        return -ENOMEM;
                group->id = strdup(id);
                if (!group->id) {
                        free(group);
                        return -ENOMEM;
                }
                HASH_ADD_KEYPTR(hh, *groups, group->id, strlen(group->id), group);
        }
        *ret = group;
        return 0;
}

static void group_drop_empty(struct told_group **groups, struct told_group *group) {
        if (!group || group->first)
                return;
        HASH_DEL(*groups, group);
        free(group->id);
        free(group);
}

/* A name has no end of line. */
static int format_asked(const char *person, const char *medication, char **ret) {
        return text_format(ret, "%s\n%s", person, medication);
}

static int join_groups(struct outbox *outbox, struct live_telling *live, const struct telling *telling) {
        _cleanup_(free_p) char *id = NULL, *asked = NULL;
        int r;

        r = dose_id_format(telling->person, telling->uid, telling->recurrence_id, &id);
        if (r >= 0)
                r = find_group(&outbox->doses, id, &live->of);
        if (r >= 0 && telling->event == EVENT_STOPPED)
                r = format_asked(telling->person, telling->text, &asked);
        if (r >= 0 && asked)
                r = find_group(&outbox->asked, asked, &live->asks);
        if (r < 0) {
                group_drop_empty(&outbox->doses, live->of);
                return r;
        }
        DL_APPEND2(live->of->first, live, dose_prev, dose_next);
        if (live->asks)
                DL_APPEND2(live->asks->first, live, asks_prev, asks_next);
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
                r = join_groups(outbox, live, telling);
                if (r < 0) {
                        free(live);
                        return r;
                }
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
        if (live->of)
                DL_DELETE2(live->of->first, live, dose_prev, dose_next);
        if (live->asks)
                DL_DELETE2(live->asks->first, live, asks_prev, asks_next);
        group_drop_empty(&outbox->doses, live->of);
        group_drop_empty(&outbox->asked, live->asks);
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
        wanted.is_discreet = false;
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
        /* It does not wait behind what failed: perhaps the way is free again. A rehearsal hurries nothing real. */
        if (telling_is_urgent(telling) && telling->event != EVENT_ALARM &&
            (!telling_rehearses(telling) || !recipient->open || recipient_rehearses(recipient)))
                recipient->retry_usec = USEC_NONE;
        return 0;
}

/* `now` has the texts of what it was. */
static int change_telling(struct engine *engine, struct live_telling *live, const struct telling *now) {
        int r = store_put_telling(engine->store, now);

        if (r < 0)
                return r;
        live->telling = *now;
        live->recipient->look_usec = USEC_NONE;
        if (is_settled(&live->telling))
                engine->outbox.has_settled = true;
        return 0;
}

int live_telling_set(struct engine *engine, struct live_telling *live, enum telling_state state, int64_t message) {
        struct telling now = live->telling;

        if (now.state == state && now.message == message)
                return 0;
        now.state = state;
        now.message = message;
        return change_telling(engine, live, &now);
}

int live_telling_seal(struct engine *engine, struct live_telling *live, int64_t message, bool is_discreet) {
        struct telling now = live->telling;

        if (now.state == TELLING_SEALED && now.message == message && now.is_discreet == is_discreet)
                return 0;
        now.state = TELLING_SEALED;
        now.message = message;
        now.is_discreet = is_discreet;
        return change_telling(engine, live, &now);
}

int live_telling_hurry(struct engine *engine, struct live_telling *live, bool in_summary, usec_t now_usec) {
        struct telling now = live->telling;

        now.happened_usec = now_usec;
        now.not_before_usec = AT_ONCE(now_usec);
        now.in_summary = in_summary;
        return change_telling(engine, live, &now);
}

struct live_telling *outbox_of_dose(const struct outbox *outbox, const char *id) {
        struct told_group *group;

        HASH_FIND_STR(outbox->doses, id, group);
        return group ? group->first : NULL;
}

static bool says_same(enum telling_event a, enum telling_event b) {
        enum belief of_a, of_b;

        return telling_belief(a, &of_a) && telling_belief(b, &of_b) ? of_a == of_b : a == b;
}

struct live_telling *telling_find_waiting(struct live_telling *first, const struct recipient *recipient,
                                          enum telling_event event) {
        struct live_telling *live;

        for (live = first; live; live = live->dose_next)
                if (live->recipient == recipient && live->telling.state == TELLING_WAITS &&
                    live->telling.event != EVENT_ALARM && says_same(live->telling.event, event))
                        return live;
        return NULL;
}

int outbox_asks_about(const struct outbox *outbox, const char *person, const char *medication,
                      struct live_telling **ret) {
        _cleanup_(free_p) char *asked = NULL;
        struct told_group *group;
        int r = format_asked(person, medication, &asked);

        if (r < 0)
                return r;
        HASH_FIND_STR(outbox->asked, asked, group);
        *ret = group ? group->first : NULL;
        return 0;
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
