/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a dose: which entries may follow, and what they make of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dosed/dose.h"
#include "dosed/text.h"

#define S(state) (1u << (state))
#define EVERY_UNRECORDED                                                                                  \
        (S(DOSE_UPCOMING) | S(DOSE_DUE) | S(DOSE_SNOOZED) | S(DOSE_MISSED) | S(DOSE_UNATTENDED) | S(DOSE_AWAY))

/* As drawn in the product's description of the life of a dose. */
static const struct {
        enum entry_kind kind;
        unsigned from;
} life[] = {
        { ENTRY_DUE, S(DOSE_UPCOMING) },
        { ENTRY_REMINDED, S(DOSE_UPCOMING) | S(DOSE_DUE) | S(DOSE_SNOOZED) },
        { ENTRY_SNOOZED, S(DOSE_DUE) | S(DOSE_SNOOZED) },
        { ENTRY_TAKEN, EVERY_UNRECORDED | S(DOSE_TAKEN) | S(DOSE_SKIPPED) },
        { ENTRY_SKIPPED, EVERY_UNRECORDED | S(DOSE_TAKEN) | S(DOSE_SKIPPED) },
        { ENTRY_MISSED, S(DOSE_DUE) | S(DOSE_SNOOZED) },
        { ENTRY_UNATTENDED, S(DOSE_UPCOMING) },
        { ENTRY_UNDONE, S(DOSE_TAKEN) | S(DOSE_SKIPPED) | S(DOSE_MOVED) },
        { ENTRY_MOVED, EVERY_UNRECORDED | S(DOSE_TAKEN) | S(DOSE_SKIPPED) | S(DOSE_MOVED) },
        { ENTRY_TRAVELLED, EVERY_UNRECORDED | S(DOSE_SKIPPED) },
        { ENTRY_WITHDRAWN, EVERY_UNRECORDED },
        { ENTRY_CARRIED, EVERY_UNRECORDED | S(DOSE_MOVED) },
        { ENTRY_CLOCK_CORRECTED, S(DOSE_UPCOMING) | S(DOSE_DUE) | S(DOSE_SNOOZED) | S(DOSE_MISSED) | S(DOSE_UNATTENDED) },
};

static void each_entry_follows_only_in_its_states(void **state) {
        (void) state;
        assert_int_equal(ELEMENTS(life), _ENTRY_KIND_MAX);
        for (size_t i = 0; i < ELEMENTS(life); i++)
                for (unsigned s = 0; s < _DOSE_STATE_MAX; s++)
                        assert_int_equal(dose_allows((enum dose_state) s, life[i].kind), (life[i].from & S(s)) != 0);
}

static void only_an_edit_brings_a_moved_dose_back(void **state) {
        (void) state;
        for (unsigned kind = 0; kind < _ENTRY_KIND_MAX; kind++)
                assert_int_equal(dose_allows(DOSE_MOVED, (enum entry_kind) kind),
                                 kind == ENTRY_UNDONE || kind == ENTRY_MOVED || kind == ENTRY_CARRIED);
}

static void a_refused_entry_leaves_the_dose_alone(void **state) {
        struct dose dose = { .state = DOSE_TAKEN };
        const struct entry missed = { .kind = ENTRY_MISSED, .state = DOSE_MISSED };
        const struct entry odd = { .kind = ENTRY_TAKEN, .state = DOSE_MISSED };

        (void) state;
        assert_int_equal(dose_apply(&dose, &missed), DOSE_NOT_ALLOWED);
        assert_int_equal(dose.state, DOSE_TAKEN);
        dose.state = DOSE_DUE;
        assert_int_equal(dose_apply(&dose, &odd), DOSE_NOT_ALLOWED);
        assert_int_equal(dose.state, DOSE_DUE);
}

static void a_snooze_ends_with_the_reminder(void **state) {
        struct dose dose = { .state = DOSE_DUE };
        const struct entry snoozed = { .kind = ENTRY_SNOOZED, .state = DOSE_SNOOZED, .until_usec = 1000 };
        const struct entry reminded = { .kind = ENTRY_REMINDED, .state = DOSE_DUE, .recorded_usec = 1000 };

        (void) state;
        assert_int_equal(dose_apply(&dose, &snoozed), 0);
        assert_int_equal(dose.snoozed_until_usec, 1000);
        assert_int_equal(dose_apply(&dose, &reminded), 0);
        assert_int_equal(dose.state, DOSE_DUE);
        assert_int_equal(dose.snoozed_until_usec, USEC_NONE);
        assert_int_equal(dose.reminders, 1);
        assert_int_equal(dose.reminded_usec, 1000);
}

static void undoing_forgets_who_recorded(void **state) {
        struct dose dose = { .state = DOSE_DUE };
        const struct entry taken = { .kind = ENTRY_TAKEN, .state = DOSE_TAKEN, .taken_usec = 7, .recorded_by = (char *) "ana" };
        const struct entry undone = { .kind = ENTRY_UNDONE, .state = DOSE_DUE };

        (void) state;
        assert_int_equal(dose_apply(&dose, &taken), 0);
        assert_string_equal(dose.recorded.recorded_by, "ana");
        assert_true(dose.has_recorded);
        assert_int_equal(dose_apply(&dose, &undone), 0);
        assert_false(dose.has_recorded);
        assert_null(dose.recorded.recorded_by);
}

static void by_time_alone_a_dose_is_what_the_clock_says(void **state) {
        struct dose dose = { .due_usec = 100, .window_end_usec = 200 };

        (void) state;
        assert_int_equal(dose_state_by_time(&dose, 99), DOSE_UPCOMING);
        assert_int_equal(dose_state_by_time(&dose, 100), DOSE_DUE);
        assert_int_equal(dose_state_by_time(&dose, 199), DOSE_DUE);
        assert_int_equal(dose_state_by_time(&dose, 200), DOSE_MISSED);
        dose.was_unattended = true;
        assert_int_equal(dose_state_by_time(&dose, 200), DOSE_UNATTENDED);
}

static void an_id_comes_apart_as_it_was_put_together(void **state) {
        static const struct {
                const char *id, *person, *uid, *recurrence_id;
        } cases[] = {
                { "ana/a@b/20261123T080000", "ana", "a@b", "20261123T080000" },
                { "ana/with/slash/20261123T080000Z", "ana", "with/slash", "20261123T080000Z" },
                { "Zé//x/20261123", "Zé", "/x", "20261123" },
        };
        static const char *const bad[] = { "", "ana", "ana/", "ana/x", "/uid/1", "ana//1", "ana/uid/" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(free_p) char *person = NULL, *uid = NULL, *recurrence_id = NULL, *id = NULL;

                assert_int_equal(dose_id_parse(cases[i].id, &person, &uid, &recurrence_id), 0);
                assert_string_equal(person, cases[i].person);
                assert_string_equal(uid, cases[i].uid);
                assert_string_equal(recurrence_id, cases[i].recurrence_id);
                assert_int_equal(dose_id_format(person, uid, recurrence_id, &id), 0);
                assert_string_equal(id, cases[i].id);
        }
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                char *person, *uid, *recurrence_id;
                assert_int_equal(dose_id_parse(bad[i], &person, &uid, &recurrence_id), DOSE_BAD_ID);
        }
}

static void every_name_reads_back(void **state) {
        (void) state;
        for (unsigned i = 0; i < _DOSE_STATE_MAX; i++) {
                enum dose_state back;
                assert_int_equal(dose_state_from_string(dose_state_to_string((enum dose_state) i), &back), 0);
                assert_int_equal(back, i);
        }
        for (unsigned i = 0; i < _ENTRY_KIND_MAX; i++) {
                enum entry_kind back;
                assert_int_equal(entry_kind_from_string(entry_kind_to_string((enum entry_kind) i), &back), 0);
                assert_int_equal(back, i);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_entry_follows_only_in_its_states),
                cmocka_unit_test(only_an_edit_brings_a_moved_dose_back),
                cmocka_unit_test(a_refused_entry_leaves_the_dose_alone),
                cmocka_unit_test(a_snooze_ends_with_the_reminder),
                cmocka_unit_test(undoing_forgets_who_recorded),
                cmocka_unit_test(by_time_alone_a_dose_is_what_the_clock_says),
                cmocka_unit_test(an_id_comes_apart_as_it_was_put_together),
                cmocka_unit_test(every_name_reads_back),
        };

        return cmocka_run_group_tests_name("dose", tests, NULL, NULL);
}
