/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schedules in words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "dosed/calendar.h"
#include "dosed/text.h"

#define NOW_USEC (INT64_C(1769904000) * USEC_PER_SEC) /* 1 February 2026 */

static const struct {
        const char *lines, *words;
} cases[] = {
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY\n", "every day at 08:00" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY;BYHOUR=20,8\n",
          "every day at 08:00 and 20:00" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=10\n", "every 2 days at 08:00, 10 times" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY;COUNT=1\n", "every day at 08:00, 1 time" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY;UNTIL=20260301T080000\n", "every day at 08:00, until 1 March 2026" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=WEEKLY;BYDAY=FR,MO,WE\n",
          "every week on Monday, Wednesday and Friday at 08:00" },
        { "DTSTART:20260105T080000\nRRULE:FREQ=MONTHLY;BYDAY=1MO,-1FR\n",
          "every month on the 1st Monday and the last Friday at 08:00" },
        { "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1,22,-1,-2\n",
          "every month on the 1st, 22nd, 2nd last and last day of the month" },
        { "DTSTART:20260130T080000\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1\n",
          "every month on Monday, Tuesday, Wednesday, Thursday and Friday at 08:00, of these the last" },
        { "DTSTART:20260511T080000\nRRULE:FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO\n",
          "every year in the 20th week on Monday at 08:00, from 11 May 2026 on" },
        { "DTSTART:20260113T080000\nRRULE:FREQ=YEARLY;BYYEARDAY=13,-11\n",
          "every year on the 13th and 11th last day of the year at 08:00" },
        { "DTSTART:20260112T080000\nRRULE:FREQ=YEARLY;BYMONTH=1,6;BYMONTHDAY=12\n",
          "every year in January and June on the 12th day of the month at 08:00" },
        { "DTSTART:20260102T080000Z\nRRULE:FREQ=HOURLY;INTERVAL=6\n", "every 6 hours, in UTC" },
        { "DTSTART:20260102T000000\nRRULE:FREQ=HOURLY;INTERVAL=6\n",
          "every 6 hours by the wall clock; 5 h apart on 29 March 2026" },
        { "DTSTART:20260102T000000\nRRULE:FREQ=DAILY;BYHOUR=0,6,12,18\n",
          "every day at 00:00, 06:00, 12:00 and 18:00; 5 h apart on 29 March 2026" },
        { "DTSTART:20260102T000000\nRRULE:FREQ=HOURLY;INTERVAL=12\n",
          "every 12 hours by the wall clock; 11 h apart on 29 March 2026" },
        { "DTSTART:20260102T001500\nRRULE:FREQ=DAILY;BYHOUR=0,12\n",
          "every day at 00:15 and 12:15" },
        { "DTSTART:20260102T001500\nRRULE:FREQ=DAILY;BYHOUR=0,8,16\n",
          "every day at 00:15, 08:15 and 16:15; 7 h apart on 29 March 2026" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY;BYHOUR=8,12,18\n", "every day at 08:00, 12:00 and 18:00" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY;BYMINUTE=0,30\n", "every day at 08:00 and 08:30" },
        { "DTSTART:20260105T080000\nRRULE:FREQ=WEEKLY;BYDAY=MO;BYHOUR=8,20\n", "every week on Monday at 08:00 and 20:00" },
        { "DTSTART;TZID=America/New_York:20260102T000000\nRRULE:FREQ=HOURLY;INTERVAL=6;COUNT=300\n",
          "every 6 hours by the wall clock, 300 times, in America/New_York; 5 h apart on 8 March 2026" },
        { "DTSTART:20260102T023000\nRRULE:FREQ=DAILY\n",
          "every day at 02:30; 02:30 does not exist on 29 March 2026: due at 03:30" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY;BYHOUR=6,7,8,9,10;BYMINUTE=0,30\n",
          "every day at the minutes 00 and 30 of the hours 06, 07, 08, 09 and 10" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY\nEXDATE:20260103T080000\nRDATE:20260103T120000,20260104T120000\n",
          "every day at 08:00; and on 2 more dates; but for 1 date" },
        { "DTSTART:20260102T080000\nX-DOSED-AFTER-TAKEN:P3D\n",
          "3 days after the last one was taken, first on 2 January 2026 at 08:00" },
        { "DTSTART:20260301T080000\nRRULE:FREQ=DAILY;COUNT=7\n", "every day at 08:00, 7 times, from 1 March 2026 on" },
        { "DTSTART;TZID=Europe/Berlin:20260102T080000\nRRULE:FREQ=DAILY;UNTIL=20260228T230000Z\n",
          "every day at 08:00, until 28 February 2026, in Europe/Berlin" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY;UNTIL=20260228T230000Z\n", "every day at 08:00, until 28 February 2026" },
        { "DTSTART:20260102T003000\nRRULE:FREQ=DAILY;UNTIL=20260228T233000Z\n", "every day at 00:30, until 1 March 2026" },
        { "DTSTART:20260102T080000Z\nRRULE:FREQ=DAILY;UNTIL=20260228T233000Z\n",
          "every day at 08:00, until 28 February 2026, in UTC" },
        { "DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=DAILY;UNTIL=20260228T230000Z\n", "every day, until 28 February 2026" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=HOURLY;INTERVAL=12;UNTIL=20260301T073000\n",
          "every 12 hours by the wall clock, until 1 March 2026" },
        { "DTSTART:20260305T080000\nRRULE:FREQ=DAILY;UNTIL=20260304T230000Z\n", "once, on 5 March 2026 at 08:00" },
        { "DTSTART:20260305T080000\nRRULE:FREQ=DAILY;UNTIL=20260304\nRRULE:FREQ=DAILY;BYHOUR=20\n",
          "every day at 20:00, from 5 March 2026 on" },
        { "DTSTART:20260102T000000\nRRULE:FREQ=MINUTELY;INTERVAL=20\n",
          "every 20 minutes by the wall clock; 1 h 20 min apart on 25 October 2026" },
        { "DTSTART;TZID=America/New_York:20260102T013000\nRRULE:FREQ=MONTHLY;BYDAY=1SU\n",
          "every month on the 1st Sunday at 01:30, in America/New_York" },
        { "DTSTART:20260330T000000\nRRULE:FREQ=HOURLY;INTERVAL=6\n",
          "every 6 hours by the wall clock, from 30 March 2026 on; 7 h apart on 25 October 2026" },
        { "DTSTART;TZID=Pacific/Chatham:20260405T023000\nRRULE:FREQ=HOURLY;BYMINUTE=0,45\nDURATION:PT1H\n",
          "every hour by the wall clock at the minutes 00 and 45, in Pacific/Chatham, from 5 April 2026 on; 1 h 45 min apart "
          "on 5 April 2026" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART:20260102T080000\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20260103T080000\nSTATUS:CANCELLED\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20260104T080000\nDTSTART:20260104T100000\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260401T080000\nDTSTART:20260401T090000\nEND:VEVENT\n",
          "every day at 08:00; changed from 1 April 2026 on: at 09:00; but for 1 cancelled dose; with 1 changed dose" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260104T080000\nDTSTART:20260104T100000\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260105T080000\nDTSTART:20260105T100000\nEND:VEVENT\n",
          "2 times, first on 4 January 2026 at 10:00" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY;BYHOUR=8,20\nRRULE:FREQ=WEEKLY;BYDAY=MO;BYHOUR=12\n"
          "EXRULE:FREQ=WEEKLY;BYDAY=SU;BYHOUR=8,20\n",
          "every day at 08:00 and 20:00; and every week on Monday at 12:00; but not every week on Sunday at 08:00 and 20:00" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART:20260102T080000\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20260329T080000\nDTSTART:20260329T023000\nEND:VEVENT\n",
          "every day at 08:00; with 1 changed dose; 02:30 does not exist on 29 March 2026: due at 03:30" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART;TZID=America/New_York:20260102T080000\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;TZID=America/New_York:20260308T080000\n"
          "DTSTART;TZID=America/Havana:20260308T003000\nEND:VEVENT\n",
          "every day at 08:00; with 1 changed dose, in America/New_York; 00:30 does not exist on 8 March 2026: due at 01:30" },
        { "DTSTART;TZID=America/Nuuk:20260102T233000\nRRULE:FREQ=DAILY\n",
          "every day at 23:30, in America/Nuuk; 23:30 does not exist on 28 March 2026: due at 00:30 on 29 March 2026" },
        { "DTSTART:20260104T023000\nRRULE:FREQ=WEEKLY;BYDAY=SU\n",
          "every week on Sunday at 02:30; 02:30 does not exist on 29 March 2026: due at 03:30" },
        { "DTSTART:20260329T023000\n", "once, on 29 March 2026 at 02:30; 02:30 does not exist on 29 March 2026: due at 03:30" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=WEEKLY\n", "every week on Friday at 08:00" },
        { "DTSTART:20260131T080000\nRRULE:FREQ=MONTHLY;COUNT=7\n",
          "every month on the 31st day of the month at 08:00, left out in months without that day, 7 times" },
        { "DTSTART:20260129T080000\nRRULE:FREQ=MONTHLY\n",
          "every month on the 29th day of the month at 08:00, left out in months without that day" },
        { "DTSTART:20260128T080000\nRRULE:FREQ=MONTHLY\n", "every month on the 28th day of the month at 08:00" },
        { "DTSTART:20260130T080000\nRRULE:FREQ=MONTHLY;BYMONTH=1,4,6\n", "every month in January, April and June on the 30th day "
          "of the month at 08:00" },
        { "DTSTART:20260131T080000\nRRULE:FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1\n",
          "every month on the 28th, 29th, 30th and 31st day of the month at 08:00, of these the last" },
        { "DTSTART:20240229T080000\nRRULE:FREQ=YEARLY\n",
          "every year in February on the 29th day of the month at 08:00, only in leap years" },
        { "DTSTART:20250430T080000\nRRULE:FREQ=YEARLY\n", "every year in April on the 30th day of the month at 08:00" },
        { "DTSTART:20250430T080000\nRRULE:FREQ=YEARLY;BYMONTHDAY=-1\n",
          "every year in April on the last day of the month at 08:00" },
        { "DTSTART:20250512T080000\nRRULE:FREQ=YEARLY;BYWEEKNO=20\n", "every year in the 20th week on Monday at 08:00" },
        { "DTSTART:20250512T080000\nRRULE:FREQ=YEARLY;BYDAY=MO\n", "every year on Monday at 08:00" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY;INTERVAL=2\n",
          "every day at 08:00; but not every 2 weeks on Friday at 08:00" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART:20260102T080000\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260110T080000\nDTSTART:20260110T210000\nEND:VEVENT\n",
          "every day at 08:00; changed from 10 January 2026 on: at 21:00" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART:20260102T080000\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260110T080000\nSUMMARY:y 20 mg\n"
          "X-DOSED-AMOUNT:2 tablets\nDTSTART:20260110T080000\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260210T080000\nSUMMARY:y 20 mg\n"
          "DTSTART:20260210T210000\nEND:VEVENT\n",
          "every day at 08:00; changed from 10 January 2026 on: y 20 mg, 2 tablets, at 08:00; "
          "changed from 10 February 2026 on: at 21:00" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART:20260102T080000\nRRULE:FREQ=DAILY;BYHOUR=8,20\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260110T080000\nDTSTART:20260110T063000\nEND:VEVENT\n",
          "every day at 08:00 and 20:00; changed from 10 January 2026 on: 1 h 30 min earlier" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART:20260105T080000\nRRULE:FREQ=WEEKLY\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260112T080000\nDTSTART:20260114T080000\nEND:VEVENT\n",
          "every week on Monday at 08:00; changed from 12 January 2026 on: 2 days later" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART;VALUE=DATE:20260102\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260110\nDTSTART:20260110T210000\nEND:VEVENT\n",
          "every day; changed from 10 January 2026 on: at 21:00" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART:20260102T080000\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260110T080000\n"
          "DTSTART;TZID=Asia/Tokyo:20260110T210000\nEND:VEVENT\n",
          "every day at 08:00; changed from 10 January 2026 on" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART:20260102T080000\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260110T080000\nSTATUS:CANCELLED\nEND:VEVENT\n",
          "every day at 08:00; none from 10 January 2026 on" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260104T080000\nDTSTART:20260106T100000\nSTATUS:CANCELLED\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260105T080000\nDTSTART:20260105T100000\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260106T080000\nDTSTART:20260104T100000\nEND:VEVENT\n",
          "2 times, first on 4 January 2026 at 10:00" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260104T080000\nDTSTART:20260104T100000\nSTATUS:CANCELLED\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260105T080000\nDTSTART;TZID=Asia/Tokyo:20260105T100000\nEND:VEVENT\n",
          "once, on 5 January 2026 at 10:00, in Asia/Tokyo" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260104T080000\nDTSTART:20260106T100000\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260105T080000\nDTSTART:20260106T100000\nEND:VEVENT\n",
          "once, on 6 January 2026 at 10:00" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260104T080000\nDTSTART:20260104T100000\nSTATUS:CANCELLED\nEND:VEVENT\n",
          "cancelled: once, on 4 January 2026 at 10:00" },
        { "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260105T080000\nDTSTART:20260105T100000\nSTATUS:CANCELLED\nEND:VEVENT\n"
          "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nRECURRENCE-ID:20260104T080000\nDTSTART:20260104T100000\nSTATUS:CANCELLED\nEND:VEVENT\n",
          "cancelled: 2 times, first on 4 January 2026 at 10:00" },
        { "DTSTART:20260102T080000\n", "once, on 2 January 2026 at 08:00" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY\nSTATUS:CANCELLED\n", "stopped: every day at 08:00" },
        { "DTSTART:20260102T080000\nRRULE:FREQ=DAILY\nX-DOSED-HOLD:20260301\n", "on hold: every day at 08:00" },
};

static void a_schedule_reads_as_people_say_it(void **state) {
        struct wall_clock clock = { .all_day_sec = 8 * 3600 };
        struct zones *zones = *state;

        assert_int_equal(zones_get(zones, "Europe/Berlin", &clock.zone), 0);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(problems_done) struct problems problems = {};
                _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
                _cleanup_(free_p) char *plan = NULL, *said = NULL;

                assert_int_equal(text_format(&plan, "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:u\nSUMMARY:x\n%s"
                                             "END:VEVENT\nEND:VCALENDAR\n", cases[i].lines), 0);
                if (strncmp(cases[i].lines, "BEGIN", 5) == 0) {
                        free(TAKE(plan));
                        assert_int_equal(text_format(&plan, "BEGIN:VCALENDAR\n%sEND:VCALENDAR\n", cases[i].lines), 0);
                }
                assert_int_equal(calendar_read("x.ics", plan, strlen(plan), zones, &calendar, &problems), 0);
                assert_int_equal(schedule_describe(calendar->schedules[0], &clock, NOW_USEC, &said), 0);
                assert_string_equal(said, cases[i].words);
        }
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
                cmocka_unit_test(a_schedule_reads_as_people_say_it),
        };

        return cmocka_run_group_tests_name("schedules in words", tests, set_up, tear_down);
}
