/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The simulator: the life of one or two people with dosed under a virtual clock, decided by a seed, and an oracle that watches. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "dosed/calendar.h"
#include "dosed/engine.h"
#include "told.h"

#define MAX_PEOPLE 2
#define MAX_LINES 4
#define MAX_EXCEPTIONS 8

/* SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere. */
uint64_t draw(uint64_t *state);
/* From 0 to n - 1. */
unsigned draw_below(uint64_t *state, unsigned n);
/* True `n` times in a hundred. */
bool draw_percent(uint64_t *state, unsigned n);

/* What can happen, and what is looked at: each can be left out by its name, WITHOUT=drag,far; or alone be there, ONLY=shift,back.
 * (parts.c) */
enum part {
        PART_REDRAW,   /* a wholly other plan under the same UID */
        PART_ZONE,     /* DTSTART's TZID comes, goes, or is another one */
        PART_DRAG,     /* one dose is dragged to another time (RECURRENCE-ID) */
        PART_SHIFT,    /* DTSTART's time of day */
        PART_CALL_OFF, /* EXDATE, or a cancelled override */
        PART_RENAME,   /* another UID, the same medication at nearly the same time */
        PART_REMOVE,   /* the schedule is removed */
        PART_BACK,     /* and all of these go back to exactly the former version */
        PART_NEAR,     /* edits within minutes of a due time, or between a pre-due alarm and it */
        PART_RESTART,
        PART_ABSENT, /* edits while dosed is down, or does not look after that person */
        PART_TRAVEL,
        PART_CLOCK,      /* the clock is ahead by up to a month, and is put right after minutes */
        PART_FAR,        /* by up to three years */
        PART_LEAVE,      /* a person is left out of those who are looked after, and put back */
        PART_UNWRITABLE, /* the store cannot be written for a while */
        PART_EARLY,      /* somebody takes what is not due yet */
        PART_TELL,       /* a caregiver, a hook */
        PART_CHANNEL,    /* messages that do not arrive, or may have */
        PART_DISMISS,    /* who is told is left out for a while */
        PART_HUSH,       /* quiet hours of a person */
        PART_JUDGE,      /* each dose around an edit is looked at by the rules for edits */
        PART_REOPEN,     /* nothing settled is open again without a cause */
        PART_WINDOW,     /* what is open lies in its window, and what time settled does not */
        PART_ORDER,      /* entries are recorded when they are made */
        PART_DEBT,       /* everything expected is in the ledger */
        PART_TOLD,       /* who is told hears what he should, and no more */
        PART_MANNERS,    /* and not in quiet hours */
        _PART_MAX,
};
/* Reads WITHOUT and ONLY. False where they name what is no part. */
bool parts_read(void);
bool part_is_on(enum part part);

/* A plan in parts, so that one of them can be changed: what one file says. (plans.c) */
enum form { FORM_FLOATING, FORM_ZONED, FORM_UTC };

struct exception {
        char name[20];  /* the recurrence id, without Z */
        char start[20]; /* the override's start in DTSTART's form; empty: an EXDATE */
        bool is_cancelled;
};

struct plan {
        bool exists;
        char uid[40];
        unsigned medicine;
        enum form form;
        const char *zone; /* FORM_ZONED */
        int64_t start_wall_sec;
        const char *rule; /* NULL: every so many hours after it was taken */
        unsigned after_hours;
        char date[20];                          /* RDATE; empty: none */
        unsigned window_minutes, alarm_minutes; /* 0: none */
        bool is_critical, is_private, is_supplement;
        struct exception exceptions[MAX_EXCEPTIONS];
        size_t n_exceptions;
};

void plan_draw(uint64_t *state, unsigned line, int year, struct plan *ret);
/* As the file of a calendar program. Returns 0 or a negative errno; the caller frees. */
int plan_print(const struct plan *plan, char **ret_ics);
void plan_set_form(struct plan *plan, enum form form, const char *zone);
/* A later exception for the same dose takes the place of an earlier one; of too many, the first is given up. */
void plan_except(struct plan *plan, const struct exception *exception);
bool plan_calls_off(const struct plan *plan, const char *recurrence_id);

/* A schedule of a person, as a file of his folder. */
struct line {
        struct plan plan, former;
        struct calendar *calendar; /* what the file says; NULL: there is none */
        bool has_former;
};

struct person {
        const char *name;
        char *folder;
        const struct zone *zone, *former_zone; /* while the person travels; else NULL */
        struct line lines[MAX_LINES];
        usec_t until_usec;  /* everything due until then is expected */
        usec_t next_usec;   /* and nothing before that; USEC_NONE: not known */
        usec_t looked_usec; /* the ledger was looked at, whether what is open there is late */
        bool is_out;        /* not among those who are looked after */
        usec_t back_usec;   /* and was not until then */
        struct quiet_hours quiet;
};

/* What must be in the ledger, worked out by brute force and without the engine's slots. (oracle.c) */
struct expected {
        char *id;
        usec_t due_usec;   /* as first expected, or moved since */
        usec_t since_usec; /* when it was excluded */
        usec_t again_usec; /* a journey put its time ahead again: it rings then, or is recorded; USEC_NONE */
        bool is_recorded;  /* a person said taken or skipped, and did not undo it */
        bool is_excluded;  /* due before its schedule came into force: no dose */
        bool is_unsure;    /* whether it is a dose the oracle does not know */
        bool is_checked;
        char *carried_to;      /* the dose that has its record now; NULL */
        enum dose_state state; /* as the ledger's last entry says */
        bool has_state;
        bool was_settled; /* by time alone, before it was moved to where it waits */
        UT_hash_handle hh;
};

/* When a medication was taken, as far as people said. */
struct taken {
        char *key;
        usec_t at_usec;
        UT_hash_handle hh;
};

struct world;

struct oracle {
        struct expected *expected;
        struct taken *taken;
        int64_t entry_id;     /* the ledger was read as far as that */
        usec_t recorded_usec; /* of its last entry */
};

struct expected *oracle_find(struct oracle *oracle, const char *id);
/* A schedule comes into force: what it had before is no dose. */
void oracle_begin(struct world *world, struct person *person, const struct schedule *schedule);
/* Time has gone on, or the zone is another one: what is due by now is expected. */
void oracle_advance(struct world *world);
/* The plan has the dose, and by the clock of now it is to come: what waits follows its person. */
bool oracle_is_ahead(struct world *world, const char *id);
void oracle_travel(struct world *world, struct person *person);
/* The line says something else, or nothing, from now on. Either may be NULL. */
void oracle_edit(struct world *world, struct person *person, const struct schedule *former,
                 const struct schedule *schedule);
/* The clock was set back: what nobody recorded is still to come. */
void oracle_set_back(struct world *world);
/* Compares the ledger with what is expected and settled. */
void oracle_check(struct world *world);
/* A person said so, or took it back. */
void oracle_record(struct world *world, const char *id, usec_t due_usec, bool is_recorded);
/* `to` has the record of `from` now. */
void oracle_carry(struct world *world, const char *from, const char *to);
/* The dose's record, wherever it was carried, stands. */
bool oracle_is_recorded(struct world *world, const char *id);
void oracle_note_taken(struct world *world, const struct dose *dose, usec_t at_usec);
usec_t oracle_last_taken(struct world *world, const struct dose *dose); /* USEC_NONE */
void oracle_done(struct oracle *oracle);

/* The ledger as it is written. (ledger.c) */
enum ledger_query {
        LEDGER_FOLLOW,
        LEDGER_LATE,
        LEDGER_SETTLED_EARLY,
        LEDGER_STANDING,
        _LEDGER_QUERY_MAX,
};
/* Once in a process: the store is to lie in memory. */
void ledger_begin(void);
void ledger_open(struct world *world);
void ledger_close(struct world *world); /* and it can be opened again */
void ledger_end(struct world *world);
/* Reads what is new, and looks whether it may be so; `may_reopen`: what was settled may be open again. */
void ledger_follow(struct world *world, bool may_reopen);
/* What is open lies in its window. */
void ledger_check_open(struct world *world);
/* What time settled does not. */
void ledger_check_settled(struct world *world);
/* What a dose stands at is what its last entry says. */
void ledger_check_standing(struct world *world);
/* 0, STORE_NOTHING; what cannot be read is a failure. */
int ledger_get(struct world *world, const char *id, struct dose **ret);

/* The rules for an edit, dose by dose. (judge.c) */
struct judgement {
        struct person *person;
        struct dose_list before, after;
        struct known *known;   /* the same by id, and what became of them */
        struct passed *passed; /* what was to come, and was put into the past */
        size_t n_passed;
        bool is_on;
};
void judge_begin(struct world *world, struct person *person, struct judgement *ret);
/* `line` said `former` (NULL: nothing) and says what it says now. */
void judge_edit(struct world *world, struct judgement *judgement, const struct line *line,
                const struct schedule *former);
void judge_journey(struct world *world, struct judgement *judgement, const struct wall_clock *former);
/* There and back at once: what was over is over. */
void judge_return(struct world *world, const struct judgement *judgement);
void judge_done(struct judgement *judgement);

/* What is planned for a moment. (answers.c, edits.c, faults.c) */
enum action_kind {
        ACTION_CONFIRM,
        ACTION_CONFIRM_LATER,
        ACTION_SKIP,
        ACTION_SNOOZE,
        ACTION_UNDO,
        ACTION_HAPPEN, /* what was to happen near a due time */
        ACTION_BACK,
        ACTION_RETURN,
        ACTION_WRITABLE,
        /* told.c */
        ACTION_DELIVERED,
        ACTION_CHANNEL, /* an outage begins, or ends */
        ACTION_RETRY,   /* by hand */
        ACTION_DISMISS,
        ACTION_REINSTATE,
};

struct action {
        enum action_kind kind;
        usec_t at_usec;
        char *id; /* of a dose; NULL */
        enum part part;
        size_t person, line;
        int64_t message;
        struct action *next;
};

struct world {
        uint64_t seed, random;
        usec_t now_usec, start_usec;
        struct store *store;
        struct zones *zones;
        struct engine *engine;
        const char *place; /* a folder for all files */
        struct person people[MAX_PEOPLE];
        size_t n_people;
        uint64_t n_writes; /* of files: no two look alike */
        struct action *actions;
        struct oracle oracle;
        struct told told;
        uint64_t n_doses, n_reminders, n_restarts, n_edits, n_zones, n_jumps, n_absences, n_failures;
        sqlite3 *keeper; /* of the file in memory */
        sqlite3_stmt *queries[_LEDGER_QUERY_MAX];
        int n_changes; /* of the store, when it was last read */
        bool is_editing;
        bool is_unwritable;
        bool has_lag; /* what the ledger says was decided a while ago: it could not be written */
        bool verbose;
};

/* world.c */
/* An invariant does not hold: says which, with the seed, and ends the process. */
void __attribute__((noreturn, format(printf, 2, 3))) fail(const struct world *world, const char *format, ...);
void must(struct world *world, int r, const char *what);
void __attribute__((format(printf, 2, 3))) say(const struct world *world, const char *format, ...);
struct wall_clock clock_of(const struct person *person);
struct person *person_of(struct world *world, const char *id);
char *id_of(const struct person *person, const struct occurrence *occurrence);
struct action *world_plan(struct world *world, enum action_kind kind, usec_t at_usec, const char *id);
/* Steps until nothing is due any more; returns when to look again. */
usec_t world_step(struct world *world, bool may_reopen);
/* Lets the confirmations that are planned until then come at once. */
void world_answer(struct world *world, usec_t until_usec);
void world_set_people(struct world *world);
void world_reload(struct world *world, const struct person *person);
void world_start(struct world *world);
void world_run(struct world *world, unsigned years);

/* answers.c */
extern const struct engine_observer answers_observer;
void answer(struct world *world, const struct action *action);
void take_early(struct world *world);

/* edits.c */
/* The life begins with this plan. */
void edit_first(struct world *world, size_t person, size_t line);
void edit(struct world *world, size_t person, size_t line);
void edit_back(struct world *world, size_t person, size_t line);
/* Changes a file while nobody looks. */
void edit_unseen(struct world *world, size_t person);

/* faults.c */
void draw_home(struct world *world, struct person *person);
void restart(struct world *world);
void travel(struct world *world);
void misset_clock(struct world *world, bool far);
void leave(struct world *world);
void come_back(struct world *world, size_t person);
void make_unwritable(struct world *world);
void make_writable(struct world *world);
void faults_check_degraded(const struct world *world);
