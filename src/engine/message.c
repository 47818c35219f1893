/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message is made: of all that waits for one recipient, may be told now, and is still so. A rehearsal is one of its own. */
#include <sys/random.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "engine/private.h"

static int make_message(struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        struct message *message = calloc(1, sizeof(*message));
        unsigned char bytes[16];
        int r;

        if (!message)
                return -ENOMEM;
        if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t) sizeof(bytes)) {
                free(message);
                return -EIO;
        }
        message->id = engine->outbox.last_message + 1;
        message->made_usec = now_usec;
        message->next_usec = now_usec;
        message->expires_usec = recipient_expires(recipient, now_usec);
        r = text_copy(recipient->name, &message->recipient);
        message->token = calloc(1, 2 * sizeof(bytes) + 1);
        if (r < 0 || !message->token) {
                message_done(message);
                free(message);
                return -ENOMEM;
        }
        for (size_t i = 0; i < sizeof(bytes); i++)
                (void) snprintf(message->token + 2 * i, 3, "%02x", bytes[i]);
        engine->outbox.last_message++;
        recipient->open = message;
        return 0;
}

/* Whether the telling goes with the message now. */
static int seal(struct engine *engine, struct recipient *recipient, struct live_telling *live, usec_t now_usec,
                bool *ret_goes) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        int r;

        *ret_goes = false;
        r = telling_copy_dose(engine, &live->telling, &dose);
        if (r < 0)
                return r;
        switch (telling_holds(engine, &live->telling, dose)) {
        case HOLDS:
                *ret_goes = true;
                return live_telling_seal(engine, live, recipient->open->id,
                                         telling_is_private(engine, &live->telling, dose));
        case HOLDS_LATER:
                return live_telling_set(engine, live, TELLING_WAITS, 0);
        case HOLDS_NO_MORE:
                return outbox_drop(engine, live, dose, now_usec);
        }
        return 0;
}

/* Of all that waits and whose time has come; what is sealed already goes first. Returns how many go. */
static int fill_message(struct engine *engine, struct recipient *recipient, bool rehearses, usec_t now_usec,
                        size_t *ret_n) {
        size_t n_max = recipient->policy.kind == RECIPIENT_HOOK ? 1 : LIMIT_MESSAGE_TELLINGS, n = 0;
        static const enum telling_state states[] = { TELLING_SEALED, TELLING_WAITS };
        int64_t last = engine->outbox.last_telling; /* what is decided meanwhile goes with the next one */
        struct live_telling *live;
        bool goes;
        int r;

        for (size_t i = 0; i < ELEMENTS(states); i++)
                for (live = recipient->tellings; live && n < n_max; live = live->next) {
                        if (live->telling.state != states[i] || live->telling.id > last ||
                            (states[i] == TELLING_WAITS &&
                             (live->telling.not_before_usec > now_usec || !telling_waits(engine, &live->telling))))
                                continue;
                        /* Those that were sealed just now are counted already. */
                        if (states[i] == TELLING_SEALED && live->telling.message != recipient->open->id)
                                continue;
                        if (telling_rehearses(&live->telling) != rehearses) {
                                /* A former dosed sealed both into one. */
                                r = live_telling_set(engine, live, TELLING_WAITS, 0);
                                if (r < 0)
                                        return r;
                                continue;
                        }
                        r = seal(engine, recipient, live, now_usec, &goes);
                        if (r < 0)
                                return r;
                        n += goes;
                }
        *ret_n = n;
        return 0;
}

static size_t count_sealed(const struct recipient *recipient) {
        const struct live_telling *live;
        size_t n = 0;

        for (live = recipient->tellings; live; live = live->next)
                n += live->telling.state == TELLING_SEALED;
        return n;
}

static bool calls_to_take(enum telling_event event) {
        return event == EVENT_DUE || event == EVENT_SNOOZED || event == EVENT_ALARM;
}

/*
 * Whether the bytes that may have arrived may be said again: a call to take a dose must not come after it was taken, and what is
 * private by now is not said in words that name it.
 */
static int check_repeat(struct engine *engine, const struct recipient *recipient, bool *ret) {
        const struct live_telling *live;

        for (live = recipient->tellings; live; live = live->next) {
                _cleanup_(dose_free_p) struct dose *dose = NULL;
                int r;

                if (live->telling.state != TELLING_SEALED)
                        continue;
                r = telling_copy_dose(engine, &live->telling, &dose);
                if (r < 0)
                        return r;
                if ((!live->telling.is_discreet && telling_is_private(engine, &live->telling, dose)) ||
                    (calls_to_take(live->telling.event) &&
                     telling_holds(engine, &live->telling, dose) == HOLDS_NO_MORE)) {
                        *ret = false;
                        return 0;
                }
        }
        *ret = true;
        return 0;
}

static bool waits_too(const struct recipient *recipient, const struct live_telling *live) {
        return telling_find_waiting(live->of->first, recipient, live->telling.event);
}

/* What was in it beside what may not be said, and is so still. */
static int say_once_more(struct engine *engine, struct recipient *recipient, const struct live_telling *live) {
        const struct telling *telling = &live->telling;
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        int r;

        if (!telling->uid || telling->event == EVENT_RESOLVED || calls_to_take(telling->event) || waits_too(recipient, live))
                return 0;
        r = telling_copy_dose(engine, telling, &dose);
        if (r < 0 || telling_holds(engine, telling, dose) != HOLDS)
                return r < 0 ? r : 0;
        return outbox_add(engine, recipient, telling);
}

/*
 * The letter that may not be said again is over. What it told may not have been heard, and is said once more with the next one;
 * that it may have been heard stays known. How doses came out comes first: it may be another way by now.
 */
static int end_unrepeatable(struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        int64_t message = recipient->open->id;
        struct live_telling *live, *last;
        int r = 0;

        for (live = recipient->tellings; r >= 0 && live; live = live->next)
                if (live->telling.state == TELLING_SEALED && live->telling.event == EVENT_RESOLVED &&
                    !waits_too(recipient, live))
                        r = outbox_add(engine, recipient, &live->telling);
        if (r >= 0)
                r = message_end(engine, recipient, MESSAGE_STATE_EXPIRED, TELLING_PERHAPS, now_usec);
        last = recipient->tellings ? recipient->tellings->prev : NULL;
        for (live = recipient->tellings; r >= 0 && live; live = live == last ? NULL : live->next)
                if (live->telling.message == message)
                        r = say_once_more(engine, recipient, live);
        return r;
}

int engine_next_message(struct engine *engine, usec_t now_usec, struct message_view *ret) {
        struct outbox *outbox = &engine->outbox;
        bool has_dropped = false;
        int r;

        outbox_forget_view(outbox);
        for (size_t i = 0; i < outbox->n_recipients; i++) {
                struct recipient *recipient = outbox->recipients[i];
                int64_t last = outbox->last_telling;
                bool rehearses;
                size_t n;

                if (!recipient->is_ready || recipient->is_under_way)
                        continue;
                rehearses = recipient_is_to_rehearse(engine, recipient, now_usec);
                if (recipient->open && recipient_rehearses(recipient) != rehearses) {
                        r = message_make_way(engine, recipient, now_usec);
                        if (r < 0)
                                return r;
                }
                if (!recipient->open) {
                        r = make_message(engine, recipient, now_usec);
                        if (r < 0)
                                return r;
                }
                if (recipient->is_frozen) {
                        bool may_repeat;

                        r = check_repeat(engine, recipient, &may_repeat);
                        if (r >= 0 && !may_repeat)
                                r = end_unrepeatable(engine, recipient, now_usec);
                        if (r < 0)
                                return r;
                        if (!may_repeat) {
                                has_dropped = true;
                                continue;
                        }
                        n = count_sealed(recipient);
                } else {
                        r = fill_message(engine, recipient, rehearses, now_usec, &n);
                        if (r < 0)
                                return r;
                        /* It is as new as what it says. */
                        recipient->open->made_usec = now_usec;
                }
                /* What could not wait for quiet hours to end may be settled: what can wait stays, or goes with what is told
                 * instead. */
                if (n > 0 && !recipient->is_frozen &&
                    (outbox->last_telling != last || recipient_attempt_usec(engine, recipient, now_usec) > now_usec)) {
                        recipient->is_ready = false;
                        recipient->look_usec = USEC_NONE;
                        has_dropped = true;
                        continue;
                }
                if (n > 0 || recipient->is_frozen)
                        return message_show(engine, recipient, n, ret);

                /* All of it was settled meanwhile. One that nobody ever tried to deliver never was. */
                if (recipient->open->attempts > 0)
                        r = message_end(engine, recipient, MESSAGE_STATE_EXPIRED, TELLING_DROPPED, now_usec);
                else {
                        message_close(recipient);
                        r = 0;
                }
                recipient->failures = 0; /* nothing is missing at the other end */
                if (r < 0)
                        return r;
                has_dropped = true;
        }
        if (has_dropped) {
                outbox->has_news = true;
                r = engine_finish(engine, now_usec);
                if (r < 0)
                        return r;
        }
        return ENGINE_NO_MESSAGE;
}
