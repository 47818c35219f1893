/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans: every shape of RFC 5545 that a medication can have, drawn in parts and printed as a file. */
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

/* Daily ones twice: most of what happens around an edit happens to them. */
static const char *const rules[] = {
        "FREQ=DAILY",
        "FREQ=DAILY",
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=2",
        "FREQ=DAILY;INTERVAL=28",
        "FREQ=DAILY;BYHOUR=8,20",
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

/* DTSTART's year is the plan's, so that it may lie in the past or ahead. */
void plan_draw(uint64_t *state, unsigned line, int year, struct plan *ret) {
        struct plan plan = { .exists = true };
        uint64_t aside;
        const struct civil start = {
                .year = year,
                .month = 1 + (int) draw_below(state, 12),
                .day = 1 + (int) draw_below(state, 28),
                .hour = (int) draw_below(state, 24),
                .minute = 15 * (int) draw_below(state, 4),
        };

        plan.start_wall_sec = civil_to_wall(&start);
        switch (draw_below(state, 6)) {
        case 0:
                plan.form = FORM_UTC;
                break;
        case 1:
                plan.form = FORM_ZONED;
                plan.zone = zones[draw_below(state, ELEMENTS(zones))];
                break;
        default:
                break;
        }

        /* What follows the last dose goes on from version to version of a UID: each of these is a new one. */
        (void) snprintf(plan.uid, sizeof(plan.uid), "u%u", line);
        if (draw_percent(state, 10)) {
                plan.after_hours = 6 + draw_below(state, 200);
                (void) snprintf(plan.uid, sizeof(plan.uid), "u%u-%llx", line, (unsigned long long) draw(state));
        } else
                plan.rule = rules[draw_below(state, ELEMENTS(rules))];
        if (plan.rule && draw_percent(state, 20))
                (void) snprintf(plan.date, sizeof(plan.date), "%04d%02u11T101500", year, 1 + draw_below(state, 12));
        /* Two UIDs in a medication now and then: limits and windows work on the medication. */
        plan.medicine = line / (draw_percent(state, 30) ? 2 : 1);
        if (draw_percent(state, 20))
                plan.window_minutes = 5 + draw_below(state, 300);
        if (draw_percent(state, 30))
                plan.alarm_minutes = 1 + draw_below(state, 90);
        plan.is_critical = draw_percent(state, 10);
        aside = *state ^ UINT64_C(0x5851f42d4c957f2d); /* whoever is told: the life goes on alike */
        plan.is_private = draw_percent(&aside, 8);
        plan.is_supplement = draw_percent(&aside, 10);
        *ret = plan;
}

void plan_set_form(struct plan *plan, enum form form, const char *zone) {
        /* In UTC the same digits name another dose. */
        if ((form == FORM_UTC) != (plan->form == FORM_UTC))
                plan->n_exceptions = 0;
        plan->form = form;
        plan->zone = zone;
}

void plan_except(struct plan *plan, const struct exception *exception) {
        size_t i = 0;

        while (i < plan->n_exceptions && strcmp(plan->exceptions[i].name, exception->name) != 0)
                i++;
        if (i == MAX_EXCEPTIONS)
                i = 0;
        if (i < plan->n_exceptions)
                (void) memmove(&plan->exceptions[i], &plan->exceptions[i + 1],
                               (--plan->n_exceptions - i) * sizeof(plan->exceptions[0]));
        plan->exceptions[plan->n_exceptions++] = *exception;
}

bool plan_calls_off(const struct plan *plan, const char *recurrence_id) {
        for (size_t i = 0; i < plan->n_exceptions; i++) {
                const struct exception *exception = &plan->exceptions[i];
                size_t length = strlen(exception->name);

                if (strncmp(exception->name, recurrence_id, length) == 0 &&
                    strcmp(recurrence_id + length, plan->form == FORM_UTC ? "Z" : "") == 0)
                        return exception->start[0] == '\0' || exception->is_cancelled;
        }
        return false;
}

/* In the form of DTSTART, parameter and all. */
static void print_time(FILE *file, const struct plan *plan, const char *property, const char *date_time) {
        (void) fprintf(file, "%s%s%s:%s%s\r\n", property, plan->form == FORM_ZONED ? ";TZID=" : "",
                       plan->form == FORM_ZONED ? plan->zone : "", date_time, plan->form == FORM_UTC ? "Z" : "");
}

static void print_head(FILE *file, const struct plan *plan) {
        (void) fprintf(file, "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20200101T000000Z\r\nSUMMARY:Medicine %u\r\n", plan->uid,
                       plan->medicine);
}

static void print_tail(FILE *file, const struct plan *plan) {
        if (plan->window_minutes > 0)
                (void) fprintf(file, "X-DOSED-WINDOW:PT%uM\r\n", plan->window_minutes);
        if (plan->is_private)
                (void) fputs("CLASS:PRIVATE\r\n", file);
        if (plan->is_supplement)
                (void) fputs("CATEGORIES:VITAMIN\r\n", file);
        if (plan->is_critical)
                (void) fputs("PRIORITY:1\r\n", file);
        if (plan->alarm_minutes > 0)
                (void) fprintf(file,
                               "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT%uM\r\nEND:VALARM\r\n",
                               plan->alarm_minutes);
        (void) fputs("END:VEVENT\r\n", file);
}

int plan_print(const struct plan *plan, char **ret_ics) {
        char start[CIVIL_TEXT_SIZE], *ics = NULL;
        size_t size;
        FILE *file = open_memstream(&ics, &size);

        if (!file)
                return -ENOMEM;
        (void) fputs("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dosed//simulate//EN\r\n", file);
        print_head(file, plan);
        print_time(file, plan, "DTSTART", civil_format(start, plan->start_wall_sec, false, false));
        if (plan->rule)
                (void) fprintf(file, "RRULE:%s\r\n", plan->rule);
        else
                (void) fprintf(file, "X-DOSED-AFTER-TAKEN:PT%uH\r\n", plan->after_hours);
        if (plan->date[0] != '\0')
                print_time(file, plan, "RDATE", plan->date);
        for (size_t i = 0; i < plan->n_exceptions; i++)
                if (plan->exceptions[i].start[0] == '\0')
                        print_time(file, plan, "EXDATE", plan->exceptions[i].name);
        print_tail(file, plan);

        for (size_t i = 0; i < plan->n_exceptions; i++) {
                const struct exception *exception = &plan->exceptions[i];

                if (exception->start[0] == '\0')
                        continue;
                print_head(file, plan);
                print_time(file, plan, "RECURRENCE-ID", exception->name);
                print_time(file, plan, "DTSTART", exception->start);
                if (exception->is_cancelled)
                        (void) fputs("STATUS:CANCELLED\r\n", file);
                print_tail(file, plan);
        }
        (void) fputs("END:VCALENDAR\r\n", file);
        if (fclose(file) != 0) {
                free(ics);
                return -ENOMEM;
        }
        *ret_ics = ics;
        return 0;
}
