/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The outbox: when each recipient is looked at again, and what becomes of the message under way. Each has one at most that is not
 * done. What surely did not arrive is made anew at the next attempt from what is so then; what may have arrived stays as it is,
 * byte by byte, until it is known.
 */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

/* A message that may have arrived so often holds up what comes after it no more: 80 min. */
#define UNKNOWN_MOST 5u
/* So long a message is worth trying. */
#define EXPIRES_CAREGIVER (7 * USEC_PER_DAY)
#define EXPIRES_HOOK USEC_PER_DAY

static usec_t backoff(unsigned failures) {
        static const usec_t waits[] = { 1, 5, 15, 60 }; /* minutes */
        size_t i = failures > 0 ? failures - 1 : 0;

        return waits[i < ELEMENTS(waits) ? i : ELEMENTS(waits) - 1] * USEC_PER_MINUTE;
}

bool telling_waits(const struct engine *engine, const struct telling *telling) {
        return telling->state == TELLING_WAITS && (!telling->person || engine_find_person(engine, telling->person));
}

/* Not before quiet hours end, also where an outage or the message before it held it up until they began. */
static usec_t quiet_until(const struct recipient *recipient, const struct live_telling *live, usec_t at_usec) {
        const struct engine_recipient *policy = &recipient->policy;
        usec_t end_usec;

        if (policy->kind == RECIPIENT_HOOK || recipient->is_forced || live->is_critical ||
            live->telling.event == EVENT_ALARM || live->telling.event == EVENT_REHEARSAL ||
            (live->due_usec != USEC_NONE && !live->telling.in_summary &&
             quiet_holds(&policy->quiet, policy->clock.zone, live->due_usec)))
                return at_usec;
        /* What was to be told just before they begin is gathered into them. */
        end_usec = quiet_end(&policy->quiet, policy->clock.zone, at_usec - GATHER_USEC);
        return end_usec == at_usec - GATHER_USEC ? at_usec : end_usec + GATHER_USEC;
}

bool recipient_rehearses(const struct recipient *recipient) {
        const struct live_telling *live;

        for (live = recipient->tellings; live; live = live->next)
                if (live->telling.state == TELLING_SEALED && !telling_rehearses(&live->telling))
                        return false;
        return recipient->open != NULL;
}

static usec_t attempt_usec(const struct engine *engine, const struct recipient *recipient, bool rehearses,
                           usec_t now_usec) {
        usec_t gather_usec = recipient->policy.kind == RECIPIENT_HOOK ? 0 : GATHER_USEC, at_usec = USEC_NEVER;
        /* What is real does not wait for a rehearsal that failed. */
        usec_t retry_usec = !rehearses && recipient_rehearses(recipient) ? USEC_NONE : recipient->retry_usec;
        const struct live_telling *live;

        for (live = recipient->tellings; live; live = live->next) {
                usec_t may_go_usec = retry_usec;

                if (telling_rehearses(&live->telling) != rehearses)
                        continue;
                if (live->telling.state != TELLING_SEALED || !recipient->open) {
                        if (!telling_waits(engine, &live->telling))
                                continue;
                        if (live->telling.not_before_usec + gather_usec > may_go_usec)
                                may_go_usec = live->telling.not_before_usec + gather_usec;
                }
                if (may_go_usec < now_usec)
                        may_go_usec = now_usec;
                if (may_go_usec < at_usec)
                        may_go_usec = quiet_until(recipient, live, may_go_usec);
                if (may_go_usec < at_usec)
                        at_usec = may_go_usec;
        }
        return at_usec;
}

/* What was tried, and is real, is done first. */
static usec_t rehearsal_usec(const struct engine *engine, const struct recipient *recipient, usec_t now_usec) {
        if (recipient->open && recipient->open->attempts > 0 && !recipient_rehearses(recipient))
                return USEC_NEVER;
        return attempt_usec(engine, recipient, true, now_usec);
}

/*
 * When the next attempt can begin: USEC_NEVER where there is nothing to say. A message that waits for quiet hours to end makes
 * way for what does not.
 */
usec_t recipient_attempt_usec(const struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        usec_t real_usec, pretended_usec;

        if (recipient->retry_usec > now_usec + RETRY_MAX)
                recipient->retry_usec = now_usec;
        if (recipient->is_under_way || !recipient->is_wanted)
                return USEC_NEVER;
        real_usec = attempt_usec(engine, recipient, false, now_usec);
        pretended_usec = rehearsal_usec(engine, recipient, now_usec);
        return real_usec < pretended_usec ? real_usec : pretended_usec;
}

bool recipient_is_to_rehearse(const struct engine *engine, const struct recipient *recipient, usec_t now_usec) {
        return attempt_usec(engine, recipient, false, now_usec) > now_usec &&
               (recipient_rehearses(recipient) || rehearsal_usec(engine, recipient, now_usec) <= now_usec);
}

usec_t recipient_expires(const struct recipient *recipient, usec_t now_usec) {
        return now_usec + (recipient->policy.kind == RECIPIENT_HOOK ? EXPIRES_HOOK : EXPIRES_CAREGIVER);
}

static void recipient_plan(const struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        usec_t at_usec = recipient->is_ready ? USEC_NEVER : recipient_attempt_usec(engine, recipient, now_usec);

        /* It was made by a clock that was ahead. */
        if (recipient->open && recipient->open->expires_usec > recipient_expires(recipient, now_usec))
                recipient->open->expires_usec = recipient_expires(recipient, now_usec);
        if (recipient->open && !recipient->is_under_way && recipient->open->expires_usec < at_usec)
                at_usec = recipient->open->expires_usec;
        /* At a start the people come later, and the summary with them. */
        recipient->look_usec =
                engine->n_people == 0 || at_usec < recipient->summary_usec ? at_usec : recipient->summary_usec;
}

usec_t outbox_next_usec(const struct engine *engine) {
        usec_t next_usec = USEC_NEVER;

        for (size_t i = 0; i < engine->outbox.n_recipients; i++)
                if (engine->outbox.recipients[i]->look_usec < next_usec)
                        next_usec = engine->outbox.recipients[i]->look_usec;
        return next_usec;
}

static int look_again(struct engine *engine, struct recipient *recipient, const struct telling *telling,
                      usec_t now_usec) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        int r = telling_copy_dose(engine, telling, &dose);

        return r < 0 || !dose ? r : ladder_look(engine, dose, recipient, now_usec);
}

int outbox_drop(struct engine *engine, struct live_telling *live, const struct dose *dose, usec_t now_usec) {
        int r = live_telling_set(engine, live, TELLING_DROPPED, 0);

        return r < 0 || !dose ? r : ladder_look(engine, dose, live->recipient, now_usec);
}

static int drop_untold(struct engine *engine, struct live_telling *live, usec_t now_usec) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        int r = telling_copy_dose(engine, &live->telling, &dose);

        if (r < 0 || telling_holds(engine, &live->telling, dose) != HOLDS_NO_MORE)
                return r < 0 ? r : 0;
        return outbox_drop(engine, live, dose, now_usec);
}

int outbox_look_at_private(struct engine *engine, const struct person *person, usec_t now_usec) {
        for (size_t i = 0; i < engine->outbox.n_recipients; i++) {
                struct recipient *recipient = engine->outbox.recipients[i];
                struct live_telling *live, *last = recipient->tellings ? recipient->tellings->prev : NULL;

                for (live = recipient->tellings; live; live = live == last ? NULL : live->next) {
                        const struct telling *telling = &live->telling;
                        const struct slot *slot;
                        int r;

                        if (telling->state != TELLING_WAITS || !telling->uid ||
                            !text_equal(telling->person, person->name))
                                continue;
                        slot = person_find_slot(person, telling->uid);
                        if (!slot || !slot->is_changed || !schedule_has_private(slot->schedule))
                                continue;
                        r = drop_untold(engine, live, now_usec);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* What was in the message, whatever became of it; then the recipient hears how it is now with its doses. */
static int release(struct engine *engine, struct recipient *recipient, enum telling_state state, usec_t now_usec) {
        int64_t message = recipient->open->id;
        struct live_telling *live, *last = recipient->tellings ? recipient->tellings->prev : NULL;
        int r = 0;

        for (live = recipient->tellings; r >= 0 && live; live = live->next)
                if (live->telling.state == TELLING_SEALED)
                        r = live_telling_set(engine, live, state, state == TELLING_WAITS ? 0 : message);
        for (live = recipient->tellings; r >= 0 && live; live = live == last ? NULL : live->next)
                if (live->telling.message == message && live->telling.uid)
                        r = look_again(engine, recipient, &live->telling, now_usec);
        return r;
}

void message_close(struct recipient *recipient) {
        message_done(recipient->open);
        free(recipient->open);
        recipient->open = NULL;
        recipient->is_frozen = recipient->is_under_way = recipient->is_ready = recipient->is_forced = false;
        recipient->n_unknown = 0;
        recipient->look_usec = USEC_NONE;
}

int message_end(struct engine *engine, struct recipient *recipient, enum message_state state,
                enum telling_state tellings, usec_t now_usec) {
        struct message *message = recipient->open;
        int r;

        message->state = state;
        message->next_usec = now_usec;
        message->perhaps = recipient->is_frozen;
        free(TAKE(message->body));
        message->body_size = 0;
        r = store_put_message(engine->store, message);
        if (r >= 0)
                r = release(engine, recipient, tellings, now_usec);
        if (r >= 0)
                message_close(recipient);
        return r;
}

int message_make_way(struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        enum telling_state tellings = recipient->is_frozen ? TELLING_PERHAPS : TELLING_WAITS;
        bool is_forced = recipient->is_forced;
        int r;

        /* What is real has all its attempts yet. */
        if (recipient_rehearses(recipient)) {
                recipient->retry_usec = USEC_NONE;
                recipient->failures = 0;
        }
        if (recipient->open->attempts > 0)
                r = message_end(engine, recipient, MESSAGE_STATE_EXPIRED, tellings, now_usec);
        else {
                r = release(engine, recipient, tellings, now_usec);
                message_close(recipient);
        }
        recipient->is_ready = true;
        recipient->is_forced = is_forced;
        return r;
}

int recipient_take_up(struct recipient *recipient, struct message *message, usec_t now_usec) {
        int r;

        if (message->state == MESSAGE_STATE_FAILED) {
                recipient->n_failed++;
                return text_set(&recipient->answer, message->answer);
        }
        if (recipient->open)
                return 0;
        r = text_set(&recipient->answer, message->answer);
        if (r < 0)
                return r;
        recipient->open = malloc(sizeof(*recipient->open));
        if (!recipient->open)
                return -ENOMEM;
        *recipient->open = *message;
        *message = (struct message){};
        /* The attempt that a former process did not live to see the end of may have arrived. */
        recipient->is_frozen = recipient->open->perhaps;
        recipient->failures = recipient->open->attempts;
        recipient->retry_usec = recipient->is_frozen ? now_usec : recipient->open->next_usec;
        return 0;
}

int recipient_dismiss(struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        struct live_telling *live;
        int r = 0;

        recipient->look_usec = USEC_NONE;
        for (live = recipient->tellings; r >= 0 && live; live = live->next)
                if (live->telling.state == TELLING_WAITS)
                        r = live_telling_set(engine, live, TELLING_DROPPED, 0);
        recipient->n_failed = 0;
        recipient->failures = 0;
        if (r >= 0 && recipient->open && !recipient->is_under_way)
                r = message_end(engine, recipient, MESSAGE_STATE_EXPIRED,
                                recipient->is_frozen ? TELLING_PERHAPS : TELLING_DROPPED, now_usec);
        return r;
}

/* What a hook could not be told within a day is of no use to it. */
static int give_up_old(struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        struct live_telling *live;
        int r = 0;

        if (recipient->policy.kind != RECIPIENT_HOOK)
                return 0;
        for (live = recipient->tellings; r >= 0 && live; live = live->next)
                if (live->telling.state == TELLING_WAITS && live->telling.event != EVENT_RESOLVED &&
                    now_usec - live->telling.happened_usec > EXPIRES_HOOK)
                        r = live_telling_set(engine, live, TELLING_FAILED, 0);
        return r;
}

/* What surely did not arrive goes with the next message, if it is still so. */
static int expire(struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        enum telling_state tellings = recipient->is_frozen                       ? TELLING_PERHAPS
                                      : recipient->policy.kind == RECIPIENT_HOOK ? TELLING_FAILED
                                                                                 : TELLING_WAITS;

        return message_end(engine, recipient, MESSAGE_STATE_EXPIRED, tellings, now_usec);
}

int outbox_step(struct engine *engine, usec_t now_usec) {
        struct outbox *outbox = &engine->outbox;
        int r = 0;

        if (now_usec < outbox->looked_usec)
                r = outbox_correct_clock(engine, now_usec);
        outbox->looked_usec = now_usec;
        if (r >= 0)
                r = announce_summaries(engine, now_usec);
        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++) {
                struct recipient *recipient = outbox->recipients[i];

                if (recipient->look_usec == USEC_NONE)
                        recipient_plan(engine, recipient, now_usec);
                if (recipient->look_usec > now_usec)
                        continue;
                r = give_up_old(engine, recipient, now_usec);
                if (r >= 0 && recipient->open && !recipient->is_under_way && recipient->open->expires_usec <= now_usec)
                        r = expire(engine, recipient, now_usec);
                if (r >= 0 && !recipient->is_ready && recipient_attempt_usec(engine, recipient, now_usec) <= now_usec) {
                        recipient->is_ready = true;
                        outbox->has_news = true;
                }
                recipient_plan(engine, recipient, now_usec);
        }
        return r < 0 ? r : outbox_update_degraded(engine);
}

/*
 * The clock was ahead: what was decided by it is as if it had been decided now, and waits no longer than was meant. Alarms
 * wait for a time that was chosen.
 */
int outbox_correct_clock(struct engine *engine, usec_t now_usec) {
        struct outbox *outbox = &engine->outbox;
        struct live_telling *live, *next;
        int r = 0;

        HASH_ITER (hh, outbox->tellings, live, next) {
                struct telling *telling = &live->telling;
                usec_t ahead_usec = telling->happened_usec - now_usec;

                if (r < 0 || telling->state != TELLING_WAITS || telling->event == EVENT_ALARM || ahead_usec <= 0)
                        continue;
                telling->happened_usec -= ahead_usec;
                telling->not_before_usec -= ahead_usec;
                r = store_put_telling(engine->store, telling);
        }
        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++) {
                struct recipient *recipient = outbox->recipients[i];

                recipient->look_usec = USEC_NONE;
                r = recipient_plan_summary(engine, recipient, now_usec);
        }
        return r;
}

struct recipient *recipient_of_message(const struct outbox *outbox, int64_t message) {
        for (size_t i = 0; i < outbox->n_recipients; i++)
                if (outbox->recipients[i]->open && outbox->recipients[i]->open->id == message)
                        return outbox->recipients[i];
        return NULL;
}

int engine_begin_delivery(struct engine *engine, int64_t number, const char *body, size_t body_size, usec_t now_usec) {
        struct recipient *recipient = recipient_of_message(&engine->outbox, number);
        struct message *message;
        char *copy;
        int r;

        if (!recipient || recipient->is_under_way)
                return -EINVAL;
        message = recipient->open;
        copy = malloc(body_size + 1);
        if (!copy)
                return -ENOMEM;
        if (body_size > 0)
                (void) memcpy(copy, body, body_size);
        copy[body_size] = '\0';
        free(message->body);
        message->body = copy;
        message->body_size = body_size;
        message->attempts++;
        message->perhaps = true;
        message->next_usec = now_usec + backoff(recipient->failures + 1);
        recipient->is_under_way = true;
        recipient->is_ready = recipient->is_forced = false;
        recipient->look_usec = USEC_NONE;
        r = store_put_message(engine->store, message);
        return r < 0 ? r : engine_finish(engine, now_usec);
}

static int put_off(struct engine *engine, struct recipient *recipient, bool may_have_arrived, usec_t now_usec) {
        struct message *message = recipient->open;

        recipient->is_frozen = recipient->is_frozen || may_have_arrived;
        message->perhaps = recipient->is_frozen;
        if (!recipient->is_frozen) {
                free(TAKE(message->body));
                message->body_size = 0;
        }
        recipient->failures++;
        recipient->retry_usec = message->next_usec = now_usec + backoff(recipient->failures);
        return store_put_message(engine->store, message);
}

static int give_up(struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        recipient->n_failed++;
        recipient->failures = 0;
        /* What is real does not wait for what is not. */
        recipient->retry_usec = recipient_rehearses(recipient) ? USEC_NONE : now_usec + backoff(1);
        return message_end(engine, recipient, MESSAGE_STATE_FAILED,
                           recipient->is_frozen ? TELLING_PERHAPS : TELLING_FAILED, now_usec);
}

int engine_end_delivery(struct engine *engine, int64_t number, enum delivery delivery, const char *answer,
                        usec_t now_usec) {
        struct recipient *recipient = recipient_of_message(&engine->outbox, number);
        int r;

        if (!recipient || !recipient->is_under_way)
                return -EINVAL;
        outbox_forget_view(&engine->outbox);
        recipient->is_under_way = false;
        recipient->look_usec = USEC_NONE;
        r = text_set(&recipient->open->answer, answer);
        if (r >= 0)
                r = text_set(&recipient->answer, answer);
        if (r < 0)
                return r;

        switch (delivery) {
        case DELIVERY_DONE:
                recipient->failures = 0;
                recipient->retry_usec = USEC_NONE;
                recipient->n_failed = 0;
                recipient->is_frozen = false;
                r = message_end(engine, recipient, MESSAGE_STATE_DONE, TELLING_TOLD, now_usec);
                break;
        case DELIVERY_LATER:
                r = put_off(engine, recipient, false, now_usec);
                break;
        case DELIVERY_UNKNOWN:
                recipient->is_frozen = true;
                r = ++recipient->n_unknown < UNKNOWN_MOST ? put_off(engine, recipient, true, now_usec)
                                                          : give_up(engine, recipient, now_usec);
                break;
        case DELIVERY_NEVER:
        case _DELIVERY_MAX:
                r = give_up(engine, recipient, now_usec);
                break;
        }
        if (r >= 0 && !recipient->is_wanted)
                r = recipient_dismiss(engine, recipient, now_usec);
        return r < 0 ? r : engine_finish(engine, now_usec);
}
