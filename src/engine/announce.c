/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told of no single dose: changes of the plan, summaries, what does not work, and rehearsals. */
#include <inttypes.h>
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "engine/private.h"

#define TROUBLE_AGAIN USEC_PER_HOUR /* a daemon that crashes at every start must not ring a telephone at every start */

static int announce(struct engine *engine, struct recipient *recipient, enum telling_event event, const char *person,
                    const char *text, usec_t now_usec) {
        const struct telling telling = {
                .event = event,
                .person = (char *) person,
                .text = (char *) text,
                .happened_usec = now_usec,
                .not_before_usec = recipient_may_be_told(recipient, NULL, now_usec),
        };

        return outbox_add(engine, recipient, &telling);
}

static bool is_confidential(const struct person *person, const struct plan_change *change,
                            const struct schedule *former) {
        const struct slot *slot = person_find_slot(person, change->uid);

        return (former && former->details.confidential) || (slot && slot->schedule->details.confidential);
}

int announce_plan(struct engine *engine, const struct person *person, const struct changes *changes, usec_t now_usec) {
        static const char *const words[_PLAN_CHANGE_MAX] = {
                [PLAN_ADDED] = "added",
                [PLAN_CHANGED] = "changed",
                [PLAN_REMOVED] = "removed",
        };
        struct outbox *outbox = &engine->outbox;

        for (size_t i = 0; i < outbox->n_recipients; i++) {
                struct recipient *recipient = outbox->recipients[i];

                if (!recipient_is_told(recipient, EVENT_PLAN) || !recipient_cares_for(recipient, person->name))
                        continue;
                for (size_t j = 0; j < changes->n_items && j < LIMIT_MESSAGE_TELLINGS; j++) {
                        const struct plan_change *change = &changes->items[j];
                        _cleanup_(free_p) char *text = NULL;
                        int r;

                        if (is_confidential(person, change, changes->former[j]))
                                continue;
                        r = text_format(&text, "%s %s", words[change->kind], change->title);
                        if (r >= 0)
                                r = announce(engine, recipient, EVENT_PLAN, person->name, text, now_usec);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* A caregiver hears only that the ledger cannot be kept: what that means for the doses concerns them. */
static bool concerns(const struct recipient *recipient, const char *key) {
        const char *slash = strchr(key, '/');
        _cleanup_(free_p) char *person = NULL;

        if (strcmp(key, "outbox") == 0)
                return false;
        /* Of one person's plan: PERSON/WHAT. */
        person = slash ? strndup(key, (size_t) (slash - key)) : NULL;
        if (slash && (!person || !recipient_cares_for(recipient, person)))
                return false;
        return recipient->policy.kind == RECIPIENT_HOOK || strcmp(key, "store") == 0 || strcmp(key, "ledger") == 0;
}

static int degraded_text(const struct engine *engine, const struct recipient *recipient, char **ret) {
        _cleanup_(free_p) char *text = NULL;
        int r = text_copy("", &text);

        for (size_t i = 0; r >= 0 && i < engine->n_degraded && strlen(text) < LIMIT_TELLING_TEXT_BYTES; i++) {
                char *longer;

                if (!concerns(recipient, engine->degraded[i].key))
                        continue;
                r = text_format(&longer, "%s%s%s", text, *text ? "\n" : "", engine->degraded[i].text);
                if (r < 0)
                        return r;
                free(text);
                text = longer;
        }
        if (r < 0)
                return r;
        text_cut(text, LIMIT_TELLING_TEXT_BYTES);
        *ret = TAKE(text);
        return 0;
}

/* The last that was told, or is about to be. NULL where all was well. */
static int last_degraded(struct engine *engine, struct recipient *recipient, char **ret) {
        _cleanup_(telling_list_done) struct telling_list told = {};
        struct live_telling *live, *last = NULL;
        int r;

        for (live = recipient->tellings; live; live = live->next)
                if (live->telling.event == EVENT_DEGRADED && live->telling.state != TELLING_DROPPED)
                        last = live;
        if (last)
                return text_copy(last->telling.text, ret);
        r = engine_forgive_ledger(engine, store_list_tellings_of_event(engine->store, recipient->name, EVENT_DEGRADED,
                                                                       NULL, NULL, LIMIT_MESSAGE_TELLINGS, &told));
        /* One that was dropped just now may not be written so yet. */
        for (size_t i = 0; r >= 0 && i < told.n_tellings; i++) {
                HASH_FIND(hh, engine->outbox.tellings, &told.tellings[i].id, sizeof(told.tellings[i].id), live);
                if (!live)
                        return text_copy(told.tellings[i].text, ret);
        }
        return r < 0 ? r : text_copy(NULL, ret);
}

static int announce_degraded_to(struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        _cleanup_(free_p) char *text = NULL, *last = NULL;
        struct live_telling *live;
        int r;

        r = degraded_text(engine, recipient, &text);
        if (r >= 0)
                r = last_degraded(engine, recipient, &last);
        if (r < 0 || strcmp(last ? last : "", text) == 0)
                return r;

        /* What was not told yet is told as it is now, or not at all. */
        free(TAKE(last));
        for (live = recipient->tellings; live; live = live->next)
                if (live->telling.event == EVENT_DEGRADED && live->telling.state == TELLING_WAITS) {
                        r = live_telling_set(engine, live, TELLING_DROPPED, 0);
                        if (r < 0)
                                return r;
                }
        r = last_degraded(engine, recipient, &last);
        if (r < 0 || strcmp(last ? last : "", text) == 0)
                return r;
        return announce(engine, recipient, EVENT_DEGRADED, NULL, text, now_usec);
}

int announce_degraded(struct engine *engine, usec_t now_usec) {
        struct outbox *outbox = &engine->outbox;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++)
                if (recipient_is_told(outbox->recipients[i], EVENT_DEGRADED))
                        r = announce_degraded_to(engine, outbox->recipients[i], now_usec);
        return r;
}

static int is_told_lately(struct engine *engine, const struct recipient *recipient, const char *text, usec_t now_usec,
                          bool *ret) {
        _cleanup_(telling_list_done) struct telling_list told = {};
        int r;

        r = engine_forgive_ledger(
                engine, store_list_tellings_of_event(engine->store, recipient->name, EVENT_DEGRADED, NULL, text, 1, &told));
        if (r >= 0)
                *ret = told.n_tellings > 0 && text_equal(told.tellings[0].text, text) &&
                       told.tellings[0].happened_usec > now_usec - TROUBLE_AGAIN;
        return r;
}

int engine_tell_trouble(struct engine *engine, const char *text, usec_t now_usec) {
        struct outbox *outbox = &engine->outbox;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++) {
                struct recipient *recipient = outbox->recipients[i];
                bool is_told = false;

                if (recipient->policy.kind != RECIPIENT_HOOK || !recipient_is_told(recipient, EVENT_DEGRADED))
                        continue;
                r = is_told_lately(engine, recipient, text, now_usec, &is_told);
                if (r >= 0 && !is_told)
                        r = announce(engine, recipient, EVENT_DEGRADED, NULL, text, now_usec);
        }
        return r < 0 ? r : engine_finish(engine, now_usec);
}

static int announce_summary(struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        usec_t from_usec =
                recipient->summary_usec - (recipient->policy.summary == SUMMARY_WEEKLY ? 7 : 1) * USEC_PER_DAY;
        _cleanup_(telling_list_done) struct telling_list last = {};
        char text[32];
        int r;

        r = engine_forgive_ledger(engine, store_list_tellings_of_event(engine->store, recipient->name, EVENT_SUMMARY,
                                                                       NULL, NULL, 1, &last));
        if (last.n_tellings > 0 && last.tellings[0].happened_usec < now_usec)
                from_usec = last.tellings[0].happened_usec;
        if (from_usec < now_usec - SUMMARY_MOST)
                from_usec = now_usec - SUMMARY_MOST;
        (void) snprintf(text, sizeof(text), "%" PRIi64, from_usec);
        for (size_t i = 0; r >= 0 && i < engine->n_people; i++)
                if (recipient_cares_for(recipient, engine->people[i]->name))
                        r = announce(engine, recipient, EVENT_SUMMARY, engine->people[i]->name, text, now_usec);
        recipient->summary_usec = recipient_next_summary(recipient, now_usec);
        recipient->look_usec = USEC_NONE;
        return r;
}

int announce_summaries(struct engine *engine, usec_t now_usec) {
        struct outbox *outbox = &engine->outbox;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++) {
                struct recipient *recipient = outbox->recipients[i];

                if (!recipient->is_wanted || recipient->summary_usec == USEC_NEVER)
                        continue;
                if (recipient->summary_usec <= now_usec && engine->n_people > 0)
                        r = announce_summary(engine, recipient, now_usec);
        }
        return r;
}

int engine_rehearse(struct engine *engine, const char *person, usec_t now_usec, unsigned *ret_recipients) {
        struct outbox *outbox = &engine->outbox;
        unsigned n = 0;
        int r = 0;

        if (!engine_find_person(engine, person))
                return ENGINE_NO_SUCH_PERSON;
        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++) {
                struct recipient *recipient = outbox->recipients[i];
                const struct telling telling = {
                        .event = EVENT_REHEARSAL,
                        .person = (char *) person,
                        .happened_usec = now_usec,
                        .not_before_usec = AT_ONCE(now_usec), /* somebody waits for it */
                };

                /* A heartbeat says that all is well, and nothing else; some are told by the plan alone. */
                if (!recipient->is_wanted || !recipient_cares_for(recipient, person) ||
                    (recipient->policy.tells & ~EVENT_BIT(EVENT_HEARTBEAT)) == 0)
                        continue;
                r = outbox_add(engine, recipient, &telling);
                n++;
        }
        if (r >= 0)
                r = engine_finish(engine, now_usec);
        if (r < 0)
                return r;
        *ret_recipients = n;
        return 0;
}
