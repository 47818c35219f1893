/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door of the room: the caller's doses and notices in, the person's answers out. */
#include <string.h>

#include "dosed/log.h"
#include "dosed/notify.h"
#include "dosed/text.h"
#include "notify/board.h"
#include "notify/wish.h"

#define NOTICE_KEY "notice/"

struct notify {
        struct board board;
        const struct notify_handlers *handlers;
        void *userdata;

        struct wish wish;
        struct split split;
        unsigned notice_revision;
};

static void on_changed(void *userdata) {
        struct notify *notify = userdata;

        board_server_changed(&notify->board);
}

static void on_answered(void *userdata, void *card, uint32_t id) {
        struct notify *notify = userdata;

        board_answered(&notify->board, card, id);
}

/* "all-taken:17". Returns 0 or -EINVAL. */
static int parse_action(const char *action, enum button *ret_button, uint64_t *ret_serial) {
        const char *colon = strchr(action, ':');
        char word[32], *end;
        enum button button;
        uint64_t serial;

        if (!colon || (size_t) (colon - action) >= sizeof(word) || colon[1] < '0' || colon[1] > '9')
                return -EINVAL;
        memcpy(word, action, (size_t) (colon - action));
        word[colon - action] = '\0';
        if (button_from_string(word, &button) < 0)
                return -EINVAL;

        errno = 0;
        serial = strtoull(colon + 1, &end, 10);
        if (errno != 0 || *end != '\0')
                return -EINVAL;

        *ret_button = button;
        *ret_serial = serial;
        return 0;
}

/* What is up says what is wished now. */
static bool card_is_current(const struct card *card, const struct content *wished) {
        return !card->call && card->said.content && wished && content_equal(card->said.content, wished);
}

static const char *notice_key(const struct content *content) {
        return strncmp(content->key, NOTICE_KEY, strlen(NOTICE_KEY)) == 0 ? content->key + strlen(NOTICE_KEY) : NULL;
}

/* The handler may take it back, or free us: it comes last. */
static void on_closed(void *userdata, uint32_t id, enum closing closing) {
        struct notify *notify = userdata;
        const struct card *card = board_card(&notify->board, id);
        _cleanup_(content_unref_p) struct content *read = NULL;

        if (closing == CLOSING_DISMISSED && card &&
            card_is_current(card, board_wished(&notify->board, card->key)) && notice_key(card->said.content))
                read = content_ref(card->said.content);

        board_closed(&notify->board, id, closing);
        if (read)
                notify->handlers->dismissed(notify->userdata, notice_key(read));
}

static int notify_make_reminders(struct notify *notify) {
        struct contents reminders = {};
        int r;

        r = contents_make(notify->wish.doses, notify->wish.n_doses, &notify->split, &reminders);
        if (r < 0)
                return r;

        contents_done(&notify->board.reminders);
        notify->board.reminders = reminders;
        return 0;
}

static void notify_show_one_by_one(struct notify *notify, const struct content *content) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < content->n_doses; i++)
                r = split_add(&notify->split, content->doses[i].id);
        if (r >= 0)
                r = notify_make_reminders(notify);
        if (r < 0)
                log_debug("A group cannot be shown one by one: %s", strerror(-r));
        board_reconcile(&notify->board);
}

/* One of the handlers. It may say a new wish, or free us: it comes last. */
typedef void (*answer_handler)(void *userdata, enum notify_answer answer, const char *const *dose_ids, size_t n_ids);

static void notify_answer(struct notify *notify, answer_handler handler, enum notify_answer answer,
                          const struct content *content) {
        _cleanup_(free_p) const char **ids = calloc(content->n_doses, sizeof(*ids));

        if (!ids) {
                log_debug("Out of memory: a button is not heard");
                return;
        }
        for (size_t i = 0; i < content->n_doses; i++)
                ids[i] = content->doses[i].id;
        handler(notify->userdata, answer, ids, content->n_doses);
}

static enum notify_answer button_answer(enum button button) {
        switch (button) {
        case BUTTON_TAKEN:
        case BUTTON_ALL_TAKEN:
                return NOTIFY_TAKEN;
        case BUTTON_SNOOZE:
        case BUTTON_LATER:
                return NOTIFY_SNOOZE;
        case BUTTON_SKIP:
                return NOTIFY_SKIP;
        case BUTTON_ONE_BY_ONE: /* asks to see, and answers nothing */
        case _BUTTON_MAX:
                break;
        }
        return _NOTIFY_ANSWER_MAX;
}

static void notify_press(struct notify *notify, enum button button, const struct content *content) {
        if (button == BUTTON_ONE_BY_ONE)
                notify_show_one_by_one(notify, content);
        else
                notify_answer(notify, notify->handlers->answered, button_answer(button), content);
}

/* Its notification is gone: nothing is recorded, and nobody should believe that it was. */
static void notify_press_withdrawn(struct notify *notify, uint32_t id, uint64_t serial, enum button button) {
        struct content *withdrawn = board_withdrawn(&notify->board, id, serial);
        _cleanup_(content_unref_p) struct content *content = withdrawn ? content_ref(withdrawn) : NULL;

        if (content && content->buttons & 1u << button && button != BUTTON_ONE_BY_ONE)
                notify_answer(notify, notify->handlers->too_late, button_answer(button), content);
}

static void on_pressed(void *userdata, uint32_t id, const char *action) {
        struct notify *notify = userdata;
        struct card *card = board_card(&notify->board, id);
        _cleanup_(content_unref_p) struct content *content = NULL;
        enum button button;
        uint64_t serial;

        if (parse_action(action, &button, &serial) < 0)
                return;
        if (!card) {
                notify_press_withdrawn(notify, id, serial, button);
                return;
        }

        /* The person pressed it below other words than those that are wished now. */
        if (card->said.serial != serial || !card_is_current(card, board_wished(&notify->board, card->key))) {
                card_say_again(card); /* and nothing is recorded */
                board_reconcile(&notify->board);
                return;
        }

        content = content_ref(card->said.content);
        if (content->buttons & 1u << button)
                notify_press(notify, button, content);
}

static const struct server_observer observer = {
        .changed = on_changed,
        .answered = on_answered,
        .closed = on_closed,
        .pressed = on_pressed,
};

int notify_new(sd_bus *bus, const char *memory_path, const struct notify_handlers *handlers, void *userdata,
               struct notify **ret) {
        _cleanup_(notify_free_p) struct notify *notify = calloc(1, sizeof(*notify));
        int r;

        if (!notify)
                return -ENOMEM;
        notify->handlers = handlers;
        notify->userdata = userdata;

        r = board_init(&notify->board, memory_path);
        if (r < 0)
                return r;
        r = server_new(bus, &observer, notify, &notify->board.server);
        if (r < 0)
                return r;

        *ret = TAKE(notify);
        return 0;
}

struct notify *notify_free(struct notify *notify) {
        if (!notify)
                return NULL;

        /* Nothing is wished any more. */
        contents_done(&notify->board.reminders);
        contents_done(&notify->board.notices);
        if (notify->board.server)
                board_reconcile(&notify->board);

        board_done(&notify->board);
        wish_done(&notify->wish);
        split_done(&notify->split);
        free(notify);
        return NULL;
}

int notify_set_doses(struct notify *notify, const struct notify_dose *doses, size_t n_doses) {
        _cleanup_(wish_done) struct wish wish = {};
        struct contents reminders = {};
        int r;

        if (wish_equal(&notify->wish, doses, n_doses))
                return 0;

        r = wish_copy(doses, n_doses, &wish);
        if (r < 0)
                return r;
        r = contents_make(wish.doses, wish.n_doses, &notify->split, &reminders);
        if (r < 0)
                return r;

        contents_done(&notify->board.reminders);
        notify->board.reminders = reminders;
        wish_done(&notify->wish);
        notify->wish = wish;
        wish = (struct wish){};

        board_reconcile_wish(&notify->board);
        return 0;
}

static int notice_put(struct contents *notices, struct content *notice) {
        struct content **items;

        for (size_t i = 0; i < notices->n_items; i++)
                if (strcmp(notices->items[i]->key, notice->key) == 0) {
                        content_unref(notices->items[i]);
                        notices->items[i] = notice;
                        return 0;
                }

        if (notices->n_items == LIMIT_NOTIFICATIONS)
                return -ENOBUFS;
        items = reallocarray(notices->items, notices->n_items + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        notices->items = items;
        items[notices->n_items++] = notice;
        return 0;
}

static void notice_remove(struct contents *notices, struct content *notice) {
        size_t kept = 0;

        for (size_t i = 0; i < notices->n_items; i++)
                if (notices->items[i] != notice)
                        notices->items[kept++] = notices->items[i];
        notices->n_items = kept;
        content_unref(notice);
}

static bool notice_is(const struct content *content, const struct notify_notice *notice) {
        return content && strcmp(content->title, notice->title) == 0 && strcmp(content->body, notice->text) == 0 &&
               content->critical == notice->critical;
}

/* `former` NULL: there was none. */
static int notify_put_notice(struct notify *notify, const char *key, const struct notify_notice *notice,
                             const struct content *former) {
        _cleanup_(content_unref_p) struct content *content = NULL;
        unsigned revision = notice->quietly && former ? former->doses[0].reminders : ++notify->notice_revision;
        int r;

        r = content_new_notice(key, notice->title, notice->text, notice->critical, revision, &content);
        if (r < 0)
                return r;
        r = notice_put(&notify->board.notices, content);
        if (r < 0)
                return r;
        (void) TAKE(content);
        return 0;
}

int notify_set_notice(struct notify *notify, const struct notify_notice *notice) {
        _cleanup_(free_p) char *key = NULL;
        struct content *former;
        int r;

        r = text_format(&key, NOTICE_KEY "%s", notice->key);
        if (r < 0)
                return r;
        former = board_wished(&notify->board, key);

        if (!notice->text && !former)
                return 0;
        if (!notice->text)
                notice_remove(&notify->board.notices, former);
        else {
                if (notice_is(former, notice))
                        return 0;
                r = notify_put_notice(notify, key, notice, former);
                if (r < 0)
                        return r;
        }

        board_reconcile_wish(&notify->board);
        return 0;
}

bool notify_is_settled(const struct notify *notify) {
        return board_is_settled(&notify->board);
}
