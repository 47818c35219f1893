/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The notice of what does not work: what comes first in it, what is left out, and when it alerts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "daemon/desktop-troubles.h"
#include "dosed/text.h"

static const char *keys[16], *texts[16];
static struct {
        char *text;
        bool critical, quietly;
        unsigned n_set;
} notice;
static struct troubles troubles;

size_t engine_count_degraded(const struct engine *engine) {
        size_t n = 0;

        (void) engine;
        while (texts[n])
                n++;
        return n;
}

const char *engine_degraded(const struct engine *engine, size_t i) {
        (void) engine;
        return texts[i];
}

const char *engine_degraded_key(const struct engine *engine, size_t i) {
        (void) engine;
        return keys[i];
}

int notify_set_notice(struct notify *notify, const struct notify_notice *wished) {
        (void) notify;
        assert_string_equal(wished->key, "degraded");
        assert_int_equal(text_set(&notice.text, wished->text), 0);
        notice.critical = wished->critical;
        notice.quietly = wished->quietly;
        notice.n_set++;
        return 0;
}

static int teardown(void **state) {
        (void) state;
        troubles_done(&troubles);
        free(notice.text);
        memset(&notice, 0, sizeof(notice));
        memset(texts, 0, sizeof(texts));
        return 0;
}

static void update(void) {
        assert_int_equal(troubles_update(&troubles, NULL, NULL, "degraded"), 0);
}

static void assert_notice(const char *text) {
        if (!text)
                assert_null(notice.text);
        else {
                assert_non_null(notice.text);
                assert_string_equal(notice.text, text);
        }
}

static void degrade(size_t i, const char *key, const char *text) {
        keys[i] = key;
        texts[i] = text;
}

static void test_a_trouble_that_ends_alerts_nobody(void **state) {
        (void) state;
        degrade(0, "store", "The disk is full");
        degrade(1, "clock", "The clock is years behind");
        update();
        assert_notice("The disk is full\nThe clock is years behind");
        assert_true(notice.critical);
        texts[1] = NULL;
        update();
        assert_true(notice.quietly);
        /* A part of what was said before is something else. */
        degrade(0, "store", "The disk");
        update();
        assert_false(notice.quietly);
        texts[0] = NULL;
        update();
        assert_notice(NULL);
}

static void test_a_worse_trouble_comes_before_many_older_ones(void **state) {
        static char broken[12][32];

        (void) state;
        for (size_t i = 0; i < ELEMENTS(broken); i++) {
                (void) snprintf(broken[i], sizeof(broken[i]), "ana: %zu.ics is broken", i);
                degrade(i, "ana//plans/x.ics", broken[i]);
        }
        update();
        assert_notice("12 things of the plan cannot be used as meant: see dosectl status");

        degrade(12, "ana/plan", "ana: 2 of 3 medications are gone");
        degrade(13, "config", "dosed.conf:1: what is frob?");
        degrade(14, "store", "The ledger cannot be written");
        update();
        assert_notice("The ledger cannot be written\nThe configuration cannot be used: see dosectl status\n"
                      "ana: 2 of 3 medications are gone\n12 things of the plan cannot be used as meant: see dosectl status");
        assert_false(notice.quietly);
}

static void test_a_plan_that_nobody_looks_at_is_told_in_its_words(void **state) {
        (void) state;
        degrade(0, "ana//a.ics", "ana: a.ics is broken");
        degrade(1, "bob/left-out", "bob has a plan, but is nobody of dosed.conf");
        degrade(2, "calendars", "1 plan file in /calendars is not read");
        update();
        assert_notice("bob has a plan, but is nobody of dosed.conf\n1 plan file in /calendars is not read\n"
                      "1 thing of the plan cannot be used as meant: see dosectl status");
}

static void test_no_file_is_named_and_another_one_that_breaks_is_told(void **state) {
        unsigned n_set;

        (void) state;
        degrade(0, "ana//plans/truvada.ics", "ana: truvada.ics: it cannot be used");
        update();
        assert_notice("1 thing of the plan cannot be used as meant: see dosectl status");

        n_set = notice.n_set;
        update();
        assert_int_equal(notice.n_set, n_set);

        degrade(0, "ana//plans/lisinopril.ics", "ana: lisinopril.ics: it cannot be used");
        update();
        assert_notice("1 thing of the plan cannot be used as meant: see dosectl status");
        assert_false(notice.quietly);
        assert_int_equal(notice.n_set, n_set + 2); /* taken down, and said anew */
}

#define CASE(name) cmocka_unit_test_teardown(name, teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                CASE(test_a_trouble_that_ends_alerts_nobody),
                CASE(test_a_worse_trouble_comes_before_many_older_ones),
                CASE(test_a_plan_that_nobody_looks_at_is_told_in_its_words),
                CASE(test_no_file_is_named_and_another_one_that_breaks_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
