/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was sent, what waits, and what did not arrive, for those who ask. */
#include "dosed/limits.h"
#include "engine/private.h"

static int visit(struct engine *engine, const struct message_list *messages, message_visitor visitor, void *userdata) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < messages->n_messages; i++) {
                _cleanup_(telling_list_done) struct telling_list tellings = {};

                r = store_list_tellings_of_message(engine->store, messages->messages[i].id, &tellings);
                if (r == 0)
                        r = visitor(userdata, &messages->messages[i], tellings.tellings, tellings.n_tellings);
        }
        return r;
}

int engine_visit_messages(struct engine *engine, usec_t from_usec, usec_t until_usec, message_visitor visitor,
                          void *userdata) {
        _cleanup_(message_list_done) struct message_list messages = {};
        int r;

        r = store_list_messages(engine->store, from_usec, until_usec, LIMIT_LIST_MESSAGES, &messages);
        return r < 0 ? r : visit(engine, &messages, visitor, userdata);
}

int engine_visit_message(struct engine *engine, int64_t number, message_visitor visitor, void *userdata) {
        _cleanup_(telling_list_done) struct telling_list tellings = {};
        struct message message = {};
        int r;

        r = store_get_message(engine->store, number, &message);
        if (r != 0)
                return r == STORE_NOTHING ? ENGINE_NO_MESSAGE : r;
        r = store_list_tellings_of_message(engine->store, number, &tellings);
        if (r == 0)
                r = visitor(userdata, &message, tellings.tellings, tellings.n_tellings);
        message_done(&message);
        return r;
}

/* A message that nobody tried to deliver yet is nowhere written, and may never be. */
static bool is_unsent(const struct recipient *recipient, const struct telling *telling, bool rehearses) {
        return telling_rehearses(telling) == rehearses &&
               (telling->state == TELLING_WAITS ||
                (telling->state == TELLING_SEALED && recipient->open && recipient->open->attempts == 0));
}

static int copy_unsent(const struct recipient *recipient, bool rehearses, struct telling_list *ret,
                       usec_t *ret_next_usec) {
        _cleanup_(telling_list_done) struct telling_list list = {};
        usec_t next_usec = USEC_NEVER;
        const struct live_telling *live;
        size_t n = 0;
        int r;

        for (live = recipient->tellings; live; live = live->next)
                n += is_unsent(recipient, &live->telling, rehearses);
        list.tellings = calloc(n + 1, sizeof(*list.tellings));
        if (!list.tellings)
                return -ENOMEM;
        for (live = recipient->tellings; live; live = live->next) {
                if (!is_unsent(recipient, &live->telling, rehearses))
                        continue;
                r = telling_copy(&live->telling, &list.tellings[list.n_tellings]);
                if (r < 0)
                        return r;
                list.n_tellings++;
                if (live->telling.not_before_usec < next_usec)
                        next_usec = live->telling.not_before_usec;
        }
        if (next_usec < recipient->retry_usec && (rehearses || !recipient_rehearses(recipient)))
                next_usec = recipient->retry_usec;
        *ret_next_usec = next_usec;
        *ret = list;
        list = (struct telling_list){};
        return 0;
}

static int visit_unsent(const struct recipient *recipient, bool rehearses, message_visitor visitor, void *userdata) {
        struct message message = { .recipient = recipient->name, .state = MESSAGE_STATE_WAITS };
        _cleanup_(telling_list_done) struct telling_list tellings = {};
        int r;

        r = copy_unsent(recipient, rehearses, &tellings, &message.next_usec);
        return r < 0 || tellings.n_tellings == 0 ? r
                                                 : visitor(userdata, &message, tellings.tellings, tellings.n_tellings);
}

int engine_visit_open_messages(struct engine *engine, message_visitor visitor, void *userdata) {
        _cleanup_(message_list_done) struct message_list messages = {};
        int r;

        r = store_list_open_messages(engine->store, LIMIT_LIST_MESSAGES, &messages);
        if (r >= 0)
                r = visit(engine, &messages, visitor, userdata);
        for (size_t i = 0; r == 0 && i < engine->outbox.n_recipients; i++) {
                r = visit_unsent(engine->outbox.recipients[i], false, visitor, userdata);
                if (r == 0)
                        r = visit_unsent(engine->outbox.recipients[i], true, visitor, userdata);
        }
        return r;
}

bool engine_tells(const struct engine *engine, const char *name) {
        const struct recipient *recipient = outbox_find_recipient(&engine->outbox, name);

        return recipient && recipient->is_wanted;
}

bool engine_is_delivering(const struct engine *engine, int64_t number) {
        const struct recipient *recipient = recipient_of_message(&engine->outbox, number);

        return recipient && recipient->is_under_way;
}

int engine_get_told_dose(struct engine *engine, const struct telling *telling, struct dose **ret,
                         bool *ret_is_private) {
        int r = telling_copy_dose(engine, telling, ret);

        if (r >= 0)
                *ret_is_private = (telling->uid && !*ret) || telling_is_private(engine, telling, *ret);
        return r;
}
