/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which dose a name means. The room ctl is no library: what is tested is built in here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/answer.c"
#include "ctl/client.c"
#include "ctl/listing.c"
#include "ctl/request.c"
#include "ctl/what.c"
#include "ctl/when.c"

#define NONE SIZE_MAX

static const struct listed_dose doses[] = {
        { .id = (char *) "ana/1/a", .person = (char *) "ana", .key = (char *) "asp", .medication = (char *) "Aspirin" },
        { .id = (char *) "ana/2/a",
          .person = (char *) "ana",
          .key = (char *) "aspp",
          .medication = (char *) "Aspirin Protect" },
        { .id = (char *) "ana/3/a", .person = (char *) "ana", .key = (char *) "met", .medication = (char *) "Metformin" },
        { .id = (char *) "ana/3/b", .person = (char *) "ana", .key = (char *) "met", .medication = (char *) "Metformin" },
        { .id = (char *) "ana/4/a",
          .person = (char *) "ana",
          .key = (char *) "oel",
          .medication = (char *) "Ölkapsel 500 mg" },
        { .id = (char *) "ana/5/a", .person = (char *) "ana", .key = (char *) "vit", .medication = (char *) "Vitamin D" },
        { .id = (char *) "bob/5/a", .person = (char *) "bob", .key = (char *) "vit", .medication = (char *) "Vitamin D" },
};

static const struct {
        const char *what;
        bool take_first;
        int outcome;
        size_t found;
} cases[] = {
        { "aspirin p", false, 0, 1 },
        { "ASPIRIN", false, 0, 0 }, /* the whole name goes before the beginning of another */
        { "asp", false, WHAT_SEVERAL, NONE },
        { "asp", true, WHAT_SEVERAL, NONE }, /* never across medications */
        { "metformin", false, WHAT_SEVERAL, NONE },
        { "metformin", true, 0, 2 },
        { "met", true, 0, 2 },
        { "öl", false, 0, 4 },
        { "ÖL", false, 0, 4 },
        { "vitamin d", true, WHAT_SEVERAL, NONE }, /* never across people */
        { "formin", false, WHAT_NONE, NONE },
        { "metformin 500", false, WHAT_NONE, NONE },
};

static void test_a_name_means_one_medication_or_is_refused(void **state) {
        const struct listed_dose *pointers[ELEMENTS(doses)];
        (void) state;

        for (size_t i = 0; i < ELEMENTS(doses); i++)
                pointers[i] = &doses[i];

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct listed_dose *found = NULL;
                int r = what_pick(cases[i].what, pointers, ELEMENTS(pointers), cases[i].take_first, &found);

                if (r != cases[i].outcome)
                        fail_msg("'%s' gave %d, not %d", cases[i].what, r, cases[i].outcome);
                assert_ptr_equal(found, cases[i].found == NONE ? NULL : &doses[cases[i].found]);
        }
}

#define HOUR USEC_PER_HOUR

static const struct {
        int at_hour; /* from due; the window lasts four hours */
        enum dose_state state;
        bool fits, is_recorded_for;
} times[] = {
        { 0, DOSE_DUE, true, false },       { -4, DOSE_UPCOMING, true, false },  { -5, DOSE_UPCOMING, false, false },
        { 23, DOSE_MISSED, true, false },   { 24, DOSE_MISSED, false, false },   { 23, DOSE_UNATTENDED, true, false },
        { 0, DOSE_TAKEN, false, true },     { -4, DOSE_TAKEN, false, true },     { 3, DOSE_SKIPPED, false, true },
        { 4, DOSE_TAKEN, false, false },    { -5, DOSE_TAKEN, false, false },
};

static void test_a_time_belongs_to_the_doses_around_it(void **state) {
        struct zones *zones = NULL;
        (void) state;

        assert_int_equal(zones_new(NULL, &zones), 0);
        for (size_t i = 0; i < ELEMENTS(times); i++) {
                usec_t due = 500000 * HOUR;
                struct listed_dose dose = {
                        .due_usec = due,
                        .window_end_usec = due + 4 * HOUR,
                        .state = times[i].state,
                };
                struct request request = {
                        .now_usec = due + times[i].at_hour * HOUR,
                        .zones = zones,
                        .zone = zone_utc(),
                };

                assert_int_equal(fits_time(&request, &dose), times[i].fits);
                assert_int_equal(is_recorded_for_time(&request, &dose), times[i].is_recorded_for);
        }
        zones_free(zones);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_name_means_one_medication_or_is_refused),
                cmocka_unit_test(test_a_time_belongs_to_the_doses_around_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
