/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zones: names that are refused or understood, gaps and folds, and agreement with another implementation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "calendar/zone-data.h"
#include "dosed/civil.h"
#include "dosed/text.h"
#include "dosed/zone.h"

static struct zones *zones;

static int64_t wall(const char *text) {
        bool is_date, is_utc;
        int64_t wall_sec;

        assert_int_equal(civil_parse(text, strlen(text), &wall_sec, &is_date, &is_utc), 0);
        return wall_sec;
}

static const struct zone *zone_named(const char *name) {
        const struct zone *zone = NULL;

        assert_int_equal(zones_get(zones, name, &zone), 0);
        return zone;
}

/* RFC 5545 3.3.5: "... refers to the first occurrence" and "... using the UTC offset before the gap". */
static void wall_clock_times_fall_as_the_rfc_says(void **state) {
        static const struct {
                const char *zone, *wall, *utc;
                enum zone_fit fit;
        } cases[] = {
                { "Europe/Berlin", "20260329T015959", "20260329T005959Z", ZONE_FIT_EXACT },
                { "Europe/Berlin", "20260329T020000", "20260329T010000Z", ZONE_FIT_GAP },
                { "Europe/Berlin", "20260329T023000", "20260329T013000Z", ZONE_FIT_GAP },
                { "Europe/Berlin", "20260329T030000", "20260329T010000Z", ZONE_FIT_EXACT },
                { "Europe/Berlin", "20261025T015959", "20261024T235959Z", ZONE_FIT_EXACT },
                { "Europe/Berlin", "20261025T023000", "20261025T003000Z", ZONE_FIT_FOLD },
                { "Europe/Berlin", "20261025T030000", "20261025T020000Z", ZONE_FIT_EXACT },
                /* After the table, by the POSIX rule. */
                { "Europe/Berlin", "20990329T023000", "20990329T013000Z", ZONE_FIT_GAP },
                { "Europe/Berlin", "20991025T023000", "20991025T003000Z", ZONE_FIT_FOLD },
                { "America/New_York", "20070311T023000", "20070311T073000Z", ZONE_FIT_GAP },
                { "America/New_York", "20071104T013000", "20071104T053000Z", ZONE_FIT_FOLD },
                /* Half an hour, the other way round in the year. */
                { "Australia/Lord_Howe", "20261004T021500", "20261003T154500Z", ZONE_FIT_GAP },
                { "Australia/Lord_Howe", "20260405T014500", "20260404T144500Z", ZONE_FIT_FOLD },
                /* Midnight does not exist. */
                { "America/Sao_Paulo", "20181104T000000", "20181104T030000Z", ZONE_FIT_GAP },
                { "America/Sao_Paulo", "20181104T010000", "20181104T030000Z", ZONE_FIT_EXACT },
                /* A whole day does not exist. */
                { "Pacific/Apia", "20111229T120000", "20111229T220000Z", ZONE_FIT_EXACT },
                { "Pacific/Apia", "20111230T120000", "20111230T220000Z", ZONE_FIT_GAP },
                { "Pacific/Apia", "20111231T120000", "20111230T220000Z", ZONE_FIT_EXACT },
                { "Asia/Kathmandu", "20260101T000000", "20251231T181500Z", ZONE_FIT_EXACT },
                { "UTC", "20260329T023000", "20260329T023000Z", ZONE_FIT_EXACT },
        };

        (void) state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct zone *zone = zone_named(cases[i].zone);
                char text[CIVIL_TEXT_SIZE];
                enum zone_fit fit;
                usec_t at_usec;

                at_usec = zone_from_wall(zone, wall(cases[i].wall), &fit);
                civil_format(text, at_usec / USEC_PER_SEC, false, true);
                if (strcmp(text, cases[i].utc) != 0 || fit != cases[i].fit)
                        fail_msg("%s %s: %s, fit %d", cases[i].zone, cases[i].wall, text, (int) fit);
                if (fit != ZONE_FIT_GAP)
                        assert_int_equal(zone_to_wall(zone, at_usec), wall(cases[i].wall));
        }
}

static void names_are_understood_in_every_way_programs_write_them(void **state) {
        static const struct {
                const char *name, *means;
        } cases[] = {
                { "Europe/Berlin", "Europe/Berlin" },
                { "europe/berlin", "Europe/Berlin" },
                { "AMERICA/ARGENTINA/BUENOS_AIRES", "America/Argentina/Buenos_Aires" },
                { "Etc/GMT+5", "Etc/GMT+5" },
                { "/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin" },
                { "/freeassociation.sourceforge.net/Tzfile/America/New_York", "America/New_York" },
                { "/softwarestudio.org/Olson_20011030_5/America/New_York", "America/New_York" },
                { "/citadel.org/20070227_1/Europe/London", "Europe/London" },
                { "tzone://Microsoft/Utc", "UTC" },
                { "W. Europe Standard Time", "Europe/Berlin" },
                { "eastern standard time", "America/New_York" },
                { "UTC-11", "Etc/GMT+11" },
                { "Yakutsk Standard Time", "Asia/Yakutsk" },
                { "AUS Central Standard Time", "Australia/Darwin" },
        };

        (void) state;

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_string_equal(zone_name(zone_named(cases[i].name)), cases[i].means);
        assert_ptr_equal(zone_named("europe/BERLIN"), zone_named("/vendor.example/Europe/Berlin"));
}

static void windows_names_have_zone_data(void **state) {
        static const char *const names[] = {
                "Dateline Standard Time", "Pacific Standard Time", "GMT Standard Time", "Tokyo Standard Time",
                "India Standard Time",    "Samoa Standard Time",   "UTC+13",            "Line Islands Standard Time",
        };

        (void) state;

        for (size_t i = 0; i < ELEMENTS(names); i++)
                (void) zone_named(names[i]);
        assert_null(windows_zone_find("W. Europe"));
        assert_null(windows_zone_find(""));
}

/* By their offset: the zones that they once stood for have gone another way. */
static void windows_names_have_the_offset_of_today(void **state) {
        static const struct {
                const char *name;
                int hours;
        } cases[] = {
                { "Mountain Standard Time (Mexico)", -7 },
                { "Central Asia Standard Time", 6 },
        };

        (void) state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                static const char *const times[] = { "20260115T120000", "20260715T120000" };

                for (size_t j = 0; j < ELEMENTS(times); j++) {
                        usec_t at_usec = zone_from_wall(zone_named(cases[i].name), wall(times[j]), NULL);

                        assert_int_equal(wall(times[j]) - at_usec / USEC_PER_SEC, cases[i].hours * 3600);
                }
        }
}

/* The same table as it is published, where it is installed (Debian: unicode-cldr-core). */
static void every_windows_name_of_cldr_is_known(void **state) {
        static const char path[] = "/usr/share/unicode/cldr/common/supplemental/windowsZones.xml";
        static const char before[] = "mapZone other=\"";
        _cleanup_(fclose_p) FILE *file = fopen(path, "re");
        _cleanup_(free_p) char *line = NULL;
        size_t allocated = 0, n = 0;

        (void) state;

        if (!file) {
                print_message("SKIPPED: there is no %s\n", path);
                skip();
        }
        while (getline(&line, &allocated, file) > 0) {
                char *name = strstr(line, before), *end;

                if (!name)
                        continue;
                name += sizeof(before) - 1;
                end = strchr(name, '"');
                assert_non_null(end);
                *end = '\0';
                (void) zone_named(name);
                n++;
        }
        assert_true(n > 400);
}

static void names_that_are_no_zone_are_refused(void **state) {
        static const struct {
                const char *name;
                int outcome;
        } cases[] = {
                { "", ZONE_BAD_NAME },
                { "../../etc/passwd", ZONE_BAD_NAME },
                { "Europe/../../../etc/passwd", ZONE_BAD_NAME },
                { "Europe/Ber\nlin", ZONE_BAD_NAME },
                { "Europe/Ber%lin", ZONE_BAD_NAME },
                { "/etc/passwd", ZONE_UNKNOWN },
                { "/dev/zero", ZONE_UNKNOWN },
                { "Europe", ZONE_UNKNOWN },
                { "Europe/", ZONE_UNKNOWN },
                { "/", ZONE_UNKNOWN },
                { "Europe//Berlin", ZONE_UNKNOWN },
                { "zone.tab", ZONE_UNKNOWN },
                { "Home/Singapore", ZONE_UNKNOWN },
                { "Customized Time Zone", ZONE_UNKNOWN },
                { "Europe/Atlantis", ZONE_UNKNOWN },
                { "Europe/Berlin/Mitte", ZONE_UNKNOWN },
                /* These count leap seconds: every time of day would be off. */
                { "right/Europe/Berlin", ZONE_UNKNOWN },
                /* These mean whatever the machine's zone is. */
                { "localtime", ZONE_UNKNOWN },
                { "posixrules", ZONE_UNKNOWN },
        };
        char endless[1000];

        (void) state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct zone *zone = NULL;
                int r = zones_get(zones, cases[i].name, &zone);

                if (r != cases[i].outcome || zone)
                        fail_msg("\"%s\": %d instead of %d", cases[i].name, r, cases[i].outcome);
        }

        memset(endless, 'A', sizeof(endless) - 1);
        endless[sizeof(endless) - 1] = '\0';
        assert_int_equal(zones_get(zones, endless, &(const struct zone *){ NULL }), ZONE_BAD_NAME);
}

static void a_folder_of_traps_never_hangs_nor_lies(void **state) {
        char folder[] = "/tmp/dosed-zone-XXXXXX";
        struct zones *trapped;
        static const char *const names[] = { "Fifo", "Empty", "Garbage", "Huge" };
        const struct zone *zone = NULL;
        char *paths[ELEMENTS(names)];

        (void) state;

        assert_non_null(mkdtemp(folder));
        for (size_t i = 0; i < ELEMENTS(names); i++)
                assert_int_equal(text_format(&paths[i], "%s/%s", folder, names[i]), 0);
        assert_int_equal(mkfifo(paths[0], 0600), 0);
        for (size_t i = 1; i < ELEMENTS(names); i++) {
                FILE *file = fopen(paths[i], "we");

                assert_non_null(file);
                if (i == 2)
                        (void) fputs("TZif2 and then nothing that would be a header", file);
                (void) fclose(file);
        }
        assert_int_equal(truncate(paths[3], 1 << 30), 0);

        assert_int_equal(zones_new(folder, &trapped), 0);
        assert_int_equal(zones_get(trapped, "Fifo", &zone), ZONE_UNKNOWN);
        assert_int_equal(zones_get(trapped, "Empty", &zone), ZONE_BAD_DATA);
        assert_int_equal(zones_get(trapped, "Garbage", &zone), ZONE_BAD_DATA);
        assert_int_equal(zones_get(trapped, "Huge", &zone), ZONE_BAD_DATA);
        assert_null(zone);
        assert_int_equal(zones_get(trapped, "UTC", &zone), 0);
        zones_free(trapped);

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                (void) unlink(paths[i]);
                free(paths[i]);
        }
        (void) rmdir(folder);
}

static void cut_zone_data_is_refused_at_every_length(void **state) {
        _cleanup_(fclose_p) FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "re");
        uint8_t bytes[8192];
        size_t size;

        (void) state;

        if (!file)
                skip();
        size = fread(bytes, 1, sizeof(bytes), file);
        for (size_t cut = 0; cut < size; cut++) {
                /* In memory of its own, so that a sanitizer sees a step too far. */
                uint8_t *copy = malloc(cut ? cut : 1);
                struct zone *zone = NULL;

                assert_non_null(copy);
                memcpy(copy, bytes, cut);
                if (tzif_read("cut", copy, cut, &zone) != ZONE_BAD_DATA)
                        fail_msg("accepted %zu of %zu bytes", cut, size);
                free(copy);
        }
}

static void a_vtimezone_makes_a_zone_and_rereading_it_none(void **state) {
        static const struct zone_transition transitions[] = { { 1000000, 7200 }, { 2000000, 3600 } };
        static const struct zone_transition unordered[] = { { 2000000, 7200 }, { 1000000, 3600 } };
        const struct zone *zone, *again, *other;

        (void) state;

        assert_int_equal(zones_add(zones, "Home", 3600, transitions, 2, &zone), 0);
        assert_int_equal(zones_add(zones, "Home", 3600, transitions, 2, &again), 0);
        assert_int_equal(zones_add(zones, "Home", 3600, transitions, 1, &other), 0);
        assert_ptr_equal(zone, again);
        assert_ptr_not_equal(zone, other);
        assert_int_equal(zone_offset(zone, 999999 * USEC_PER_SEC), 3600);
        assert_int_equal(zone_offset(zone, 1000000 * USEC_PER_SEC), 7200);
        assert_int_equal(zone_offset(zone, 2000000 * USEC_PER_SEC), 3600);
        assert_int_equal(zone_offset(other, 2000000 * USEC_PER_SEC), 7200);
        assert_true(zone_is_steady(zone, 0, 999999 * USEC_PER_SEC));
        assert_false(zone_is_steady(zone, 0, 1000000 * USEC_PER_SEC));
        assert_int_equal(zones_add(zones, "Home", 3600, unordered, 2, &other), -EINVAL);
        assert_int_equal(zones_add(zones, "Home", 90000, NULL, 0, &other), -EINVAL);
}

static void several_changes_within_two_days_are_no_special_case(void **state) {
        /* An hour forward at noon of day 10, back at six the evening, two forward at midnight. */
        static const struct zone_transition transitions[] = {
                { 10 * 86400 + 12 * 3600, 3600 }, { 10 * 86400 + 17 * 3600, 0 }, { 11 * 86400, 7200 },
        };
        const struct zone *zone;
        enum zone_fit fit;

        (void) state;

        assert_int_equal(zones_add(zones, "Restless", 0, transitions, 3, &zone), 0);
        assert_int_equal(zone_from_wall(zone, 10 * 86400 + 12 * 3600 + 1800, &fit) / USEC_PER_SEC,
                         10 * 86400 + 12 * 3600 + 1800);
        assert_int_equal(fit, ZONE_FIT_GAP);
        assert_int_equal(zone_from_wall(zone, 10 * 86400 + 17 * 3600 + 1800, &fit) / USEC_PER_SEC,
                         10 * 86400 + 16 * 3600 + 1800);
        assert_int_equal(fit, ZONE_FIT_FOLD);
        assert_int_equal(zone_from_wall(zone, 11 * 86400 + 3600, &fit) / USEC_PER_SEC, 11 * 86400 + 3600);
        assert_int_equal(fit, ZONE_FIT_GAP);
        assert_int_equal(zone_from_wall(zone, 11 * 86400 + 7200, &fit) / USEC_PER_SEC, 11 * 86400);
        assert_int_equal(fit, ZONE_FIT_EXACT);
}

static void the_system_zone_is_what_the_environment_says(void **state) {
        static const struct {
                const char *environment, *name;
                int32_t summer_offset_sec;
        } cases[] = {
                { "Europe/Berlin", "Europe/Berlin", 7200 },
                { ":America/New_York", "America/New_York", -14400 },
                { "/usr/share/zoneinfo/Europe/Lisbon", "Europe/Lisbon", 3600 },
                { "CET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/3", 7200 },
                { "<+0330>-3:30", "<+0330>-3:30", 12600 },
                { "", "UTC", 0 },
                { "Nowhere/Atall", "UTC", 0 },
        };
        const char *before = getenv("TZ");
        _cleanup_(free_p) char *kept = before ? strdup(before) : NULL;
        const usec_t summer_usec = INT64_C(1782000000) * USEC_PER_SEC;

        (void) state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct zone *zone = NULL;

                (void) setenv("TZ", cases[i].environment, 1);
                assert_int_equal(zones_get_system(zones, &zone), 0);
                assert_string_equal(zone_name(zone), cases[i].name);
                assert_int_equal(zone_offset(zone, summer_usec), cases[i].summer_offset_sec);
        }

        if (kept)
                (void) setenv("TZ", kept, 1);
        else
                (void) unsetenv("TZ");
}

/* Python's zoneinfo reads the same data with other code. Half-hourly within two days of each change of 1970 to 2045. */
static const char python[] =
        "import sys, datetime as d, zoneinfo\n"
        "for name in sys.argv[1:]:\n"
        "    zone, day, before = zoneinfo.ZoneInfo(name), d.datetime(1970, 1, 3), None\n"
        "    while day.year < 2046:\n"
        "        offset = day.replace(tzinfo=zone).utcoffset()\n"
        "        if before is not None and offset != before:\n"
        "            for i in range(-96, 96):\n"
        "                wall = day + d.timedelta(minutes=30 * i)\n"
        "                epoch = int(wall.replace(tzinfo=zone, fold=0).timestamp())\n"
        "                print(name, int(wall.replace(tzinfo=d.timezone.utc).timestamp()), epoch)\n"
        "        before, day = offset, day + d.timedelta(days=1)\n";

static void instants_agree_with_another_implementation(void **state) {
        _cleanup_(free_p) char *command = NULL;
        unsigned n = 0, n_wrong = 0;
        int64_t wall_sec, at_sec;
        char name[64];
        FILE *output;
        int r;

        (void) state;

        assert_int_equal(text_format(&command,
                                     "/usr/bin/python3 - Europe/Berlin America/New_York Australia/Lord_Howe "
                                     "Pacific/Apia America/Sao_Paulo Africa/Casablanca Europe/Dublin America/Havana Asia/Beirut "
                                     "Antarctica/Troll Africa/Monrovia Asia/Pyongyang Pacific/Kwajalein "
                                     "<<'END'\n%sEND\n",
                                     python),
                         0);
        output = popen(command, "re");
        assert_non_null(output);
        while (fscanf(output, "%63s %" SCNd64 " %" SCNd64, name, &wall_sec, &at_sec) == 3) {
                n++;
                if (zone_from_wall(zone_named(name), wall_sec, NULL) != at_sec * USEC_PER_SEC && n_wrong++ < 10)
                        print_message("%s: wall clock %" PRId64 " is %" PRId64 "\n", name, wall_sec, at_sec);
        }
        r = pclose(output);
        if (n == 0) {
                print_message("SKIPPED: no Python with zoneinfo\n");
                skip();
        }
        assert_int_equal(r, 0);
        print_message("%u wall-clock times compared\n", n);
        assert_int_equal(n_wrong, 0);
}

static int set_up(void **state) {
        (void) state;
        return zones_new(NULL, &zones);
}

static int tear_down(void **state) {
        (void) state;
        zones_free(zones);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(wall_clock_times_fall_as_the_rfc_says),
                cmocka_unit_test(names_are_understood_in_every_way_programs_write_them),
                cmocka_unit_test(windows_names_have_zone_data),
                cmocka_unit_test(windows_names_have_the_offset_of_today),
                cmocka_unit_test(every_windows_name_of_cldr_is_known),
                cmocka_unit_test(names_that_are_no_zone_are_refused),
                cmocka_unit_test(a_folder_of_traps_never_hangs_nor_lies),
                cmocka_unit_test(cut_zone_data_is_refused_at_every_length),
                cmocka_unit_test(a_vtimezone_makes_a_zone_and_rereading_it_none),
                cmocka_unit_test(several_changes_within_two_days_are_no_special_case),
                cmocka_unit_test(the_system_zone_is_what_the_environment_says),
                cmocka_unit_test(instants_agree_with_another_implementation),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
