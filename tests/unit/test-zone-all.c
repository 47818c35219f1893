/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every zone of the system and every change of its offset from 1970 to 2100, as zdump(8) tells them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dosed/civil.h"
#include "dosed/zone.h"

/* Not zones by themselves: leap seconds counted, copies, and what is no zone data. */
#define ZDUMP                                                                                                     \
        "cd /usr/share/zoneinfo && find . -type f ! -path './right/*' ! -path './posix/*' ! -name '*.*' "         \
        "! -name localtime ! -name posixrules ! -name leapseconds ! -name leap-seconds.list -printf '%P\\n' | "  \
        "sort | LC_ALL=C xargs zdump -v -c 1970,2101"

#define ALONE (2 * USEC_PER_DAY) /* gap and fold are only asked for where no other change is near */

/* One line of zdump: the offset in force at an instant. */
struct line {
        char name[64];
        usec_t at_usec;
        int32_t offset_sec;
};

static bool parse_line(const char *text, struct line *ret) {
        static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        const char *offset = strstr(text, "gmtoff="), *place;
        struct civil c = {};
        char month[4];

        if (!offset || sscanf(text, "%63s %*3s %3s %d %d:%d:%d %d UT", ret->name, month, &c.day, &c.hour, &c.minute, &c.second,
                              &c.year) != 7)
                return false;
        place = strstr(months, month);
        if (!place || c.year < 1969 || c.year > 2101)
                return false;
        c.month = (int) (place - months) / 3 + 1;
        ret->at_usec = civil_to_wall(&c) * USEC_PER_SEC;
        ret->offset_sec = atoi(offset + strlen("gmtoff="));
        return true;
}

/* RFC 5545 3.3.5: in a gap the offset before it counts, in a fold the first of the two. */
static void check_change(const struct zone *zone, const struct line *before, const struct line *after) {
        int32_t difference = after->offset_sec - before->offset_sec;
        int64_t wall_sec = after->at_usec / USEC_PER_SEC + (difference > 0 ? before->offset_sec : after->offset_sec) +
                           abs(difference) / 2;
        enum zone_fit fit;

        assert_int_equal(zone_from_wall(zone, wall_sec, &fit), (wall_sec - before->offset_sec) * USEC_PER_SEC);
        assert_int_equal(fit, difference > 0 ? ZONE_FIT_GAP : ZONE_FIT_FOLD);
}

static void every_offset_of_every_zone_is_what_zdump_says(void **state) {
        struct line line, before = {}, change_before = {}, change_after = {};
        size_t n_zones = 0, n_lines = 0, n_changes = 0, allocated = 0;
        const struct zone *zone = NULL;
        struct zones *zones = *state;
        char *text = NULL;
        FILE *zdump;

        zdump = popen(ZDUMP, "r");
        assert_non_null(zdump);
        while (getline(&text, &allocated, zdump) > 0) {
                if (!parse_line(text, &line))
                        continue;
                if (strcmp(line.name, before.name) != 0) {
                        assert_int_equal(zones_get(zones, line.name, &zone), 0);
                        n_zones++;
                        before = change_after = (struct line){};
                }
                n_lines++;
                if (zone_offset(zone, line.at_usec) != line.offset_sec)
                        print_error("%s", text);
                assert_int_equal(zone_offset(zone, line.at_usec), line.offset_sec);

                /* A change stands on two lines, a second apart. The one before this is alone if this is far away. */
                if (before.name[0] && line.at_usec - before.at_usec == USEC_PER_SEC && line.offset_sec != before.offset_sec) {
                        bool is_alone = before.at_usec - change_after.at_usec > ALONE;

                        change_before = before;
                        change_after = line;
                        if (is_alone && before.at_usec > 0) {
                                check_change(zone, &change_before, &change_after);
                                n_changes++;
                        }
                }
                before = line;
        }
        free(text);
        assert_int_equal(pclose(zdump), 0);
        print_message("%zu zones, %zu offsets, %zu gaps and folds\n", n_zones, n_lines, n_changes);
        assert_true(n_zones > 300);
        assert_true(n_changes > 10000);
}

static int set_up(void **state) {
        return zones_new(NULL, (struct zones **) state);
}

static int tear_down(void **state) {
        zones_free(*state);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_offset_of_every_zone_is_what_zdump_says),
        };

        return cmocka_run_group_tests_name("every zone", tests, set_up, tear_down);
}
