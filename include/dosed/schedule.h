/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A schedule as a value: when a medication is to be taken. It knows no file, no library and no clock. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dosed/civil.h"
#include "dosed/clock.h"
#include "dosed/error.h"
#include "dosed/zone.h"

/* What a floating time and a date mean for one person. */
struct wall_clock {
        const struct zone *zone;
        int32_t all_day_sec; /* second of the day at which DATE values are due */
};

#define ALL_DAY_SEC (8 * 3600) /* the same, where nobody has said another */

enum stamp_kind {
        STAMP_FLOATING, /* follows the person's zone */
        STAMP_ZONED,
        STAMP_UTC,
};

/* A DATE or DATE-TIME value (RFC 5545 3.3.4, 3.3.5). */
struct stamp {
        int64_t wall_sec;        /* a DATE: its midnight */
        const struct zone *zone; /* STAMP_ZONED only; of the struct zones that the reader was given */
        enum stamp_kind kind;
        bool is_date; /* then the kind is STAMP_FLOATING */
};

/* RFC 5545 3.3.6: days and weeks are nominal (wall clock), hours and below exact. Both parts have the same sign. */
struct duration {
        int32_t days;
        int64_t sec;
};

static inline bool duration_is_positive(struct duration duration) {
        return duration.days >= 0 && duration.sec >= 0 && (duration.days > 0 || duration.sec > 0);
}

enum alarm_anchor { ALARM_START, ALARM_END, ALARM_ABSOLUTE };

/* An RDATE that is a PERIOD (RFC 5545 3.3.9): its dose has a length of its own. */
struct period {
        struct stamp start; /* never a DATE */
        struct duration span;
};

/* A VALARM (RFC 5545 3.6.6): one that reminds the person (DISPLAY, AUDIO), or one that mails somebody (EMAIL). */
struct alarm {
        enum alarm_anchor anchor;
        struct duration offset; /* from the anchor */
        usec_t at_usec;         /* ALARM_ABSOLUTE */
        unsigned line;          /* of its TRIGGER, in its file */
        unsigned repeat;        /* further times, 0..LIMIT_ALARM_REPEAT */
        struct duration every;  /* between them */
        usec_t seen_usec;       /* another client acknowledged it then (RFC 9074, 6.1; X-MOZ-LASTACK); USEC_NONE */
        char **addresses;       /* whom it mails (ATTENDEE); NULL where it reminds */
        size_t n_addresses;
        /* What another client put off, where it is known (ALARM_ABSOLUTE): */
        size_t puts_off;        /* which of the alarms of its component that remind, from 1 (RFC 9074, 7); 0 */
        usec_t of_usec;         /* the original start of whose dose, of one that floats as if it were UTC; USEC_NONE */
};

/* What one VEVENT or VTODO says beyond its times; an override has its own. Texts are clean UTF-8, NULL where absent. */
struct details {
        char *summary;      /* never NULL: "Lisinopril 10 mg" */
        char *instructions; /* DESCRIPTION, may have several lines */
        char *amount;       /* X-DOSED-AMOUNT: "1 tablet" */
        char *purpose;      /* X-DOSED-PURPOSE */
        char *if_missed;    /* X-DOSED-IF-MISSED */
        bool asks_amount;   /* X-DOSED-AMOUNT:ask; `amount` is then NULL */
        bool critical;      /* PRIORITY 1..4 */
        bool confidential;  /* CLASS:PRIVATE or CONFIDENTIAL */
        usec_t window_usec; /* X-DOSED-WINDOW; 0: from the spacing */
        usec_t early_usec;  /* X-DOSED-EARLY; 0: as long as the window */
        struct duration span; /* DTEND, DURATION or a VTODO's DUE after DTSTART; zero where there is none */
        bool is_one_day;      /* a DATE that ends with its day, as most do: that is no span, but its alarms know an end */
        struct alarm *alarms; /* that remind */
        size_t n_alarms;
        struct alarm *mails; /* that mail */
        size_t n_mails;
        usec_t seen_usec; /* another client acknowledged the last of its alarms then; USEC_NONE */
};

/* A RECURRENCE-ID component (RFC 5545 3.8.4.4). */
struct override {
        struct stamp recurrence_id;
        int64_t sequence;    /* of two for the same dose the newer one counts: by SEQUENCE, */
        usec_t stamped_usec; /* then by DTSTAMP; USEC_NONE */
        bool this_and_future; /* RANGE=THISANDFUTURE: later instances move by as much */
        bool cancelled;
        unsigned line; /* of its RECURRENCE-ID, in its file */
        struct stamp start;
        struct details details;
};

/* What a schedule is for. REVIEW and CHECKIN are reminded, but are no medication. */
enum schedule_kind {
        KIND_PRESCRIPTION,
        KIND_OTC,
        KIND_SUPPLEMENT,
        KIND_VITAMIN,
        KIND_HERBAL,
        KIND_REVIEW,
        KIND_CHECKIN,
        _KIND_MAX,
};

struct rule; /* one RRULE or EXRULE; private to the calendar room */

/* One UID of a plan file: the master with its overrides. */
struct schedule {
        char *uid;        /* at most LIMIT_UID_BYTES, clean */
        char *medication; /* key: X-DOSED-MEDICATION, else SUMMARY; with " (remove)" where the schedule removes */
        char *file;       /* name of the file within its folder */
        unsigned line;    /* of its first BEGIN */
        uint64_t digest;  /* of all that it says; equal means unchanged */
        int64_t sequence; /* SEQUENCE */
        usec_t stamped_usec; /* DTSTAMP; USEC_NONE */
        usec_t heard_usec;   /* when whoever took the file first heard of the newest that it says was seen; USEC_NONE */

        enum schedule_kind kind;
        char *categories;    /* CATEGORIES, a line each, clean; NULL */
        bool has_master;     /* false: overrides without their master, each standing alone */
        bool as_needed;      /* VTODO without DTSTART and DUE: no occurrences */
        bool stopped;        /* STATUS:CANCELLED, or COMPLETED on a VTODO that does not recur: no occurrences */
        bool on_hold;        /* X-DOSED-HOLD: no occurrences */
        bool removes;        /* X-DOSED-ACTION:remove */
        usec_t min_interval_usec; /* X-DOSED-MIN-INTERVAL; 0: from the spacing */
        usec_t after_taken_usec;  /* X-DOSED-AFTER-TAKEN; 0: none. Only the first dose, at the start, is an occurrence:
                                     the others follow from the ledger */

        struct stamp start; /* DTSTART; VTODO: DTSTART, else DUE */
        struct details details;

        struct rule **rules, **exception_rules;
        size_t n_rules, n_exception_rules;
        struct stamp *extra_dates, *exception_dates; /* RDATE, EXDATE */
        size_t n_extra_dates, n_exception_dates;
        struct period *periods; /* of the RDATEs that are some */
        size_t n_periods;
        struct override *overrides;
        size_t n_overrides;
};

struct schedule *schedule_free(struct schedule *schedule);
DEFINE_CLEANUP(struct schedule *, schedule_free);
void details_done(struct details *details);
void override_done(struct override *override);

/*
 * To be called once when all fields are set: sorts the dates and overrides, drops doubles and older ones, and walks every rule
 * with COUNT to its end, so that later searches can start anywhere. Returns 0, or a negative errno.
 */
int schedule_finish(struct schedule *schedule);

/*
 * Of two of the same UID the one that counts is the first: the whole before changes of single doses, then the newest SEQUENCE,
 * then the newest DTSTAMP. Zero where nothing says.
 */
int schedule_compare_versions(const struct schedule *a, const struct schedule *b);

enum schedule_outcome {
        SCHEDULE_NO_OCCURRENCE = 1, /* nothing (more) is ever due, or no occurrence has that recurrence id */
};

/* One time at which a schedule is due: a dose in the making. Points into its schedule. */
struct occurrence {
        const struct schedule *schedule;
        const struct details *details; /* the override's where one stands for this occurrence */
        struct stamp recurrence_id;    /* its original start */
        struct stamp asked;            /* the start that it has, moved by its override where one stands for it; in its form */
        struct duration span;          /* the override's where one stands for it, else its period's, else the schedule's */
        usec_t due_usec;
        usec_t end_usec;   /* due plus the span; equal to due where there is none */
        enum zone_fit fit; /* how its wall-clock time fell on the timeline */
};

/*
 * The first occurrence due at `from_usec` or later. Ask again with `due_usec + 1` for the next: what is due at the same
 * instant is one occurrence. Bounded: no search goes past LIMIT_RULE_YEAR. Returns 0, SCHEDULE_NO_OCCURRENCE or a
 * negative errno.
 */
int schedule_next(const struct schedule *schedule, const struct wall_clock *clock, usec_t from_usec,
                  struct occurrence *ret);

/*
 * The occurrence of that recurrence id, in the form of occurrence_format_id(). Of what is due at the same instant only the name
 * that schedule_next() gives is one. Returns as schedule_next().
 */
int schedule_find(const struct schedule *schedule, const struct wall_clock *clock, const char *recurrence_id,
                  struct occurrence *ret);

/*
 * The recurrence id as text: the original start in the form of the master's DTSTART ("20261123T080000", with Z if UTC,
 * "20261123" if a DATE); for an RDATE in another zone than DTSTART, in UTC. `text` has at least CIVIL_TEXT_SIZE bytes;
 * returns it.
 */
char *occurrence_format_id(const struct occurrence *occurrence, char *text);

/*
 * The instants of the occurrence's alarms, in order, without doubles. Returns 0 or -ENOMEM; the caller frees the array,
 * which is NULL where there are none.
 */
int occurrence_alarms(const struct occurrence *occurrence, const struct wall_clock *clock, usec_t **ret_usec,
                      size_t *ret_n);
/* The same of one alarm of its details, which reminds or mails. */
int occurrence_alarm(const struct occurrence *occurrence, const struct wall_clock *clock, const struct alarm *alarm,
                     usec_t **ret_usec, size_t *ret_n);

/*
 * Up to when another client's user has seen the occurrence's alarms, as far as that was heard of by `heard_usec`; USEC_NONE. An
 * acknowledgement is of the last dose for which its alarm had come. Returns 0 or a negative errno.
 */
int occurrence_seen(const struct occurrence *occurrence, const struct wall_clock *clock, usec_t heard_usec,
                    usec_t *ret_usec);

/*
 * How long before an occurrence is due its first alarm may be, by that clock: the engine must look that much ahead.
 * Never negative.
 */
usec_t schedule_alarm_lead(const struct schedule *schedule, const struct wall_clock *clock);

/*
 * The schedule in words: "every day at 08:00", "every 6 hours by the wall clock; 5 h apart on 29 March 2026". The first change of
 * the clock after `now_usec` that moves a dose, or brings two that are evenly spread nearer or farther apart, is said. Returns 0
 * or a negative errno; the caller frees.
 */
int schedule_describe(const struct schedule *schedule, const struct wall_clock *clock, usec_t now_usec, char **ret);

int64_t stamp_to_wall(const struct stamp *stamp, const struct wall_clock *clock); /* of a DATE the time at which it is due */
/* The wall-clock time of an instant in the stamp's form; of a date its midnight. */
int64_t stamp_wall_of(const struct stamp *form, usec_t at_usec, const struct wall_clock *clock);
usec_t stamp_to_usec(const struct stamp *stamp, const struct wall_clock *clock, enum zone_fit *ret_fit);
usec_t usec_add_duration(usec_t at_usec, struct duration duration, const struct zone *zone);

const char *kind_to_string(enum schedule_kind kind);         /* "PRESCRIPTION", as in CATEGORIES */
int kind_from_string(const char *text, enum schedule_kind *ret); /* 0 or -EINVAL */

/* Among its CATEGORIES, but for the case of letters. */
bool schedule_has_category(const struct schedule *schedule, const char *category);
