/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests of the desktop: an engine and a notify room that do what a test tells them to. They stand in for the library's, and
 * therefore are not static.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/desktop-troubles.h"
#include "daemon/desktop.h"
#include "dosed/log.h"
#include "dosed/notify.h"
#include "dosed/text.h"

/* Monday 23 November 2026, midnight UTC. */
#define MONDAY_USEC (INT64_C(1795392000) * USEC_PER_SEC)
#define AT(hour, minute) (MONDAY_USEC + (hour) * USEC_PER_HOUR + (minute) * USEC_PER_MINUTE)

/* The engine. */
static struct wall_clock utc;
static struct dose doses[4];
static struct dose_view views[ELEMENTS(doses)];
static size_t n_doses, n_people;
static int outcome;         /* of the next operation */
static const char *reason;  /* with it */
static const char *warning; /* or with success */
static unsigned n_snoozed;

/* The notify room. */
static const struct notify_handlers *handlers;
static void *handler_userdata;
static struct shown {
        struct notify_dose dose;
        char id[64], due_text[64];
} shown[ELEMENTS(doses)];
static size_t n_shown;
static struct notice {
        char key[32], *title, *text;
        bool critical, quietly;
        unsigned n_set;
} notices[3];

static struct desktop *desktop;
static unsigned n_acted;

size_t engine_count_people(const struct engine *engine) {
        (void) engine;
        return n_people;
}

/* The notice of what does not work has a test of its own. */
int troubles_update(struct troubles *troubles, const struct engine *engine, struct notify *notify, const char *key) {
        (void) troubles, (void) engine, (void) notify, (void) key;
        return 0;
}

void troubles_done(struct troubles *troubles) {
        (void) troubles;
}

int engine_visit_reminded(struct engine *engine, usec_t now_usec, dose_visitor visitor, void *userdata) {
        (void) engine;
        (void) now_usec;
        for (size_t i = 0; i < n_doses; i++) {
                int r = views[i].dose->reminders > 0 ? visitor(userdata, &views[i]) : 0;

                if (r != 0)
                        return r;
        }
        return 0;
}

int engine_visit_dose(struct engine *engine, const char *id, usec_t now_usec, dose_visitor visitor, void *userdata) {
        (void) engine;
        (void) now_usec;
        for (size_t i = 0; i < n_doses; i++) {
                _cleanup_(free_p) char *own = NULL;

                assert_int_equal(dose_id(&doses[i], &own), 0);
                if (strcmp(own, id) == 0)
                        return visitor(userdata, &views[i]);
        }
        return ENGINE_NO_SUCH_DOSE;
}

static inline int answer(char **ret_reason) {
        if (outcome > 0)
                assert_int_equal(text_copy(reason, ret_reason), 0);
        return outcome;
}

int engine_confirm(struct engine *engine, const char *id, const struct record_options *options, usec_t now_usec,
                   struct record_answer *ret, char **ret_reason) {
        (void) engine;
        (void) id;
        (void) now_usec;
        assert_string_equal(options->recorded_by, "desktop");
        if (outcome == 0)
                assert_int_equal(text_copy(warning, &ret->warning), 0);
        return answer(ret_reason);
}

int engine_skip(struct engine *engine, const char *id, const struct record_options *options, usec_t now_usec,
                struct record_answer *ret, char **ret_reason) {
        return engine_confirm(engine, id, options, now_usec, ret, ret_reason);
}

int engine_snooze(struct engine *engine, const char *id, usec_t snooze_usec, const char *recorded_by, usec_t now_usec,
                  usec_t *ret_until_usec, char **ret_reason) {
        (void) engine;
        (void) id;
        (void) snooze_usec;
        (void) recorded_by;
        *ret_until_usec = now_usec;
        n_snoozed++;
        return answer(ret_reason);
}

void record_answer_done(struct record_answer *recorded) {
        free(recorded->warning);
}

int notify_new(sd_bus *bus, const char *memory_path, const struct notify_handlers *said, void *userdata,
               struct notify **ret) {
        (void) bus;
        (void) memory_path;
        (void) ret;
        handlers = said;
        handler_userdata = userdata;
        return 0;
}

struct notify *notify_free(struct notify *notify) {
        return notify;
}

int notify_set_doses(struct notify *notify, const struct notify_dose *wished, size_t n) {
        (void) notify;
        for (size_t i = 0; i < n; i++) {
                shown[i].dose = wished[i];
                (void) snprintf(shown[i].id, sizeof(shown[i].id), "%s", wished[i].id);
                (void) snprintf(shown[i].due_text, sizeof(shown[i].due_text), "%s", wished[i].due_text);
        }
        n_shown = n;
        return 0;
}

static inline struct notice *notice_of(const char *key) {
        for (size_t i = 0;; i++)
                if (notices[i].key[0] == '\0' || strcmp(notices[i].key, key) == 0) {
                        (void) snprintf(notices[i].key, sizeof(notices[i].key), "%s", key);
                        return &notices[i];
                }
}

int notify_set_notice(struct notify *notify, const struct notify_notice *wished) {
        struct notice *notice = notice_of(wished->key);

        (void) notify;
        assert_int_equal(text_set(&notice->title, wished->text ? wished->title : NULL), 0);
        assert_int_equal(text_set(&notice->text, wished->text), 0);
        notice->critical = wished->critical;
        notice->quietly = wished->quietly;
        notice->n_set++;
        return 0;
}

bool notify_is_settled(const struct notify *notify) {
        (void) notify;
        return true;
}

static inline void on_acted(void *userdata) {
        (void) userdata;
        n_acted++;
}

static inline int setup(void **state) {
        static char names[ELEMENTS(doses)][2] = { "A", "B", "C", "D" };
        static char person[] = "ana", recurrence_id[] = "x";

        (void) state;
        log_set_level(LOG_CRIT);
        utc = (struct wall_clock){ .zone = zone_utc() };
        n_doses = 0;
        n_people = 1;
        n_shown = n_acted = n_snoozed = 0;
        outcome = 0;
        reason = warning = NULL;
        for (size_t i = 0; i < ELEMENTS(doses); i++) {
                doses[i] = (struct dose){
                        .person = person,
                        .uid = names[i],
                        .recurrence_id = recurrence_id,
                        .title = names[i],
                        .due_usec = AT(8, 0),
                        .state = DOSE_DUE,
                        .reminders = 1,
                        .reminded_usec = AT(8, 0),
                };
                views[i] = (struct dose_view){ .dose = &doses[i], .clock = &utc, .takeable = true };
        }
        return desktop_new(NULL, NULL, NULL, on_acted, NULL, &desktop);
}

static inline int teardown(void **state) {
        (void) state;
        desktop_free(desktop);
        for (size_t i = 0; i < ELEMENTS(notices); i++) {
                free(notices[i].title);
                free(notices[i].text);
        }
        memset(notices, 0, sizeof(notices));
        return 0;
}

static inline void update(void) {
        assert_int_equal(desktop_update(desktop, AT(8, 0)), 0);
}

static inline const struct notify_dose *show(size_t i) {
        n_doses = i + 1;
        update();
        assert_int_equal(n_shown, n_doses);
        return &shown[i].dose;
}

static inline void press(enum notify_answer button, const char *id) {
        handlers->answered(handler_userdata, button, &id, 1);
}

static inline void assert_notice(const char *key, const char *title, const char *text) {
        const struct notice *notice = notice_of(key);

        if (!text) {
                assert_null(notice->text);
                return;
        }
        assert_non_null(notice->text);
        if (title)
                assert_string_equal(notice->title, title);
        assert_string_equal(notice->text, text);
}
