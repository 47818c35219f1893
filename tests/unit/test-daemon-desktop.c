/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the desktop shows of the engine's doses, and what a button answers: between an engine and a notify room that do what a
 * test tells them to. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "daemon/desktop-troubles.h"
#include "daemon/desktop.h"
#include "dosed/log.h"
#include "dosed/notify.h"
#include "dosed/text.h"

/* Monday 23 November 2026, midnight UTC. */
#define MONDAY_USEC (INT64_C(1795392000) * USEC_PER_SEC)
#define AT(hour, minute) (MONDAY_USEC + (hour) * USEC_PER_HOUR + (minute) * USEC_PER_MINUTE)
#define WHY_UNATTENDED \
        "dosed was not looking then: perhaps this machine was off or asleep, nobody was logged in, or its clock was wrong. "
#define MANY 1500u /* more than a notice keeps */

/* The engine. */
static struct wall_clock utc;
static struct dose doses[4];
static struct dose_view views[ELEMENTS(doses)];
static size_t n_doses, n_people;
static int outcome;             /* of the next operation */
static const char *reason;      /* with it */
static const char *warning;     /* or with success */
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

static int answer(char **ret_reason) {
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

static struct notice *notice_of(const char *key) {
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

static void on_acted(void *userdata) {
        (void) userdata;
        n_acted++;
}

static int setup(void **state) {
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
                        .person = person, .uid = names[i], .recurrence_id = recurrence_id, .title = names[i],
                        .due_usec = AT(8, 0), .state = DOSE_DUE, .reminders = 1, .reminded_usec = AT(8, 0),
                };
                views[i] = (struct dose_view){ .dose = &doses[i], .clock = &utc, .takeable = true };
        }
        return desktop_new(NULL, NULL, NULL, on_acted, NULL, &desktop);
}

static int teardown(void **state) {
        (void) state;
        desktop_free(desktop);
        for (size_t i = 0; i < ELEMENTS(notices); i++) {
                free(notices[i].title);
                free(notices[i].text);
        }
        memset(notices, 0, sizeof(notices));
        return 0;
}

static void update(void) {
        assert_int_equal(desktop_update(desktop, AT(8, 0)), 0);
}

static const struct notify_dose *show(size_t i) {
        n_doses = i + 1;
        update();
        assert_int_equal(n_shown, n_doses);
        return &shown[i].dose;
}

static void press(enum notify_answer button, const char *id) {
        handlers->answered(handler_userdata, button, &id, 1);
}

static void dismiss(const char *key) {
        handlers->dismissed(handler_userdata, key);
}

static void note(size_t i, enum dose_state to) {
        doses[i].state = to;
        assert_int_equal(desktop_note_dose(desktop, &views[i]), 0);
}

static void assert_notice(const char *key, const char *title, const char *text) {
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

static void test_what_may_not_be_taken_now_says_so(void **state) {
        (void) state;
        assert_true(show(0)->takeable);
        views[0].takeable = false;
        assert_false(show(0)->takeable);
}

static void test_a_reminder_ahead_of_its_time_is_upcoming_and_names_the_day(void **state) {
        (void) state;
        doses[0].state = DOSE_UPCOMING;
        doses[0].due_usec = AT(32, 0);
        assert_true(show(0)->upcoming);
        assert_false(shown[0].dose.late);
        assert_string_equal(shown[0].due_text, "08:00 on Tue 24 Nov");

        doses[0].state = DOSE_DUE;
        doses[0].reminded_usec = AT(32, 0) + USEC_PER_SEC / 2;
        assert_false(show(0)->upcoming);
        assert_false(shown[0].dose.late);
        assert_string_equal(shown[0].due_text, "08:00");

        doses[0].reminded_usec = AT(32, 10);
        assert_true(show(0)->late);
}

static void test_why_to_check_first(void **state) {
        (void) state;
        assert_int_equal(show(0)->check, NOTIFY_CHECK_NOTHING);

        views[0].taken_before_usec = AT(5, 0);
        assert_int_equal(show(0)->check, NOTIFY_CHECK_TAKEN);
        assert_int_equal(shown[0].dose.taken_ago_usec, 3 * USEC_PER_HOUR);

        /* Taken after the reminder, which said nothing of it: just now. */
        doses[0].reminded_usec = AT(7, 50);
        views[0].taken_before_usec = AT(7, 59);
        assert_int_equal(show(0)->check, NOTIFY_CHECK_TAKEN);
        assert_int_equal(shown[0].dose.taken_ago_usec, 0);

        views[0].taken_before_usec = AT(8, 30);
        assert_int_equal(show(0)->check, NOTIFY_CHECK_TAKEN_AHEAD);

        views[0].taken_before_usec = USEC_NONE;
        views[0].record_lost = true;
        assert_int_equal(show(0)->check, NOTIFY_CHECK_RECORD_LOST);
}

static void test_later_hides_what_is_not_due_yet_until_its_next_reminder(void **state) {
        (void) state;
        doses[0].state = doses[1].state = DOSE_UPCOMING;
        (void) show(1);
        press(NOTIFY_SNOOZE, "ana/A/x");
        assert_int_equal(n_snoozed, 0);
        assert_int_equal(n_acted, 1);
        update();
        update();
        assert_int_equal(n_shown, 1);
        assert_string_equal(shown[0].id, "ana/B/x");
        assert_notice("refused", NULL, NULL);

        /* A further alarm of the plan, still ahead. */
        doses[0].reminders = 2;
        update();
        assert_int_equal(n_shown, 2);
        press(NOTIFY_SNOOZE, "ana/A/x");
        update();
        assert_int_equal(n_shown, 1);

        /* Its due time, even if no reminder came. */
        doses[0].state = DOSE_DUE;
        update();
        assert_int_equal(n_shown, 2);
        press(NOTIFY_SNOOZE, "ana/A/x");
        assert_int_equal(n_snoozed, 1);

        /* The clock was ahead: upcoming again, and not hidden by what was said of another time. */
        doses[0].state = DOSE_UPCOMING;
        update();
        assert_int_equal(n_shown, 2);
}

static void test_a_refusal_names_the_medicine_and_waits_to_be_read(void **state) {
        (void) state;
        (void) show(1);
        outcome = ENGINE_TOO_SOON;
        reason = "it was taken 1 h ago";
        press(NOTIFY_TAKEN, "ana/A/x");
        assert_notice("refused", "Please check first", "A: not recorded, it was taken 1 h ago");

        /* Another button takes nothing away that nobody has read. */
        outcome = 0;
        press(NOTIFY_TAKEN, "ana/B/x");
        update();
        assert_notice("refused", NULL, "A: not recorded, it was taken 1 h ago");

        n_people = 2;
        outcome = ENGINE_NOT_OPEN;
        reason = "it was recorded as taken by rui";
        press(NOTIFY_SKIP, "ana/B/x");
        assert_notice("refused", NULL,
                      "ana: B: not recorded, it was recorded as taken by rui\nA: not recorded, it was taken 1 h ago");
        assert_false(notice_of("refused")->quietly);

        /* Missed, or put off elsewhere: it is still to be read that it was not recorded. */
        note(0, DOSE_SNOOZED);
        note(0, DOSE_MISSED);
        update();
        assert_non_null(strstr(notice_of("refused")->text, "A: not recorded, it was taken 1 h ago"));

        /* It was recorded after all: what was said of it is over. */
        note(0, DOSE_TAKEN);
        update();
        assert_notice("refused", NULL, "ana: B: not recorded, it was recorded as taken by rui");
        assert_true(notice_of("refused")->quietly);

        dismiss("refused");
        assert_notice("refused", NULL, NULL);
}

static void test_what_went_wrong_is_told(void **state) {
        (void) state;
        (void) show(0);
        outcome = -EIO;
        press(NOTIFY_TAKEN, "ana/A/x");
        assert_notice("refused", "Please check first",
                      "A: something went wrong, and the button may not have worked. Please see in dosectl status what is "
                      "recorded");
        assert_int_equal(n_acted, 1);

        outcome = 0;
        press(NOTIFY_TAKEN, "ana/A/x");
        assert_notice("refused", NULL, NULL);
}

static void test_given_twice_perhaps_is_told(void **state) {
        (void) state;
        (void) show(0);
        views[0].is_private = true;
        warning = "make sure that it was not given twice";
        press(NOTIFY_TAKEN, "ana/A/x");
        assert_notice("refused", "Please check first", "A medicine: make sure that it was not given twice");
}

static void test_a_snooze_that_comes_too_late_is_told(void **state) {
        (void) state;
        (void) show(0);
        outcome = ENGINE_NOT_OPEN;
        reason = "it is taken: there is nothing to snooze";
        press(NOTIFY_SNOOZE, "ana/A/x");
        assert_notice("refused", NULL, NULL);

        outcome = ENGINE_TOO_LATE;
        reason = "it cannot be put off any more";
        press(NOTIFY_SNOOZE, "ana/A/x");
        assert_notice("refused", NULL, "A: it cannot be put off any more");
}

static void test_the_unattended_are_listed_as_they_stand_until_they_are_read(void **state) {
        static const char one[] = WHY_UNATTENDED "Whether it was taken is not known:\n",
                          several[] = WHY_UNATTENDED "Whether they were taken is not known:\n";
        char text[512];

        (void) state;
        doses[1].due_usec = AT(32, 0);
        note(0, DOSE_UNATTENDED);
        note(1, DOSE_UNATTENDED);
        update();
        (void) snprintf(text, sizeof(text), "%sB · 08:00 on Tue 24 Nov\nA · 08:00 on Mon 23 Nov", several);
        assert_notice("unattended", "2 doses passed without a reminder", text);
        assert_false(notice_of("unattended")->critical);

        /* Recorded later. */
        note(0, DOSE_TAKEN);
        update();
        (void) snprintf(text, sizeof(text), "%sB · 08:00 on Tue 24 Nov", one);
        assert_notice("unattended", "1 dose passed without a reminder", text);
        assert_true(notice_of("unattended")->quietly);

        /* A second outage adds to what nobody has read. */
        doses[2].critical = true;
        note(2, DOSE_UNATTENDED);
        update();
        (void) snprintf(text, sizeof(text), "%sC · 08:00 on Mon 23 Nov\nB · 08:00 on Tue 24 Nov", several);
        assert_notice("unattended", "2 doses passed without a reminder", text);
        assert_false(notice_of("unattended")->quietly);
        assert_true(notice_of("unattended")->critical);

        /* The clock had been ahead. */
        note(1, DOSE_UPCOMING);
        note(2, DOSE_UPCOMING);
        update();
        assert_notice("unattended", NULL, NULL);

        /* Read: the next outage has a list of its own. */
        note(0, DOSE_UNATTENDED);
        update();
        dismiss("unattended");
        assert_notice("unattended", NULL, NULL);
        note(1, DOSE_UNATTENDED);
        update();
        (void) snprintf(text, sizeof(text), "%sB · 08:00 on Tue 24 Nov", one);
        assert_notice("unattended", NULL, text);
}

static void test_what_came_since_was_not_read(void **state) {
        (void) state;
        note(0, DOSE_UNATTENDED);
        update();
        note(1, DOSE_UNATTENDED);
        dismiss("unattended");
        update();
        assert_string_equal(notice_of("unattended")->title, "2 doses passed without a reminder");
}

static void test_a_season_of_unattended_doses_is_counted(void **state) {
        char uid[16], title[64];

        (void) state;
        doses[0].state = DOSE_UNATTENDED;
        doses[0].uid = uid;
        for (unsigned i = 0; i < MANY; i++) {
                (void) snprintf(uid, sizeof(uid), "%u", i);
                assert_int_equal(desktop_note_dose(desktop, &views[0]), 0);
        }
        update();
        (void) snprintf(title, sizeof(title), "%u doses passed without a reminder", MANY);
        assert_string_equal(notice_of("unattended")->title, title);
        assert_non_null(strstr(notice_of("unattended")->text, "\nand 1490 before: see dosectl history"));

        doses[0].state = DOSE_UPCOMING;
        for (unsigned i = 0; i < MANY; i++) {
                (void) snprintf(uid, sizeof(uid), "%u", i);
                assert_int_equal(desktop_note_dose(desktop, &views[0]), 0);
        }
        update();
        assert_notice("unattended", NULL, NULL);
        note(1, DOSE_UNATTENDED);
        update();
        assert_string_equal(notice_of("unattended")->title, "1 dose passed without a reminder");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                CASE(test_what_may_not_be_taken_now_says_so),
                CASE(test_a_reminder_ahead_of_its_time_is_upcoming_and_names_the_day),
                CASE(test_why_to_check_first),
                CASE(test_later_hides_what_is_not_due_yet_until_its_next_reminder),
                CASE(test_a_refusal_names_the_medicine_and_waits_to_be_read),
                CASE(test_what_went_wrong_is_told),
                CASE(test_given_twice_perhaps_is_told),
                CASE(test_a_snooze_that_comes_too_late_is_told),
                CASE(test_the_unattended_are_listed_as_they_stand_until_they_are_read),
                CASE(test_what_came_since_was_not_read),
                CASE(test_a_season_of_unattended_doses_is_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
