/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the engine and the notifications. */
#include <string.h>

#include "daemon/desktop-doses.h"
#include "daemon/desktop-memory.h"
#include "daemon/desktop-troubles.h"
#include "daemon/desktop.h"
#include "dosed/clock.h"
#include "dosed/limits.h"
#include "dosed/log.h"
#include "dosed/notify.h"
#include "dosed/text.h"
#include "dosed/unread.h"

#define RECORDED_BY "desktop"

#define WORDS_UNATTENDED                                                                                                   \
        "dosed was not looking then: perhaps this machine was off or asleep, nobody was logged in, or its clock was wrong. " \
        "Whether "

#define KEY_REFUSED "refused"
#define KEY_UNATTENDED "unattended"
#define KEY_DEGRADED "degraded"
#define KEY_REHEARSAL "rehearsal"

struct desktop {
        struct engine *engine;
        struct notify *notify;
        void (*acted)(void *userdata);
        void *userdata;

        struct hidden_doses hidden;
        struct unread refused;    /* buttons that did not do what they say, or did it twice */
        struct unread unattended; /* what still stands so */
        struct troubles troubles;

        char *memory_path; /* of what is unattended and unread; NULL: it is not remembered */
        bool has_recalled;
};

static int format_name(const struct desktop *desktop, const struct dose_view *view, char **ret) {
        bool named = engine_count_people(desktop->engine) > 1;

        return reminder_format_name(named ? view->dose->person : NULL, view->is_private ? NULL : view->dose->title,
                                    ret);
}

/* The dose that a button is about. */
struct pressed {
        const struct desktop *desktop;
        char *name;
        enum dose_state state;
        unsigned reminders;
        bool was_here; /* what is recorded of it came from a button */
};

static void pressed_done(struct pressed *pressed) {
        free(pressed->name);
}

static int pressed_read(void *userdata, const struct dose_view *view) {
        struct pressed *pressed = userdata;

        pressed->state = view->dose->state;
        pressed->reminders = view->dose->reminders;
        pressed->was_here = text_equal(view->dose->recorded.recorded_by, RECORDED_BY);
        return format_name(pressed->desktop, view, &pressed->name);
}

/* `ret_said` is what is to be told although it was recorded; an outcome of the engine comes with its reason there. */
static int act(struct desktop *desktop, enum notify_answer answer, const char *id, usec_t now_usec, char **ret_said) {
        const struct record_options options = { .recorded_by = RECORDED_BY };
        _cleanup_(record_answer_done) struct record_answer recorded = {};
        usec_t until_usec;
        int r = -EINVAL;

        if (now_usec < LIMIT_CLOCK_SEC * USEC_PER_SEC) {
                r = text_copy("the clock of this machine is wrong: set it, then record it", ret_said);
                return r < 0 ? r : ENGINE_BAD_OPTION;
        }
        switch (answer) {
        case NOTIFY_TAKEN:
                r = engine_confirm(desktop->engine, id, &options, now_usec, &recorded, ret_said);
                break;
        case NOTIFY_SKIP:
                r = engine_skip(desktop->engine, id, &options, now_usec, &recorded, ret_said);
                break;
        case NOTIFY_SNOOZE:
                return engine_snooze(desktop->engine, id, 0, RECORDED_BY, now_usec, &until_usec, ret_said);
        case _NOTIFY_ANSWER_MAX:
                break;
        }
        if (r == 0)
                *ret_said = TAKE(recorded.warning);
        return r;
}

/* `r` is how it ended, `said` what the engine says of it or NULL. */
static int tell(struct desktop *desktop, enum notify_answer answer, const char *id, const char *name, int r,
                const char *said) {
        return unread_put_press(&desktop->refused, id, name,
                                &(struct press){
                                        .answer = answer,
                                        .end = r < 0                  ? PRESS_FAILED
                                               : r == 0               ? PRESS_DONE
                                               : r == ENGINE_TOO_LATE ? PRESS_TOO_LATE
                                                                      : PRESS_REFUSED,
                                        .said = said,
                                });
}

static int answer_one(struct desktop *desktop, enum notify_answer answer, const char *id) {
        _cleanup_(pressed_done) struct pressed pressed = { .desktop = desktop, .state = _DOSE_STATE_MAX };
        _cleanup_(free_p) char *said = NULL;
        usec_t now_usec = clock_realtime_usec();
        int r;

        r = engine_visit_dose(desktop->engine, id, now_usec, pressed_read, &pressed);
        /* The engine has nothing to put off yet. */
        if (r == 0 && answer == NOTIFY_SNOOZE && pressed.state == DOSE_UPCOMING)
                return hidden_doses_add(&desktop->hidden, id, pressed.reminders);
        if (r >= 0)
                r = act(desktop, answer, id, now_usec, &said);
        if (r < 0)
                log_error("A button of a notification could not be acted on: %s", strerror(-r));
        unread_remove(&desktop->refused, id);
        return tell(desktop, answer, id, pressed.name, r, said);
}

static int update_refused(struct desktop *desktop) {
        return unread_show(&desktop->refused, desktop->notify, KEY_REFUSED, "Please check first", "");
}

static int update_unattended(struct desktop *desktop) {
        _cleanup_(free_p) char *title = NULL;
        size_t n = unread_count(&desktop->unattended);
        int r;

        r = text_format(&title, "%zu dose%s passed without a reminder", n, n == 1 ? "" : "s");
        if (r < 0)
                return r;
        if (desktop->memory_path && desktop->has_recalled && desktop->unattended.is_changed) {
                r = unread_remember(desktop->memory_path, &desktop->unattended);
                if (r < 0)
                        log_debug("It cannot be remembered which doses nobody has read about: %s", strerror(-r));
        }
        return unread_show(&desktop->unattended, desktop->notify, KEY_UNATTENDED, title,
                           n == 1 ? WORDS_UNATTENDED "it was taken is not known:"
                                  : WORDS_UNATTENDED "they were taken is not known:");
}

static void on_answered(void *userdata, enum notify_answer answer, const char *const *ids, size_t n_ids) {
        struct desktop *desktop = userdata;
        int r = 0;

        for (size_t i = 0; i < n_ids; i++) {
                int failed = answer_one(desktop, answer, ids[i]);

                if (failed < 0)
                        r = failed;
        }
        if (r >= 0)
                r = update_refused(desktop);
        if (r < 0)
                log_error("What became of a button could not be told on the desktop: %s", strerror(-r));
        desktop->acted(desktop->userdata);
}

/* Something else had settled, moved or hidden the dose. A button that is heard twice did work. */
static int tell_too_late(struct desktop *desktop, enum notify_answer answer, const char *id) {
        _cleanup_(pressed_done) struct pressed pressed = { .desktop = desktop, .state = _DOSE_STATE_MAX };
        enum dose_state meant = answer == NOTIFY_TAKEN ? DOSE_TAKEN : DOSE_SKIPPED;
        int r;

        r = engine_visit_dose(desktop->engine, id, clock_realtime_usec(), pressed_read, &pressed);
        if (r < 0 || answer == NOTIFY_SNOOZE || (pressed.state == meant && pressed.was_here))
                return r < 0 ? r : 0;
        return tell(desktop, answer, id, pressed.name, ENGINE_NOT_OPEN,
                    "its reminder had just been taken down. Please see in dosectl status what is recorded");
}

static void on_too_late(void *userdata, enum notify_answer answer, const char *const *ids, size_t n_ids) {
        struct desktop *desktop = userdata;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n_ids; i++)
                r = tell_too_late(desktop, answer, ids[i]);
        if (r >= 0)
                r = update_refused(desktop);
        if (r < 0)
                log_error("A button that came too late could not be told on the desktop: %s", strerror(-r));
}

static void on_dismissed(void *userdata, const char *key) {
        struct desktop *desktop = userdata;
        bool is_unattended = strcmp(key, KEY_UNATTENDED) == 0;
        struct unread *unread = is_unattended ? &desktop->unattended : &desktop->refused;
        int r;

        if (strcmp(key, KEY_REHEARSAL) == 0) {
                r = notify_set_notice(desktop->notify, &(struct notify_notice){ .key = key });
                if (r < 0)
                        log_error("The notice of a rehearsal could not be taken back: %s", strerror(-r));
                return;
        }
        /* What does not work goes on not working; and what came since was not read. */
        if (strcmp(key, KEY_DEGRADED) == 0 || unread->is_longer)
                return;
        unread_clear(unread);
        r = is_unattended ? update_unattended(desktop) : update_refused(desktop);
        if (r < 0)
                log_error("A notice that was read could not be taken back: %s", strerror(-r));
}

static const struct notify_handlers handlers = {
        .answered = on_answered,
        .too_late = on_too_late,
        .dismissed = on_dismissed,
};

struct desktop *desktop_free(struct desktop *desktop) {
        if (!desktop)
                return NULL;
        notify_free(desktop->notify);
        hidden_doses_done(&desktop->hidden);
        unread_done(&desktop->refused);
        unread_done(&desktop->unattended);
        troubles_done(&desktop->troubles);
        free(desktop->memory_path);
        free(desktop);
        return NULL;
}

int desktop_new(sd_bus *connection, struct engine *engine, const char *memory_path, void (*acted)(void *userdata),
                void *userdata, struct desktop **ret) {
        _cleanup_(desktop_free_p) struct desktop *desktop = NULL;
        int r;

        desktop = calloc(1, sizeof(*desktop));
        if (!desktop)
                return -ENOMEM;
        desktop->engine = engine;
        desktop->acted = acted;
        desktop->userdata = userdata;
        r = memory_path ? text_format(&desktop->memory_path, "%s-unread", memory_path) : 0;
        if (r < 0)
                return r;
        r = notify_new(connection, memory_path, &handlers, desktop, &desktop->notify);
        if (r < 0)
                return r;

        *ret = TAKE(desktop);
        return 0;
}

/* Of a dose that passed and still stands so: a line until somebody has read it. */
static int put_if_unattended(struct desktop *desktop, const struct dose_view *view, const char *id) {
        _cleanup_(free_p) char *name = NULL, *text = NULL;
        char due[REMINDER_TIME_SIZE];
        int r;

        if (view->dose->state != DOSE_UNATTENDED)
                return 0;
        r = format_name(desktop, view, &name);
        if (r < 0)
                return r;
        /* It may be read on any day: the day is always there. */
        reminder_format_time(zone_to_wall(view->clock->zone, view->dose->due_usec), 0, due);
        r = text_format(&text, "%s · %s", name, due);
        if (r < 0)
                return r;
        return unread_put(&desktop->unattended, id, text, view->dose->critical);
}

/* A dose of the former process. */
struct recalled {
        struct desktop *desktop;
        const char *id;
};

/* Nothing is left to check of a button that did not record it. */
static bool is_over(enum dose_state state) {
        return state == DOSE_TAKEN || state == DOSE_SKIPPED || state == DOSE_MOVED;
}

int desktop_note_dose(struct desktop *desktop, const struct dose_view *view) {
        _cleanup_(free_p) char *id = NULL;
        int r;

        r = dose_id(view->dose, &id);
        if (r < 0)
                return r;
        if (is_over(view->dose->state))
                unread_remove(&desktop->refused, id);
        unread_remove(&desktop->unattended, id);
        return put_if_unattended(desktop, view, id);
}

static int recall_dose(void *userdata, const struct dose_view *view) {
        struct recalled *recalled = userdata;

        return put_if_unattended(recalled->desktop, view, recalled->id);
}

/* What the process before this one had told and nobody has read: as far as it still stands so. */
static int recall(struct desktop *desktop, usec_t now_usec) {
        _cleanup_(unread_done) struct unread former = {}, fresh = desktop->unattended;
        int r;

        desktop->unattended = (struct unread){};
        r = unread_recall(desktop->memory_path, &former);
        if (r < 0)
                log_debug("It cannot be read which doses nobody has read about: %s", strerror(-r));
        for (size_t i = 0; r != -ENOMEM && i < former.n_lines; i++) {
                struct recalled recalled = { .desktop = desktop, .id = former.lines[i].id };

                r = engine_visit_dose(desktop->engine, recalled.id, now_usec, recall_dose, &recalled);
        }
        if (desktop->unattended.n_lines > 0)
                desktop->unattended.n_forgotten += former.n_forgotten;
        /* What came since is newer. */
        for (size_t i = 0; r != -ENOMEM && i < fresh.n_lines; i++)
                r = unread_put(&desktop->unattended, fresh.lines[i].id, fresh.lines[i].text, fresh.lines[i].critical);
        desktop->unattended.n_forgotten += fresh.n_forgotten;
        desktop->unattended.is_changed = true;
        desktop->has_recalled = true;
        return r == -ENOMEM ? r : 0;
}

int desktop_update(struct desktop *desktop, usec_t now_usec) {
        int r = 0;

        /* Before there are people there are no doses. */
        if (desktop->memory_path && !desktop->has_recalled && engine_count_people(desktop->engine) > 0)
                r = recall(desktop, now_usec);
        if (r >= 0)
                r = desktop_show_doses(desktop->engine, desktop->notify, &desktop->hidden, now_usec);
        if (r >= 0)
                r = update_unattended(desktop);
        if (r >= 0)
                r = update_refused(desktop);
        if (r >= 0)
                r = troubles_update(&desktop->troubles, desktop->engine, desktop->notify, KEY_DEGRADED);
        return r;
}

int desktop_rehearse(struct desktop *desktop, const char *person) {
        bool named = engine_count_people(desktop->engine) > 1;
        _cleanup_(free_p) char *text = NULL;
        int r;

        r = text_format(&text, "This is how dosed reminds%s%s on this desktop. Nothing is to be taken now; close it when you "
                               "have seen it", named ? " " : "", named ? person : "");
        /* One that is up already is shown anew. */
        if (r >= 0)
                r = notify_set_notice(desktop->notify, &(struct notify_notice){ .key = KEY_REHEARSAL, .quietly = true });
        if (r < 0)
                return r;
        return notify_set_notice(desktop->notify, &(struct notify_notice){
                .key = KEY_REHEARSAL,
                .title = "Only a rehearsal: this is no dose",
                .text = text,
        });
}
