/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dose as a value: its names, its frozen times, its state, and which ledger entries may change that. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dosed/clock.h"
#include "dosed/error.h"

enum dose_state {
        DOSE_UPCOMING,
        DOSE_DUE,
        DOSE_SNOOZED,
        DOSE_TAKEN,
        DOSE_SKIPPED,
        DOSE_MISSED,
        DOSE_UNATTENDED,
        DOSE_AWAY,
        DOSE_MOVED, /* an edit put another dose in its place: no dose any more, kept for the ledger's sake */
        _DOSE_STATE_MAX,
};

/* What the ledger says of a dose, one line at a time. */
enum entry_kind {
        ENTRY_DUE,
        ENTRY_REMINDED,
        ENTRY_SNOOZED,
        ENTRY_TAKEN,
        ENTRY_SKIPPED,
        ENTRY_MISSED,          /* the window ended and nobody had answered */
        ENTRY_UNATTENDED,      /* the window lay wholly in the daemon's absence */
        ENTRY_UNDONE,          /* a recording was taken back, or what an edit had done to it: the plan has it again */
        ENTRY_MOVED,           /* `other` took its place after an edit; or, under its own name, it is due at `until_usec` */
        ENTRY_TRAVELLED,       /* by the clock where the person is now it is due at `until_usec`; or was, and is over again */
        ENTRY_WITHDRAWN,       /* the plan took it off, or went past it: skipped, and nobody said so */
        ENTRY_CARRIED,         /* an edit made it take the place of `other`, which had been recorded */
        ENTRY_CLOCK_CORRECTED, /* what time alone had decided, undone: the clock had been ahead */
        _ENTRY_KIND_MAX,
};

/* How the time of taking lies to the due time. Only a grade: it forbids nothing. */
enum dose_grade {
        GRADE_EARLY,
        GRADE_ON_TIME,
        GRADE_LATE,
        _GRADE_MAX,
};

/* One line of the ledger. Texts are clean UTF-8, NULL where absent. */
struct entry {
        enum entry_kind kind;
        enum dose_state state; /* what the dose is from then on: the ledger can be replayed without a rule */
        usec_t recorded_usec;
        usec_t taken_usec; /* TAKEN, CARRIED: when it was taken; else USEC_NONE */
        usec_t until_usec; /* SNOOZED, MOVED to another time, TRAVELLED; else USEC_NONE */
        bool later;        /* TAKEN, SKIPPED: recorded after the fact */
        char *recorded_by; /* the Unix user, or "desktop" */
        char *given_by;    /* who gave it, where that was said */
        char *amount;      /* what was really taken, where that was said */
        char *measurement;
        char *note;  /* also the reason of a skipped dose */
        char *other; /* the other dose's id: MOVED, CARRIED */
};

void entry_done(struct entry *entry);
int entry_copy(const struct entry *entry, struct entry *ret);

/*
 * A dose. Everything up to `stands_alone` freezes at its first ledger entry, but that an edit may move it in time. Texts are
 * clean UTF-8, NULL where absent.
 */
struct dose {
        char *person, *uid, *recurrence_id;
        char *medication; /* key */
        char *title;      /* as people say it */
        char *amount, *instructions, *purpose, *if_missed;
        usec_t due_usec;
        usec_t window_end_usec;
        usec_t early_usec;    /* how long before due it may be taken */
        usec_t next_due_usec; /* of that medication; USEC_NEVER */
        usec_t spacing_usec;  /* the closer of the doses before and after it; a day where there is neither */
        usec_t min_interval_usec; /* never twice within that */
        bool critical, confidential, asks_amount, stands_alone;

        enum dose_state state;
        usec_t snoozed_usec, snoozed_until_usec; /* DOSE_SNOOZED: since and until; else USEC_NONE */
        usec_t first_due_usec;     /* when the dose was due whose place it took, the first of them; USEC_NONE: nobody's */
        char *moved_to;            /* DOSE_MOVED: id of the dose that took its place; else NULL */
        unsigned reminders;
        usec_t reminded_usec; /* last reminder; USEC_NONE */
        usec_t seen_usec;     /* another client acknowledged an alarm of it then; of the plan, not of the ledger */
        bool was_unattended;  /* undo returns there, not to missed */
        struct entry recorded; /* the last TAKEN, SKIPPED, WITHDRAWN or CARRIED that stands; only where has_recorded */
        bool has_recorded;
};

struct dose *dose_free(struct dose *dose);
DEFINE_CLEANUP(struct dose *, dose_free);
int dose_copy(const struct dose *dose, struct dose **ret);

enum dose_outcome {
        DOSE_NOT_ALLOWED = 1, /* the lifecycle table has no such step */
        DOSE_BAD_ID,
};

/* Whether an entry of that kind may follow in this state. */
bool dose_allows(enum dose_state state, enum entry_kind kind);

/*
 * Takes one step of the lifecycle. Returns 0, DOSE_NOT_ALLOWED (dose untouched) or -ENOMEM (untouched). MOVED to another time
 * makes it ring anew; its times are the caller's to set before (dose_set_times()).
 */
int dose_apply(struct dose *dose, const struct entry *entry);

/* The times that freeze: those of another dose. */
void dose_set_times(struct dose *dose, const struct dose *times);

/* Taken or skipped: nobody has to answer any more. */
bool dose_is_recorded(const struct dose *dose);

/* Skipped by the plan, of which nobody has spoken yet. */
bool dose_is_off_plan(const struct dose *dose);

/* Time alone closed it: missed, or unattended. */
bool dose_is_settled_by_time(const struct dose *dose);

/* Due or snoozed: somebody has to answer. */
bool dose_is_open(const struct dose *dose);

/* What the dose is at `now_usec` if nothing is recorded of it (for undo). */
enum dose_state dose_state_by_time(const struct dose *dose, usec_t now_usec);

/* "person/UID/recurrence-id". A UID may hold slashes; a person and a recurrence id cannot. */
int dose_id_format(const char *person, const char *uid, const char *recurrence_id, char **ret);
int dose_id(const struct dose *dose, char **ret);
/* Returns 0, DOSE_BAD_ID or -ENOMEM. */
int dose_id_parse(const char *id, char **ret_person, char **ret_uid, char **ret_recurrence_id);

const char *dose_state_to_string(enum dose_state state);
int dose_state_from_string(const char *text, enum dose_state *ret);
const char *entry_kind_to_string(enum entry_kind kind);
int entry_kind_from_string(const char *text, enum entry_kind *ret);
const char *dose_grade_to_string(enum dose_grade grade);
