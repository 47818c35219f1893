/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the desktop says until it was read: what a button did not record, and what passed without a reminder. */
#include "desktop-world.h"

#define WHY_UNATTENDED \
        "dosed was not looking then: perhaps this machine was off or asleep, nobody was logged in, or its clock was wrong. "
#define MANY 1500u /* more than a notice keeps */

static void dismiss(const char *key) {
        handlers->dismissed(handler_userdata, key);
}

static void note(size_t i, enum dose_state to) {
        doses[i].state = to;
        assert_int_equal(desktop_note_dose(desktop, &views[i]), 0);
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
