/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drawing a plan: every shape of RFC 5545 that a medication can have. */
#include <stdio.h>
#include <string.h>

#include "dosed/text.h"
#include "simulate.h"

uint64_t draw(uint64_t *state) {
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

unsigned draw_below(uint64_t *state, unsigned n) {
        return (unsigned) (draw(state) % n);
}

bool draw_percent(uint64_t *state, unsigned n) {
        return draw_below(state, 100) < n;
}

static const char *const frequencies[] = {
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=2",
        "FREQ=DAILY;INTERVAL=28",
        "FREQ=DAILY;BYHOUR=8,20",
        "FREQ=DAILY;BYHOUR=2;BYMINUTE=30",
        "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=MONTHLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=10;BYDAY=1SA",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "FREQ=HOURLY;INTERVAL=12",
        "FREQ=HOURLY;INTERVAL=36",
        "FREQ=DAILY;COUNT=10",
        "FREQ=WEEKLY;COUNT=5",
};

static const char *const zones[] = { "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo" };

/* DTSTART in one of its forms; its year is the plan's, so that it may lie in the past or ahead. */
static void draw_start(uint64_t *state, int year, char *text, size_t size, char *date_time, size_t date_time_size) {
        (void) snprintf(date_time, date_time_size, "%04d%02u%02uT%02u%02u00", year, 1 + draw_below(state, 12),
                        1 + draw_below(state, 28), draw_below(state, 24), 15 * draw_below(state, 4));

        switch (draw_below(state, 6)) {
        case 0:
                (void) snprintf(text, size, "DTSTART:%sZ\r\n", date_time);
                break;
        case 1:
                (void) snprintf(text, size, "DTSTART;TZID=%s:%s\r\n", zones[draw_below(state, ELEMENTS(zones))], date_time);
                break;
        default:
                (void) snprintf(text, size, "DTSTART:%s\r\n", date_time);
                break;
        }
}

int plan_draw(uint64_t *state, unsigned uid, int year, char **ret_ics) {
        char start[128], date_time[32], window[64] = "", alarm[160] = "", dates[128] = "";
        char recurrence[64], suffix[24] = "";

        /* What follows the last dose goes on from version to version of a UID: each of these is a new one. */
        if (draw_percent(state, 10)) {
                (void) snprintf(suffix, sizeof(suffix), "-%llx", (unsigned long long) draw(state));
                (void) snprintf(recurrence, sizeof(recurrence), "X-DOSED-AFTER-TAKEN:PT%uH", 6 + draw_below(state, 200));
        } else
                (void) snprintf(recurrence, sizeof(recurrence), "RRULE:%s",
                                frequencies[draw_below(state, ELEMENTS(frequencies))]);

        draw_start(state, year, start, sizeof(start), date_time, sizeof(date_time));
        if (draw_percent(state, 20))
                (void) snprintf(window, sizeof(window), "X-DOSED-WINDOW:PT%uM\r\n", 5 + draw_below(state, 300));
        if (draw_percent(state, 20))
                (void) snprintf(alarm, sizeof(alarm),
                                "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT%uM\r\nEND:VALARM\r\n",
                                1 + draw_below(state, 90));
        /* In the form of DTSTART, parameter and all. */
        if (recurrence[0] == 'R' && draw_percent(state, 20))
                (void) snprintf(dates, sizeof(dates), "RDATE%.*s:%.4s%02u11T101500%s\r\n",
                                (int) (strcspn(start, ":") - strlen("DTSTART")), start + strlen("DTSTART"), date_time,
                                1 + draw_below(state, 12), start[strlen(start) - 3] == 'Z' ? "Z" : "");

        /* Two UIDs in a medication now and then: limits and windows work on the medication. */
        return text_format(ret_ics,
                           "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dosed//simulate//EN\r\nBEGIN:VEVENT\r\n"
                           "UID:u%u%s\r\nDTSTAMP:20200101T000000Z\r\nSUMMARY:Medicine %u\r\n%s%s\r\n%s%s%s%s"
                           "END:VEVENT\r\nEND:VCALENDAR\r\n",
                           uid, suffix, uid / (draw_percent(state, 30) ? 2 : 1), start, recurrence, dates, window,
                           draw_percent(state, 10) ? "PRIORITY:1\r\n" : "", alarm);
}
