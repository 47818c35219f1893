/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the engine and the notifications. */
#include <string.h>

#include "daemon/desktop-doses.h"
#include "daemon/desktop.h"
#include "dosed/clock.h"
#include "dosed/log.h"
#include "dosed/notify.h"
#include "dosed/text.h"

#define RECORDED_BY "desktop"
#define LINES_SHOWN 10 /* of one notice */

struct desktop {
        struct engine *engine;
        struct notify *notify;
        void (*acted)(void *userdata);
        void *userdata;
        struct hidden_doses hidden;
        char *unattended; /* lines of the notice, NULL where there is none to post */
        size_t n_unattended;
        bool unattended_changed;
};

/* The engine has nothing to put off yet: it comes again in its time. */
static int hide_upcoming(void *userdata, const struct dose_view *view) {
        struct desktop *desktop = userdata;
        _cleanup_(free_p) char *id = NULL;
        int r;

        if (view->dose->state != DOSE_UPCOMING)
                return 0;
        r = dose_id(view->dose, &id);
        return r < 0 ? r : hidden_doses_add(&desktop->hidden, id, view->dose->reminders);
}

static int answer_one(struct desktop *desktop, enum notify_answer answer, const char *id, char **ret_reason) {
        const struct record_options options = { .recorded_by = RECORDED_BY };
        _cleanup_(record_answer_done) struct record_answer recorded = {};
        usec_t now_usec = clock_realtime_usec(), until_usec;

        switch (answer) {
        case NOTIFY_TAKEN:
                return engine_confirm(desktop->engine, id, &options, now_usec, &recorded, ret_reason);
        case NOTIFY_SKIP:
                return engine_skip(desktop->engine, id, &options, now_usec, &recorded, ret_reason);
        case NOTIFY_SNOOZE:
                (void) engine_visit_dose(desktop->engine, id, now_usec, hide_upcoming, desktop);
                return engine_snooze(desktop->engine, id, 0, RECORDED_BY, now_usec, &until_usec, ret_reason);
        case _NOTIFY_ANSWER_MAX:
                break;
        }
        return -EINVAL;
}

/* A refusal is told where the button was: nobody should believe that it was recorded. */
static int tell_refusals(struct desktop *desktop, const char *const *reasons, size_t n_reasons) {
        _cleanup_(free_p) char *text = NULL;
        size_t size;
        FILE *stream;

        if (n_reasons == 0)
                return notify_set_notice(desktop->notify, &(struct notify_notice){ .key = "refused" });
        stream = open_memstream(&text, &size);
        if (!stream)
                return -ENOMEM;
        for (size_t i = 0; i < n_reasons && i < LINES_SHOWN; i++)
                (void) fprintf(stream, "%sNot recorded: %s", i > 0 ? "\n" : "", reasons[i]);
        if (fclose(stream) != 0)
                return -ENOMEM;
        return notify_set_notice(desktop->notify, &(struct notify_notice){
                .key = "refused", .title = "Look before you take it", .text = text });
}

static void on_answer(void *userdata, enum notify_answer answer, const char *const *ids, size_t n_ids) {
        struct desktop *desktop = userdata;
        char **reasons = calloc(n_ids + 1, sizeof(*reasons));
        size_t n_reasons = 0;
        int r = 0;

        for (size_t i = 0; i < n_ids; i++) {
                char *reason = NULL;

                r = answer_one(desktop, answer, ids[i], &reason);
                if (r < 0)
                        log_error("A button of a notification could not be acted on: %s", strerror(-r));
                /* A snooze that is not possible any more says so by the next reminder. */
                if (r > 0 && answer != NOTIFY_SNOOZE && reasons)
                        reasons[n_reasons++] = TAKE(reason);
                free(reason);
        }
        r = tell_refusals(desktop, (const char *const *) reasons, n_reasons);
        if (r < 0)
                log_error("A refusal could not be told on the desktop: %s", strerror(-r));
        for (size_t i = 0; i < n_reasons; i++)
                free(reasons[i]);
        free(reasons);
        desktop->acted(desktop->userdata);
}

static void on_dismissed(void *userdata, const char *key) {
        (void) userdata;
        (void) key;
}

static const struct notify_handlers handlers = { .answered = on_answer, .dismissed = on_dismissed };

struct desktop *desktop_free(struct desktop *desktop) {
        if (!desktop)
                return NULL;
        notify_free(desktop->notify);
        hidden_doses_done(&desktop->hidden);
        free(desktop->unattended);
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
        r = notify_new(connection, memory_path, &handlers, desktop, &desktop->notify);
        if (r < 0)
                return r;

        *ret = TAKE(desktop);
        return 0;
}

static int update_degraded(struct desktop *desktop) {
        _cleanup_(free_p) char *text = NULL;
        size_t size, n = engine_count_degraded(desktop->engine);
        FILE *stream;

        if (n == 0)
                return notify_set_notice(desktop->notify, &(struct notify_notice){ .key = "degraded" });

        stream = open_memstream(&text, &size);
        if (!stream)
                return -ENOMEM;
        for (size_t i = 0; i < n && i < LINES_SHOWN; i++)
                (void) fprintf(stream, "%s%s", i > 0 ? "\n" : "", engine_degraded(desktop->engine, i));
        if (n > LINES_SHOWN)
                (void) fprintf(stream, "\nand %zu more: see dosectl status", n - LINES_SHOWN);
        if (fclose(stream) != 0)
                return -ENOMEM;
        return notify_set_notice(desktop->notify, &(struct notify_notice){
                .key = "degraded", .title = "Something of the medication plan needs a look", .text = text,
                .critical = true });
}

int desktop_note_unattended(struct desktop *desktop, const struct dose_view *view) {
        _cleanup_(free_p) char *text = NULL;
        bool named = engine_count_people(desktop->engine) > 1;
        struct civil c = civil_from_wall(zone_to_wall(view->clock->zone, view->dose->due_usec));
        int r;

        desktop->unattended_changed = true;
        if (desktop->n_unattended++ >= LINES_SHOWN)
                return 0;
        r = text_format(&text, "%s%s%02d:%02d on %04d-%02d-%02d  %s%s%s", desktop->unattended ? desktop->unattended : "",
                        desktop->unattended ? "\n" : "", c.hour, c.minute, c.year, c.month, c.day,
                        named ? view->dose->person : "", named ? ": " : "",
                        view->dose->confidential ? "a medicine" : view->dose->title);
        if (r < 0)
                return r;
        free(desktop->unattended);
        desktop->unattended = TAKE(text);
        return 0;
}

static int update_unattended(struct desktop *desktop) {
        _cleanup_(free_p) char *title = NULL, *text = NULL;
        int r;

        if (!desktop->unattended_changed)
                return 0;
        desktop->unattended_changed = false;
        r = text_format(&title, "Not reminded while dosed was not running: %zu dose%s", desktop->n_unattended,
                        desktop->n_unattended == 1 ? "" : "s");
        if (r >= 0)
                r = text_format(&text, desktop->n_unattended > LINES_SHOWN ? "%s\nand %zu more: see dosectl history" : "%s",
                                desktop->unattended, desktop->n_unattended - LINES_SHOWN);
        if (r >= 0)
                r = notify_set_notice(desktop->notify, &(struct notify_notice){
                        .key = "unattended", .title = title, .text = text });

        /* The next outage has a notice of its own. */
        free(desktop->unattended);
        desktop->unattended = NULL;
        desktop->n_unattended = 0;
        return r;
}

int desktop_update(struct desktop *desktop, usec_t now_usec) {
        int r;

        r = desktop_show_doses(desktop->engine, desktop->notify, &desktop->hidden, now_usec);
        if (r >= 0)
                r = update_unattended(desktop);
        if (r >= 0)
                r = update_degraded(desktop);
        return r;
}
