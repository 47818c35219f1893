/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What does not arrive: seen by everyone until it is mended, and tried again by hand. */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

#define ANSWER_SEEN_BYTES 120u /* all of it is in the outbox */
#define FAILURES_SEEN 3u /* attempts in a row without success from which on it is a degradation: 20 min */

/* Another message has told them that by now. */
static int is_told_since(struct engine *engine, const struct recipient *recipient, const struct telling *telling,
                         bool *ret) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        struct knowledge knowledge;
        enum belief belief;
        struct told told;
        int r;

        *ret = false;
        if (!telling_belief(telling->event, &belief))
                return 0;
        r = telling_copy_dose(engine, telling, &dose);
        if (r < 0 || !dose)
                return r;
        r = told_load(engine, dose, recipient, &told);
        if (r < 0)
                return r;
        knowledge = told_knowledge(&told, recipient);
        told_done(&told);
        *ret = knowledge.belief == belief && knowledge.said > telling->id;
        return 0;
}

static int find_waiting(const struct engine *engine, const struct recipient *recipient, const struct telling *telling,
                        struct live_telling **ret) {
        _cleanup_(free_p) char *id = NULL;
        int r;

        *ret = NULL;
        if (!telling->uid)
                return 0;
        r = dose_id_format(telling->person, telling->uid, telling->recurrence_id, &id);
        if (r >= 0)
                *ret = telling_find_waiting(outbox_of_dose(&engine->outbox, id), recipient, telling->event);
        return r < 0 ? r : 0;
}

/* At once: somebody waits for it. What waits to say the same goes in its place. */
static int tell_one_again(struct engine *engine, struct recipient *recipient, const struct telling *telling,
                          usec_t now_usec) {
        struct telling again = *telling;
        struct live_telling *waiting;
        bool is_told;
        int r;

        r = find_waiting(engine, recipient, telling, &waiting);
        if (r < 0)
                return r;
        if (waiting)
                return live_telling_hurry(engine, waiting, telling->in_summary, now_usec);
        r = is_told_since(engine, recipient, telling, &is_told);
        if (r < 0 || is_told)
                return r;
        again.happened_usec = now_usec;
        again.not_before_usec = AT_ONCE(now_usec);
        return outbox_add(engine, recipient, &again);
}

/* What failed is told again, if it is still so; together with what else there is to say by then. */
static int tell_again(struct engine *engine, struct recipient *recipient, struct message *message, usec_t now_usec) {
        _cleanup_(telling_list_done) struct telling_list tellings = {};
        int r;

        r = store_list_tellings_of_message(engine->store, message->id, &tellings);
        /* What became of the former ones stays known: they may have arrived. */
        for (size_t i = 0; r >= 0 && i < tellings.n_tellings; i++)
                if (tellings.tellings[i].state == TELLING_FAILED || tellings.tellings[i].state == TELLING_PERHAPS)
                        r = tell_one_again(engine, recipient, &tellings.tellings[i], now_usec);
        message->state = MESSAGE_STATE_RENEWED;
        return r < 0 ? r : store_put_message(engine->store, message);
}

int engine_retry_message(struct engine *engine, int64_t number, usec_t now_usec) {
        struct recipient *recipient = recipient_of_message(&engine->outbox, number);
        struct message message = {};
        int r = 0;

        if (recipient && recipient->is_under_way)
                return 0;
        if (!recipient) {
                r = store_get_message(engine->store, number, &message);
                if (r == 0)
                        recipient = outbox_find_recipient(&engine->outbox, message.recipient);
                if (r == STORE_NOTHING)
                        r = ENGINE_NO_MESSAGE;
                else if (r == 0 && (!recipient || !recipient->is_wanted ||
                                    (message.state != MESSAGE_STATE_FAILED && message.state != MESSAGE_STATE_EXPIRED)))
                        r = ENGINE_NOT_OPEN;
                if (r == 0)
                        r = tell_again(engine, recipient, &message, now_usec);
                message_done(&message);
                if (r != 0)
                        return r;
                if (recipient->n_failed > 0)
                        recipient->n_failed--;
        }
        recipient->retry_usec = now_usec;
        /* Where nothing can be said now, what goes in a later night is not what somebody waits for. */
        recipient->is_forced = true;
        /* A rehearsal waits for no morning, and what is real goes on waiting for it. */
        recipient->is_forced = !recipient_rehearses(recipient) && recipient_attempt_usec(engine, recipient, now_usec) <= now_usec;
        recipient->look_usec = USEC_NONE;
        return engine_finish(engine, now_usec);
}

static bool is_in_trouble(const struct recipient *recipient) {
        return recipient->is_wanted && (recipient->n_failed > 0 || recipient->failures >= FAILURES_SEEN);
}

bool engine_delivers(const struct engine *engine) {
        for (size_t i = 0; i < engine->outbox.n_recipients; i++)
                if (is_in_trouble(engine->outbox.recipients[i]))
                        return false;
        return true;
}

/* A hook that repeats the event it was given, in JSON, would show on a desktop what is only for who may see that person. */
static int short_answer(const struct recipient *recipient, char **ret) {
        const char *answer = recipient->answer ? recipient->answer : "no reason is known";
        _cleanup_(free_p) char *text = NULL;
        size_t size;
        int r;

        r = text_copy(answer, &text);
        if (r < 0)
                return r;
        if (recipient->policy.kind == RECIPIENT_HOOK)
                text[strcspn(text, "{")] = '\0';
        text_cut(text, ANSWER_SEEN_BYTES);
        size = strlen(text);
        if (answer[size] != '\0')
                return size > 0 ? text_format(ret, "%s…", text) : text_format(ret, "it answered at length");
        while (size > 0 && text[size - 1] == '.')
                text[--size] = '\0';
        *ret = TAKE(text);
        return 0;
}

int outbox_update_degraded(struct engine *engine) {
        const struct outbox *outbox = &engine->outbox;
        const struct recipient *first = NULL;
        _cleanup_(free_p) char *text = NULL, *answer = NULL;
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; i < outbox->n_recipients; i++)
                if (is_in_trouble(outbox->recipients[i]) && n++ == 0)
                        first = outbox->recipients[i];
        if (first) {
                r = short_answer(first, &answer);
                if (r >= 0 && n > 1)
                        r = text_format(&text, "Messages to %s and %zu more do not arrive: %s. See dosectl outbox",
                                        first->name, n - 1, answer);
                else if (r >= 0)
                        r = text_format(&text, "Messages to %s do not arrive: %s. See dosectl outbox", first->name,
                                        answer);
        }
        return r < 0 ? r : engine_set_degraded(engine, "outbox", text);
}
