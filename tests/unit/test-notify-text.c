/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person reads in a notification. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "notify/text.h"

#define DOSE_OF(due, n, ...) { .id = "x", .due_text = due, .takeable = true, .reminders = n, __VA_ARGS__ }
#define DOSE(...) DOSE_OF("08:00", 1, __VA_ARGS__)
#define LATE(n, ...) DOSE_OF("08:00", n, .late = true, __VA_ARGS__)
#define TAKEN(ago) .check = NOTIFY_CHECK_TAKEN, .taken_ago_usec = ago
#define LOST .check = NOTIFY_CHECK_RECORD_LOST
#define AHEAD .check = NOTIFY_CHECK_TAKEN_AHEAD

static void test_one_medicine(void **state) {
        static const struct {
                struct notify_dose dose;
                const char *title, *body;
        } cases[] = {
                { DOSE(.title = "Lisinopril 10 mg", .amount = "1 tablet", .instructions = "with a full glass of water"),
                  "Lisinopril 10 mg", "1 tablet · due 08:00\nwith a full glass of water" },
                { DOSE(.title = "Lisinopril 10 mg"), "Lisinopril 10 mg", "Due 08:00" },
                { DOSE(.title = "Lisinopril 10 mg", .amount = "", .instructions = ""), "Lisinopril 10 mg",
                  "Due 08:00" },
                { DOSE(.title = "Lisinopril 10 mg", .person = "Ana"), "Ana: Lisinopril 10 mg", "Due 08:00" },
                { DOSE(.title = "A", .if_missed = "Leave it out"), "A", "Due 08:00" },
                { LATE(2, .title = "A", .amount = "2 puffs", .if_missed = "Leave it out"), "A",
                  "2 puffs · due 08:00 · still not confirmed\nIf late or missed: Leave it out" },
                { DOSE(.title = "Insulin", .asks_amount = true, .instructions = "before eating"), "Insulin",
                  "Due 08:00\nbefore eating\nTo record it, say how much was taken" },
                { DOSE(TAKEN(3 * USEC_PER_HOUR), .title = "A"), "A", "Check first: taken 3 h ago\nDue 08:00" },
                { DOSE(TAKEN(0), .title = "A"), "A", "Check first: taken just now\nDue 08:00" },
                { DOSE(TAKEN(61 * USEC_PER_SEC), .title = "A"), "A", "Check first: taken 1 min ago\nDue 08:00" },

                /* The clock was wrong when it was recorded: how long ago is not known. */
                { DOSE(AHEAD, .title = "A", .amount = "1 tablet"), "A",
                  "Check first: it is recorded as taken at a time that has not come by this clock\n1 tablet · due 08:00" },
                { DOSE(LOST, .title = "A", .amount = "1 tablet"), "A",
                  "The record cannot be read: check whether it was taken before taking it\n1 tablet · due 08:00" },

                /* Reminded of ahead of its time, nobody is late; found after it, the first reminder is late already. */
                { DOSE_OF("08:00 on Tue 24 Nov", 1, .title = "A", .amount = "1 tablet", .upcoming = true), "A",
                  "1 tablet · not due yet: 08:00 on Tue 24 Nov" },
                { DOSE_OF("08:00", 2, .title = "A", .upcoming = true, .if_missed = "Leave it out"), "A",
                  "Not due yet: 08:00" },
                { DOSE_OF("08:00", 2, .title = "A", .if_missed = "Leave it out"), "A", "Due 08:00" },
                { LATE(1, .title = "A", .if_missed = "Leave it out"), "A",
                  "Due 08:00\nIf late or missed: Leave it out" },

                /* What would tell which medicine it is, is not said. */
                { LATE(2, .title = NULL, .amount = "2 puffs", .instructions = "before the fast",
                       .if_missed = "double it"),
                  "A medicine", "Due 08:00 · still not confirmed" },
                { DOSE(TAKEN(2 * USEC_PER_HOUR), .title = NULL, .person = "Ana"), "Ana: a medicine",
                  "Check first: taken 2 h ago\nDue 08:00" },

                /* Plain text stays what it is. */
                { DOSE(.title = "<b>Vitamin C & D</b> \"forte\" 🍊", .amount = "1 % <i>"),
                  "<b>Vitamin C & D</b> \"forte\" 🍊", "1 % <i> · due 08:00" },
                { DOSE(.title = "אקמול 500", .person = "سارة"), "سارة: אקמול 500", "Due 08:00" },
                { DOSE(.title = "%s%n", .instructions = "%n"), "%s%n", "Due 08:00\n%n" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char *title = NULL, *body = NULL;

                assert_int_equal(text_make_single(&cases[i].dose, &title, &body), 0);
                assert_string_equal(title, cases[i].title);
                assert_string_equal(body, cases[i].body);
                free(title);
                free(body);
        }
}

static void test_several_medicines(void **state) {
        static const struct {
                struct notify_dose doses[3];
                size_t n;
                const char *title, *body;
        } cases[] = {
                { { DOSE(.title = "Lisinopril 10 mg", .amount = "1 tablet", .instructions = "not shown here"),
                    DOSE(.title = "Metformin 500 mg", .amount = "2 tablets"), DOSE(.title = "Vitamin D") },
                  3, "3 medicines at 08:00", "Lisinopril 10 mg · 1 tablet\nMetformin 500 mg · 2 tablets\nVitamin D" },
                { { DOSE(.title = "A", .person = "Ana"), DOSE(.title = NULL, .amount = "1 puff", .person = "Ana") },
                  2, "Ana: 2 medicines at 08:00", "A\na medicine" },
                { { DOSE_OF("07:00", 1, .title = "A"), DOSE(.title = "B", .amount = "1") }, 2,
                  "2 medicines are due", "A · due 07:00\nB · 1 · due 08:00" },
                { { LATE(2, .title = "A"), LATE(3, .title = "B") }, 2,
                  "2 medicines at 08:00", "Still not confirmed\nA\nB" },
                { { LATE(2, .title = "A"), DOSE(.title = "B") }, 2, "2 medicines at 08:00",
                  "A · still not confirmed\nB" },
                { { DOSE(.title = "A"), DOSE(TAKEN(3 * USEC_PER_HOUR), .title = "B") }, 2,
                  "2 medicines at 08:00", "Check first: B, taken 3 h ago\nA\nB" },
                { { DOSE(.title = "A"), DOSE(TAKEN(0), .title = NULL) }, 2, "2 medicines at 08:00",
                  "Check first: a medicine, taken just now\nA\na medicine" },
                { { DOSE(AHEAD, .title = "A"), DOSE(LOST, .title = "B"), DOSE(.title = "C") }, 3, "3 medicines at 08:00",
                  "Check first: A, recorded as taken at a time that has not come by this clock\nCheck first: B, its record cannot be read\n"
                  "A\nB\nC" },
                { { DOSE(LOST, .title = "A"), DOSE(LOST, .title = "B") }, 2, "2 medicines at 08:00",
                  "The record cannot be read: check whether these were taken before taking them\nA\nB" },
                { { DOSE(.title = "A", .upcoming = true), DOSE(.title = "B", .upcoming = true) }, 2,
                  "2 medicines at 08:00", "Not due yet\nA\nB" },
                { { DOSE(.title = "A"), DOSE(.title = "B", .upcoming = true) }, 2, "2 medicines at 08:00",
                  "A\nB · not due yet" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct notify_dose *doses[3] = { &cases[i].doses[0], &cases[i].doses[1], &cases[i].doses[2] };
                char *title = NULL, *body = NULL;

                assert_int_equal(text_make_group(doses, cases[i].n, &title, &body), 0);
                assert_string_equal(title, cases[i].title);
                assert_string_equal(body, cases[i].body);
                free(title);
                free(body);
        }
}

static void test_long_texts_are_cut_between_characters(void **state) {
        static char name[LIMIT_TEXT_BYTES + 1];
        struct notify_dose dose = DOSE(.title = name, .amount = name, .instructions = name);
        char *title = NULL, *body = NULL;

        (void) state;
        for (size_t i = 0; i + 4 < sizeof(name); i += 3)
                memcpy(name + i, "好", 4);

        assert_int_equal(text_make_single(&dose, &title, &body), 0);
        assert_true(strlen(title) <= LIMIT_NOTIFY_NAME_BYTES + strlen("…"));
        assert_true(text_is_valid(title, strlen(title)));
        assert_string_equal(title + strlen(title) - strlen("好…"), "好…");
        assert_true(strlen(body) <= LIMIT_NOTIFY_NAME_BYTES + LIMIT_NOTIFY_TEXT_BYTES + 100);
        assert_true(text_is_valid(body, strlen(body)));
        free(title);
        free(body);
}

static void test_a_crowd_is_counted_where_it_cannot_be_named(void **state) {
        static const struct notify_dose dose = DOSE(.title = "A");
        const struct notify_dose *doses[LIMIT_NOTIFY_GROUP_LINES + 7];
        char *title = NULL, *body = NULL;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(doses); i++)
                doses[i] = &dose;

        assert_int_equal(text_make_group(doses, ELEMENTS(doses), &title, &body), 0);
        assert_non_null(strstr(body, "A\nand 7 more"));
        free(title);
        free(body);
}

static void test_markup_is_escaped(void **state) {
        static const struct {
                const char *text, *escaped;
        } cases[] = {
                { "", "" },
                { "<b>A & B</b>", "&lt;b&gt;A &amp; B&lt;/b&gt;" },
                { "&amp;", "&amp;amp;" },
                { "\"it's\" 🍊 · ×2\nnext", "\"it's\" 🍊 · ×2\nnext" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char *escaped = NULL;

                assert_int_equal(text_escape_markup(cases[i].text, &escaped), 0);
                assert_string_equal(escaped, cases[i].escaped);
                free(escaped);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_medicine),
                cmocka_unit_test(test_several_medicines),
                cmocka_unit_test(test_long_texts_are_cut_between_characters),
                cmocka_unit_test(test_a_crowd_is_counted_where_it_cannot_be_named),
                cmocka_unit_test(test_markup_is_escaped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
