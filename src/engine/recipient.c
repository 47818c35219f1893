/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caregivers and hooks: who they are, whose doses they hear of, and when. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "engine/private.h"

#define BELIEVED_FOR (30 * USEC_PER_DAY) /* how far back it matters what somebody was told */
#define KEPT_FOR (400 * USEC_PER_DAY)    /* a year, and some weeks to look back at it */
#define DEFAULT_SUMMARY_SEC (19 * 3600)  /* what is put off for one who gets no summary */

struct recipient *outbox_find_recipient(const struct outbox *outbox, const char *name) {
        for (size_t i = 0; i < outbox->n_recipients; i++)
                if (strcmp(outbox->recipients[i]->name, name) == 0)
                        return outbox->recipients[i];
        return NULL;
}

static void policy_done(struct engine_recipient *policy) {
        char **people = (char **) policy->people;

        for (size_t i = 0; people && i < policy->n_people; i++)
                free(people[i]);
        free(people);
        free((char *) policy->email);
        free((char *) policy->way);
        *policy = (struct engine_recipient){};
}

/* The name is the recipient's own. */
static int policy_copy(const struct engine_recipient *policy, const char *name, struct engine_recipient *ret) {
        struct engine_recipient copy = *policy;
        char **people = NULL, *email = NULL, *way = NULL;
        int r;

        r = text_copy(policy->email, &email);
        if (r >= 0)
                r = text_copy(policy->way, &way);
        if (r >= 0 && policy->people) {
                people = calloc(policy->n_people + 1, sizeof(*people));
                r = people ? 0 : -ENOMEM;
        }
        for (size_t i = 0; r >= 0 && people && i < policy->n_people; i++)
                r = text_copy(policy->people[i], &people[i]);

        copy.name = name;
        copy.email = email;
        copy.way = way;
        copy.people = (const char *const *) people;
        if (r < 0) {
                policy_done(&copy);
                return r;
        }
        *ret = copy;
        return 0;
}

static void recipient_free(struct recipient *recipient) {
        if (recipient->open) {
                message_done(recipient->open);
                free(recipient->open);
        }
        policy_done(&recipient->policy);
        free(recipient->name);
        free(recipient->answer);
        free(recipient);
}

int outbox_add_recipient(struct outbox *outbox, const char *name, struct recipient **ret) {
        struct recipient **grown =
                reallocarray(outbox->recipients, outbox->n_recipients + 1, sizeof(struct recipient *));
        struct recipient *recipient;
        int r;

        if (!grown)
                return -ENOMEM;
        outbox->recipients = grown;
        recipient = calloc(1, sizeof(*recipient));
        if (!recipient)
                return -ENOMEM;
        recipient->summary_usec = recipient->look_usec = USEC_NEVER;
        r = text_copy(name, &recipient->name);
        if (r < 0) {
                free(recipient);
                return r;
        }
        grown[outbox->n_recipients++] = recipient;
        *ret = recipient;
        return 0;
}

void outbox_done(struct engine *engine) {
        struct outbox *outbox = &engine->outbox;

        outbox_forget_view(outbox);
        outbox_drop_tellings(outbox);
        for (size_t i = 0; i < outbox->n_recipients; i++)
                recipient_free(outbox->recipients[i]);
        free(outbox->recipients);
        *outbox = (struct outbox){};
}

bool recipient_cares_for(const struct recipient *recipient, const char *person) {
        if (!recipient->policy.people)
                return true;
        for (size_t i = 0; i < recipient->policy.n_people; i++)
                if (strcmp(recipient->policy.people[i], person) == 0)
                        return true;
        return false;
}

bool recipient_is_told(const struct recipient *recipient, enum telling_event event) {
        return recipient->is_wanted && (recipient->policy.tells & EVENT_BIT(event)) != 0;
}

bool recipient_asks_for(const struct recipient *recipient, enum telling_event event, const struct dose *dose) {
        bool is_caregiver = recipient->policy.kind == RECIPIENT_CAREGIVER;

        switch (event) {
        case EVENT_RESOLVED:
        case EVENT_ALARM:
        case EVENT_REHEARSAL:
                return true;
        case EVENT_UNATTENDED:
        case EVENT_STOPPED:
                return recipient_is_told(recipient, event) ||
                       (is_caregiver && recipient_is_told(recipient, EVENT_MISSED));
        case EVENT_SKIPPED:
                return recipient_is_told(recipient, event) ||
                       (is_caregiver && dose && dose->critical && recipient_is_told(recipient, EVENT_MISSED));
        case EVENT_SUMMARY:
                return recipient->policy.summary != SUMMARY_NONE;
        case EVENT_DUE:
        case EVENT_MISSED:
        case EVENT_TAKEN:
        case EVENT_SNOOZED:
        case EVENT_PLAN:
        case EVENT_STOCK:
        case EVENT_FINDING:
        case EVENT_SYMPTOM:
        case EVENT_DEGRADED:
        case EVENT_HEARTBEAT:
        case _EVENT_MAX:
                break;
        }
        return recipient_is_told(recipient, event);
}

usec_t recipient_may_be_told(const struct recipient *recipient, const struct dose *dose, usec_t at_usec) {
        const struct engine_recipient *policy = &recipient->policy;

        if (policy->kind == RECIPIENT_HOOK)
                return at_usec;
        if (dose && (dose->critical || quiet_holds(&policy->quiet, policy->clock.zone, dose->due_usec)))
                return at_usec;
        return quiet_end(&policy->quiet, policy->clock.zone, at_usec);
}

usec_t recipient_next_summary(const struct recipient *recipient, usec_t after_usec) {
        const struct engine_recipient *policy = &recipient->policy;
        int32_t sec = policy->summary == SUMMARY_NONE ? DEFAULT_SUMMARY_SEC : policy->summary_sec;
        usec_t at_usec = next_time_of_day(policy->clock.zone, sec, after_usec);

        if (policy->summary == SUMMARY_WEEKLY)
                for (int i = 0; i < 7; i++) {
                        /* 1 January 1970 was a Thursday. */
                        int64_t weekday = (wall_day(zone_to_wall(policy->clock.zone, at_usec)) + 4) % 7;

                        if ((weekday + 7) % 7 == (int64_t) policy->summary_weekday)
                                break;
                        at_usec = next_time_of_day(policy->clock.zone, sec, at_usec);
                }
        return at_usec;
}

/* Since the last one that was made; of one who never had any, from now on. */
int recipient_plan_summary(struct engine *engine, struct recipient *recipient, usec_t now_usec) {
        _cleanup_(telling_list_done) struct telling_list last = {};
        usec_t after_usec = now_usec;
        int r;

        recipient->summary_usec = USEC_NEVER;
        if (!recipient->is_wanted || recipient->policy.summary == SUMMARY_NONE)
                return 0;
        r = engine_forgive_ledger(engine, store_list_tellings_of_event(engine->store, recipient->name, EVENT_SUMMARY,
                                                                       NULL, NULL, 1, &last));
        if (r < 0)
                return r;
        if (last.n_tellings > 0 && last.tellings[0].happened_usec < now_usec &&
            last.tellings[0].happened_usec > now_usec - SUMMARY_MOST)
                after_usec = last.tellings[0].happened_usec;
        recipient->summary_usec = recipient_next_summary(recipient, after_usec);
        return 0;
}

static int load(struct engine *engine, usec_t now_usec) {
        _cleanup_(telling_list_done) struct telling_list tellings = {};
        _cleanup_(message_list_done) struct message_list messages = {};
        struct outbox *outbox = &engine->outbox;
        int r;

        if (outbox->is_loaded)
                return 0;
        /* A clock that nobody has set may be years ahead. A full disk keeps what is old. Numbers are never given
         * twice: the last ones stay. */
        r = now_usec < engine->hold_usec ? 0 : store_prune_outbox(engine->store, now_usec - KEPT_FOR);
        if (r < 0 && r != -EIO)
                return r;
        r = store_last_numbers(engine->store, &outbox->last_telling, &outbox->last_message);
        if (r >= 0)
                r = store_load_outbox(engine->store, &tellings, &messages);
        if (r < 0) /* it is tried again with the next configuration; what is told meanwhile has numbers of its own */
                return engine_forgive_ledger(engine, r);
        outbox->is_loaded = true;
        outbox->looked_usec = USEC_NEVER; /* the clock may have been ahead in a former process */

        for (size_t i = 0; r >= 0 && i < messages.n_messages; i++) {
                struct recipient *recipient = outbox_find_recipient(outbox, messages.messages[i].recipient);

                if (!recipient)
                        r = outbox_add_recipient(outbox, messages.messages[i].recipient, &recipient);
                if (r >= 0)
                        r = recipient_take_up(recipient, &messages.messages[i], now_usec);
        }
        for (size_t i = 0; r >= 0 && i < tellings.n_tellings; i++) {
                struct recipient *recipient = outbox_find_recipient(outbox, tellings.tellings[i].recipient);

                if (!recipient)
                        r = outbox_add_recipient(outbox, tellings.tellings[i].recipient, &recipient);
                if (r >= 0)
                        r = outbox_take_up(engine, recipient, &tellings.tellings[i]);
        }
        return r < 0 ? r : outbox_correct_clock(engine, now_usec);
}

/* Also of a former process: the configuration may have changed between two of them. */
static int check_way(struct engine *engine, struct recipient *recipient, const char *way, usec_t now_usec) {
        _cleanup_(free_p) char *name = NULL, *former = NULL;
        int r;

        r = text_format(&name, "way of %s", recipient->name);
        if (r >= 0)
                r = store_get_text(engine->store, name, &former);
        if (r == -ENOMEM)
                return r;
        if (text_equal(former ? former : "", way ? way : ""))
                return 0;
        /* On a full disk it is asked again at the next start. */
        (void) store_put_text(engine->store, name, way ? way : "");
        if (r != 0 || !recipient->open || !recipient->is_frozen || recipient->is_under_way)
                return 0;
        recipient->is_frozen = false;
        return message_end(engine, recipient, MESSAGE_STATE_EXPIRED, TELLING_WAITS, now_usec);
}

static int set_recipient(struct engine *engine, const struct engine_recipient *policy, usec_t now_usec) {
        struct recipient *recipient = outbox_find_recipient(&engine->outbox, policy->name);
        struct engine_recipient copy;
        int r = 0;

        if (!recipient)
                r = outbox_add_recipient(&engine->outbox, policy->name, &recipient);
        if (r >= 0)
                r = policy_copy(policy, recipient->name, &copy);
        if (r < 0)
                return r;
        policy_done(&recipient->policy);
        recipient->policy = copy;
        recipient->is_wanted = recipient->is_back = true;
        return check_way(engine, recipient, policy->way, now_usec);
}

/* By all that they were told of it, whatever one of these said once. */
static int believes_wrongly(struct engine *engine, const struct recipient *recipient, const struct dose *dose,
                            bool *ret) {
        struct told told;
        int r = told_load(engine, dose, recipient, &told);

        if (r < 0)
                return r;
        *ret = belief_is_wrong(told_knowledge(&told, recipient).belief, dose);
        told_done(&told);
        return 0;
}

/* They may believe what is not so any more: it has changed while they were told nothing. */
static int catch_up(struct engine *engine, struct recipient *recipient, enum telling_event event, usec_t now_usec) {
        _cleanup_(telling_list_done) struct telling_list told = {};
        int r;

        r = engine_forgive_ledger(engine, store_list_tellings_of_event(engine->store, recipient->name, event, NULL,
                                                                       NULL, LIMIT_ROW_DOSES, &told));
        for (size_t i = 0; r >= 0 && i < told.n_tellings; i++) {
                _cleanup_(dose_free_p) struct dose *dose = NULL;
                enum belief belief;
                bool is_wrong = false;

                if (!told.tellings[i].uid || now_usec - told.tellings[i].happened_usec > BELIEVED_FOR ||
                    !telling_belief(event, &belief))
                        continue;
                r = telling_copy_dose(engine, &told.tellings[i], &dose);
                if (r >= 0 && dose && belief_is_wrong(belief, dose))
                        r = believes_wrongly(engine, recipient, dose, &is_wrong);
                if (r >= 0 && is_wrong)
                        r = ladder_look(engine, dose, recipient, now_usec);
        }
        return r;
}

int recipients_catch_up(struct engine *engine, usec_t now_usec) {
        static const enum telling_event events[] = { EVENT_MISSED, EVENT_UNATTENDED, EVENT_STOPPED, EVENT_SKIPPED };
        struct outbox *outbox = &engine->outbox;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++) {
                struct recipient *recipient = outbox->recipients[i];

                for (size_t k = 0; r >= 0 && recipient->is_back && k < ELEMENTS(events); k++)
                        r = catch_up(engine, recipient, events[k], now_usec);
                recipient->is_back = false;
                recipient->look_usec = USEC_NONE; /* a person may be back as well */
        }
        return r;
}

int engine_set_recipients(struct engine *engine, const struct engine_recipient *recipients, size_t n_recipients,
                          usec_t now_usec) {
        struct outbox *outbox = &engine->outbox;
        int r;

        r = load(engine, now_usec);
        if (r < 0)
                return r;
        for (size_t i = 0; i < outbox->n_recipients; i++)
                outbox->recipients[i]->is_wanted = false;
        for (size_t i = 0; r >= 0 && i < n_recipients; i++)
                r = set_recipient(engine, &recipients[i], now_usec);
        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++) {
                r = recipient_plan_summary(engine, outbox->recipients[i], now_usec);
                if (r >= 0 && !outbox->recipients[i]->is_wanted)
                        r = recipient_dismiss(engine, outbox->recipients[i], now_usec);
                outbox->recipients[i]->look_usec = USEC_NONE;
        }
        /* At a start the people come after them, and then this is done. */
        if (r >= 0 && engine->n_people > 0)
                r = recipients_catch_up(engine, now_usec);
        return r < 0 ? r : engine_finish(engine, now_usec);
}
