/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to a notification, without any bus; and which notifications the open doses make. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "dosed/limits.h"
#include "notify/content.h"
#include "notify/reconcile.h"

/* Doses of one group as text: a letter and its number of reminders each, "A1 B2". */
static struct content *content_of(const char *doses) {
        struct notify_dose list[8] = {};
        char ids[8][2] = {};
        struct split split = {};
        struct contents contents = {};
        struct content *content;
        size_t n = 0;

        for (const char *p = doses; *p != '\0'; p += p[2] == ' ' ? 3 : 2, n++) {
                ids[n][0] = p[0];
                list[n] = (struct notify_dose){ .id = ids[n], .title = ids[n], .due_text = "08:00",
                                                .takeable = true, .reminders = (unsigned) (p[1] - '0') };
        }
        assert_int_equal(contents_make(list, n, &split, &contents), 0);
        assert_int_equal(contents.n_items, 1);
        content = content_ref(contents.items[0]);
        contents_done(&contents);
        return content;
}

static void test_the_change_is_found_by_doses_and_words(void **state) {
        static const struct {
                const char *wished, *said;
                enum change change;
        } cases[] = {
                { NULL, NULL, CHANGE_GONE },
                { NULL, "A1", CHANGE_GONE },
                { "A1", NULL, CHANGE_REMINDER },
                { "A1", "A1", CHANGE_NONE },
                { "A2", "A1", CHANGE_REMINDER },
                { "A1", "B1", CHANGE_REMINDER },
                { "A1 B1", "A1 B1", CHANGE_NONE },
                { "A1 B1", "A1", CHANGE_REMINDER },     /* a dose that nobody has been told of */
                { "A1", "A1 B1", CHANGE_CONTENT },      /* one was recorded: no reason to ring */
                { "A2", "A1 B1", CHANGE_REMINDER },
                { "A1 B2", "A1 B1", CHANGE_REMINDER },
                { "B1 A1", "A1 B1", CHANGE_CONTENT },
                { "A1", "A3", CHANGE_CONTENT },         /* a series that began anew, seen at once */
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct content *wished = cases[i].wished ? content_of(cases[i].wished) : NULL,
                               *said = cases[i].said ? content_of(cases[i].said) : NULL;

                if (reconcile_change(wished, said) != cases[i].change)
                        fail_msg("from %s to %s: change %d", cases[i].said, cases[i].wished,
                                 (int) reconcile_change(wished, said));
                content_unref(wished);
                content_unref(said);
        }
}

static void test_each_state_has_one_next_step(void **state) {
        static const struct {
                enum shown shown;
                enum change change;
                enum step step;
        } cases[] = {
                { SHOWN_NOT, CHANGE_REMINDER, STEP_POST },
                { SHOWN_UP, CHANGE_NONE, STEP_NOTHING },
                { SHOWN_UP, CHANGE_CONTENT, STEP_REPLACE_QUIETLY },
                { SHOWN_UP, CHANGE_REMINDER, STEP_REPLACE },
                { SHOWN_CLOSED, CHANGE_NONE, STEP_NOTHING },
                { SHOWN_CLOSED, CHANGE_CONTENT, STEP_NOTHING },  /* other words do not bring back what was closed */
                { SHOWN_CLOSED, CHANGE_REMINDER, STEP_POST },    /* the next reminder does, as a new one */
                { SHOWN_EXPIRED, CHANGE_CONTENT, STEP_NOTHING },
                { SHOWN_EXPIRED, CHANGE_REMINDER, STEP_POST },
                { SHOWN_UNANSWERED, CHANGE_CONTENT, STEP_NOTHING },
                { SHOWN_UNANSWERED, CHANGE_REMINDER, STEP_NOTHING },
                { SHOWN_OVERDUE, CHANGE_CONTENT, STEP_NOTHING },
                { SHOWN_OVERDUE, CHANGE_REMINDER, STEP_REPLACE },
                { SHOWN_REFUSED, CHANGE_CONTENT, STEP_NOTHING }, /* never in a loop */
                { SHOWN_REFUSED, CHANGE_REMINDER, STEP_NOTHING },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                if (reconcile_step(cases[i].shown, cases[i].change) != cases[i].step)
                        fail_msg("shown %d, change %d: step %d", (int) cases[i].shown, (int) cases[i].change,
                                 (int) reconcile_step(cases[i].shown, cases[i].change));
}

static void test_what_is_not_wished_is_always_withdrawn(void **state) {
        (void) state;
        for (enum shown shown = 0; shown < _SHOWN_MAX; shown++)
                assert_int_equal(reconcile_step(shown, CHANGE_GONE), STEP_WITHDRAW);
}

#define BUTTON(name) (1u << BUTTON_##name)
#define SINGLE (BUTTON(TAKEN) | BUTTON(SNOOZE) | BUTTON(SKIP))
#define GROUP (BUTTON(ALL_TAKEN) | BUTTON(ONE_BY_ONE) | BUTTON(LATER))

static void test_doses_are_grouped_by_person_and_time(void **state) {
#define AT(key, name, usec, ...)                                                                      \
        { .id = key, .person = name, .title = key, .due_text = "08:00", .group_usec = usec, .takeable = true, \
          __VA_ARGS__ }
        static const struct notify_dose doses[] = {
                AT("a", "Ana", 8), AT("b", "Rui", 8), AT("c", "Ana", 9),
                AT("d", "Ana", 8, .stands_alone = true, .critical = true), AT("e", "Ana", 8), AT("f", "Ana", 8),
        };
#undef AT
        static const struct {
                const char *ids;
                unsigned buttons;
                bool critical;
        } whole[] = { { "aef", GROUP, false }, { "b", SINGLE, false }, { "c", SINGLE, false }, { "d", SINGLE, true } },
          split_e[] = { { "af", GROUP, false }, { "b", SINGLE, false }, { "c", SINGLE, false }, { "d", SINGLE, true },
                        { "e", SINGLE, false } };
        struct split split = {};
        struct contents contents = {};
        char key[64];

        (void) state;
        assert_int_equal(contents_make(doses, ELEMENTS(doses), &split, &contents), 0);
        assert_int_equal(contents.n_items, ELEMENTS(whole));
        for (size_t i = 0; i < ELEMENTS(whole); i++) {
                assert_int_equal(contents.items[i]->n_doses, strlen(whole[i].ids));
                for (size_t d = 0; d < contents.items[i]->n_doses; d++)
                        assert_int_equal(contents.items[i]->doses[d].id[0], whole[i].ids[d]);
                assert_int_equal(contents.items[i]->buttons, whole[i].buttons);
                assert_int_equal(contents.items[i]->critical, whole[i].critical);
        }
        (void) snprintf(key, sizeof(key), "%s", contents.items[0]->key);
        contents_done(&contents);

        assert_int_equal(split_add(&split, "e"), 0);
        assert_int_equal(contents_make(doses, ELEMENTS(doses), &split, &contents), 0);
        assert_int_equal(contents.n_items, ELEMENTS(split_e));
        for (size_t i = 0; i < ELEMENTS(split_e); i++)
                assert_int_equal(contents.items[i]->n_doses, strlen(split_e[i].ids));
        assert_string_equal(contents.items[0]->key, key); /* the group's notification stays what it is */
        contents_done(&contents);
        split_done(&split);
}

static void test_only_what_may_be_taken_has_a_taken_button(void **state) {
#define DOSE(key, alone, ...) { .id = key, .title = key, .due_text = "08:00", .stands_alone = alone, __VA_ARGS__ }
        static const struct notify_dose doses[] = {
                DOSE("a", true, .takeable = true, .check = NOTIFY_CHECK_TAKEN),
                DOSE("b", true, .takeable = true, .check = NOTIFY_CHECK_TAKEN_AHEAD),
                DOSE("c", true, .takeable = true, .check = NOTIFY_CHECK_RECORD_LOST),
                DOSE("d", true, .takeable = true, .asks_amount = true),
                DOSE("e", true, .takeable = false),
                DOSE("f", true, .takeable = true, .upcoming = true),
                DOSE("g", true, .takeable = false, .upcoming = true),
                DOSE("h", false, .takeable = true),
                DOSE("i", false, .takeable = false),
        };
#undef DOSE
        static const unsigned buttons[] = {
                SINGLE & ~BUTTON(TAKEN), SINGLE & ~BUTTON(TAKEN), SINGLE & ~BUTTON(TAKEN), SINGLE & ~BUTTON(TAKEN),
                SINGLE & ~BUTTON(TAKEN), BUTTON(TAKEN) | BUTTON(LATER) | BUTTON(SKIP), BUTTON(LATER) | BUTTON(SKIP),
                GROUP & ~BUTTON(ALL_TAKEN),
        };
        struct split split = {};
        struct contents contents = {};

        (void) state;
        assert_int_equal(contents_make(doses, ELEMENTS(doses), &split, &contents), 0);
        assert_int_equal(contents.n_items, ELEMENTS(buttons));
        for (size_t i = 0; i < ELEMENTS(buttons); i++)
                assert_int_equal(contents.items[i]->buttons, buttons[i]);
        contents_done(&contents);
}

static void test_a_group_too_long_to_read_is_not_confirmed_at_once(void **state) {
        static struct notify_dose doses[LIMIT_NOTIFY_GROUP_DOSES + 1];
        static char ids[ELEMENTS(doses)][16];
        struct split split = {};
        struct contents contents = {};

        (void) state;
        for (size_t i = 0; i < ELEMENTS(doses); i++) {
                (void) snprintf(ids[i], sizeof(ids[i]), "%zu", i);
                doses[i] = (struct notify_dose){ .id = ids[i], .title = "M", .due_text = "08:00",
                                                 .takeable = true };
        }

        for (size_t n = LIMIT_NOTIFY_GROUP_DOSES; n <= ELEMENTS(doses); n++) {
                assert_int_equal(contents_make(doses, n, &split, &contents), 0);
                assert_int_equal(contents.items[0]->buttons,
                                 n > LIMIT_NOTIFY_GROUP_DOSES ? GROUP & ~BUTTON(ALL_TAKEN) : GROUP);
                contents_done(&contents);
        }
}

static void test_a_crowd_makes_no_more_than_the_limit(void **state) {
        static struct notify_dose doses[LIMIT_NOTIFICATIONS + 50];
        static char ids[ELEMENTS(doses)][16];
        struct split split = {};
        struct contents contents = {};

        (void) state;
        for (size_t i = 0; i < ELEMENTS(doses); i++) {
                (void) snprintf(ids[i], sizeof(ids[i]), "%zu", i);
                doses[i] = (struct notify_dose){ .id = ids[i], .title = "M", .due_text = "08:00", .stands_alone = true,
                                                 .takeable = true };
        }
        /* One more of a group that is among them is named all the same. */
        doses[0].stands_alone = doses[ELEMENTS(doses) - 1].stands_alone = false;

        assert_int_equal(contents_make(doses, ELEMENTS(doses), &split, &contents), 0);
        assert_int_equal(contents.n_items, LIMIT_NOTIFICATIONS);
        assert_int_equal(contents.items[0]->n_doses, 2);
        contents_done(&contents);
}

static void test_the_oldest_split_is_forgotten(void **state) {
        struct split split = {};
        char id[16];

        (void) state;
        for (size_t i = 0; i <= LIMIT_NOTIFY_SPLIT; i++) {
                (void) snprintf(id, sizeof(id), "%zu", i);
                assert_int_equal(split_add(&split, id), 0);
                assert_int_equal(split_add(&split, id), 0);
        }
        assert_int_equal(split.n_ids, LIMIT_NOTIFY_SPLIT);
        assert_false(split_has(&split, "0"));
        assert_true(split_has(&split, "1"));
        assert_true(split_has(&split, id));
        split_done(&split);
}

static void test_button_names_go_both_ways(void **state) {
        (void) state;
        for (enum button button = 0; button < _BUTTON_MAX; button++) {
                enum button back = _BUTTON_MAX;

                assert_int_equal(button_from_string(button_to_string(button), &back), 0);
                assert_int_equal(back, button);
        }
        assert_int_equal(button_from_string("default", &(enum button){ 0 }), -EINVAL);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_change_is_found_by_doses_and_words),
                cmocka_unit_test(test_each_state_has_one_next_step),
                cmocka_unit_test(test_what_is_not_wished_is_always_withdrawn),
                cmocka_unit_test(test_doses_are_grouped_by_person_and_time),
                cmocka_unit_test(test_only_what_may_be_taken_has_a_taken_button),
                cmocka_unit_test(test_a_group_too_long_to_read_is_not_confirmed_at_once),
                cmocka_unit_test(test_a_crowd_makes_no_more_than_the_limit),
                cmocka_unit_test(test_the_oldest_split_is_forgotten),
                cmocka_unit_test(test_button_names_go_both_ways),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
