/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reminded doses as dosed knows them, and what notifications say of them. Where they come from is the caller's: the engine,
 * or the bus. No bus, no clock of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dosed/clock.h"
#include "dosed/error.h"
#include "dosed/notify.h"

/* What stands on a desktop: reminded, and neither answered nor snoozed. Texts are clean UTF-8, NULL where absent. */
struct reminded_dose {
        const char *id, *person;
        const char *title, *amount, *instructions, *if_missed;
        bool confidential; /* none of these four is to be seen */
        usec_t due_usec;
        usec_t reminded_usec;                    /* the last reminder; USEC_NONE: now */
        int64_t due_wall_sec, reminded_wall_sec; /* the same two on the person's clock */
        usec_t group_usec;                       /* doses of one person with the same value are shown together */
        usec_t taken_before_usec; /* the medication was taken then, within its interval: check first; USEC_NONE */
        bool record_lost;         /* taken or not by a ledger that cannot be read: check first */
        bool takeable;            /* taking it now would be accepted */
        bool upcoming;            /* an alarm ahead of its due time */
        bool critical, asks_amount, stands_alone;
        unsigned reminders; /* so many there have been */
};

/* Doses that are not due yet and that somebody wants to see later: each until its next reminder, the one at its due time at
 * the latest. As with a closed notification, a restart forgets it. */
struct hidden_doses {
        struct hidden_dose {
                char *id;
                unsigned reminders; /* so many there had been */
                bool is_upcoming;   /* seen so by the last look */
        } * items;
        size_t n_items;
};

void hidden_doses_done(struct hidden_doses *hidden);
int hidden_doses_add(struct hidden_doses *hidden, const char *id, unsigned reminders); /* 0 or -ENOMEM */

/* What is to be up, in the making: set the first three, add each dose, show. */
struct reminders {
        struct hidden_doses *hidden;
        usec_t now_usec;
        bool names_people; /* there are several */

        struct shown_dose *owned;
        struct notify_dose *doses;
        size_t n_doses;
};

void reminders_done(struct reminders *reminders);
/* But for the id, the texts stay the caller's and must live until they are shown. Returns 0 or -ENOMEM. */
int reminders_add(struct reminders *reminders, const struct reminded_dose *dose);
/* Once, at the end. Returns 0 or a negative errno. */
int reminders_show(struct reminders *reminders, struct notify *notify);

#define REMINDER_TIME_SIZE 32
/* "08:00", and "08:00 on Tue 24 Nov" where it is read on another day. Both in seconds of a wall clock. */
void reminder_format_time(int64_t at_wall_sec, int64_t read_wall_sec, char text[static REMINDER_TIME_SIZE]);

/* A wall clock's time, "2026-11-23T08:00:00"; what is not of this form, or NULL, is 0. */
int64_t reminder_parse_time(const char *text);

/* "Ana: Lisinopril 10 mg", as much of it as fits a line; person NULL: nobody is named; title NULL: it is confidential.
 * Returns 0 or -ENOMEM; the caller frees. */
int reminder_format_name(const char *person, const char *title, char **ret);
