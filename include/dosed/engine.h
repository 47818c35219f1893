/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine: plan, ledger and now → what changes, what is told, and when to look again. Time is always an argument;
 * it knows neither bus nor loop. Every change is written before it is told.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dosed/clock.h"
#include "dosed/dose.h"
#include "dosed/error.h"
#include "dosed/problem.h"
#include "dosed/schedule.h"
#include "dosed/store.h"
#include "dosed/window.h"
#include "dosed/zone.h"

struct engine;

/* A dose as it is now, with what follows from the rest. Valid during the call that hands it out. */
struct dose_view {
        const struct dose *dose;
        const struct wall_clock *clock; /* the person's */
        usec_t group_usec;              /* doses of one person with the same value are shown together */
        usec_t taken_before_usec;       /* the medication was taken then, within its interval: check first; USEC_NONE */
        bool takeable;                  /* taking it now would be accepted */
        bool record_lost;               /* taken or not by a ledger that cannot be read: check first */
        bool is_private;                /* by now, or when it was made: hidden from caregivers, hooks, lock screens */
};

/* Told after the step was written (or could not be, then Degraded), in order. Observers do not call the engine back. */
struct engine_observer {
        void (*dose_changed)(void *userdata, const struct dose_view *view);
        void (*reminder)(void *userdata, const struct dose_view *view);
        /* private: nothing of what changed was, or is, shown to caregivers */
        void (*plan_changed)(void *userdata, const char *person, bool is_private);
        void (*degraded)(void *userdata);       /* the list of engine_degraded() is another one now */
        /* engine_next_message() has one now, or had only what is so no more: look there, and step. NULL: nobody delivers */
        void (*message_queued)(void *userdata);
};

/* A person as configured. Copied. */
struct engine_person {
        const char *name;
        struct wall_clock clock;
        struct dose_policy policy;
        const char *category; /* only entries with it among their CATEGORIES count, in any case of letters; NULL: all */
        const char *const *folders;
        size_t n_folders;
};

/* Store and zones stay the caller's and must outlive it. */
int engine_new(struct store *store, struct zones *zones, const struct engine_observer *observer, void *userdata,
               struct engine **ret);
struct engine *engine_free(struct engine *engine);
DEFINE_CLEANUP(struct engine *, engine_free);

/*
 * Who is looked after, all of them at once. A new person starts with the plan that the store holds as last good; then
 * engine_reload() reads the folders. A changed clock is planned anew. Returns 0 or a negative errno.
 */
int engine_set_people(struct engine *engine, const struct engine_person *people, size_t n_people, usec_t now_usec);

/* The snooze where nobody says how long; 10 min until it is set. */
void engine_set_snooze(struct engine *engine, usec_t snooze_usec);

/*
 * No window ends before `until_usec`: for a boot whose clock is not synchronised yet, and may be far behind or ahead. Reminders
 * go on. USEC_NONE: windows end when they end. Returns 0 or a negative errno.
 */
int engine_hold_windows(struct engine *engine, usec_t until_usec);

/* Whether the plan of the folder is to be believed whatever it lost (`dosectl plan accept`). */
enum engine_belief { BELIEVE_CAREFULLY, BELIEVE_ANYTHING };

/*
 * Reads what changed in the folders of one person (NULL: everyone) and puts it in force from `now_usec` on. What cannot be
 * used is among the degradations, and its last good version stays. Who is left out has no folder: BELIEVE_ANYTHING gives their
 * plan up, if that can be written. Returns 0, ENGINE_NO_SUCH_PERSON, ENGINE_UNWRITABLE or a negative errno.
 */
int engine_reload(struct engine *engine, const char *person, enum engine_belief belief, usec_t now_usec);
/*
 * The same after the caller has removed the plan file `path` as somebody asked: what only that one held is not missed,
 * and is gone also where the rest of the plan stays as it was.
 */
int engine_reload_without(struct engine *engine, const char *person, const char *path, usec_t now_usec);
/* Something could not be read that may be readable in a while, without anything in its folder changing. */
bool engine_is_unread(const struct engine *engine);
/*
 * What may be said of a plan file to who is shown nothing confidential. One that could not be used, or that has changed since it
 * was read, may hold anything. `bytes` NULL: whatever lies there now.
 */
enum engine_disclosure { FILE_UNKNOWN, FILE_PUBLIC, FILE_PRIVATE };
enum engine_disclosure engine_file_disclosure(const struct engine *engine, const char *person, const char *path,
                                              const char *bytes, size_t size);
/* Whether anything of the schedule of that UID is confidential. */
bool engine_uid_is_private(const struct engine *engine, const char *person, const char *uid);
/*
 * Why what that plan file says is not in force (or, where it was removed, still is): a sentence, the caller's to free; NULL where
 * all is as it should be. Returns 0 or -ENOMEM.
 */
int engine_explain_file(const struct engine *engine, const char *person, const char *path, bool is_removed,
                        char **ret_reason);

/*
 * Puts a plan in force without a folder: every schedule of that person, one per UID. They stay the caller's and must live until
 * the next plan is in force. For programs that have no files (a simulation).
 */
int engine_take_plan(struct engine *engine, const char *person, struct schedule *const *schedules, size_t n_schedules,
                     usec_t now_usec);

/*
 * Does what is due. One transaction of at most LIMIT_STEP_CHANGES, and LIMIT_STEP_TELLINGS; `ret_next_usec` is when to call
 * again (not later than now where more is waiting; USEC_NEVER where nothing is planned). Returns 0 or a negative errno.
 */
int engine_step(struct engine *engine, usec_t now_usec, usec_t *ret_next_usec);

/* When a dose or a reminder is next, whatever the store still waits for: what is worth waking a machine. USEC_NEVER. */
usec_t engine_next_time(const struct engine *engine);

/* What an operation answers when it does not do what was asked. `ret_reason` is then a sentence for a person. */
enum engine_outcome {
        ENGINE_NO_SUCH_DOSE = 1,
        ENGINE_NO_SUCH_PERSON,
        ENGINE_TOO_EARLY,
        ENGINE_TOO_LATE,
        ENGINE_TOO_SOON,
        ENGINE_NOT_OPEN,
        ENGINE_BAD_OPTION,
        ENGINE_NO_MESSAGE,
        ENGINE_UNWRITABLE, /* the ledger cannot be written, and it is nothing to be kept in memory */
        _ENGINE_OUTCOME_MAX,
};

/* How a dose is to be recorded. Texts are clean UTF-8 or NULL. */
struct record_options {
        usec_t at_usec;          /* when it was taken; USEC_NONE: now */
        const char *recorded_by; /* who asks; never NULL */
        const char *given_by;
        const char *amount, *note, *measurement;
        bool force, amend;
};

struct record_answer {
        enum dose_state state;
        struct entry recorded;
        enum dose_grade grade; /* of a taken dose */
        bool durable;          /* in the ledger; else only in memory so far */
        bool already;          /* it had been recorded before; nothing was changed */
        char *warning;         /* or NULL */
};
void record_answer_done(struct record_answer *answer);

/* Each returns 0, an engine_outcome (then `ret_reason` is set, the caller frees) or a negative errno. */
int engine_confirm(struct engine *engine, const char *id, const struct record_options *options, usec_t now_usec,
                   struct record_answer *ret, char **ret_reason);
int engine_skip(struct engine *engine, const char *id, const struct record_options *options, usec_t now_usec,
                struct record_answer *ret, char **ret_reason);
/* `snooze_usec` 0: as configured. */
int engine_snooze(struct engine *engine, const char *id, usec_t snooze_usec, const char *recorded_by, usec_t now_usec,
                  usec_t *ret_until_usec, char **ret_reason);
int engine_undo(struct engine *engine, const char *id, const char *recorded_by, usec_t now_usec,
                enum dose_state *ret_state, char **ret_reason);

/* Calls back for each dose in question, in order of due time. A callback that returns non-zero ends it, and is returned. */
typedef int (*dose_visitor)(void *userdata, const struct dose_view *view);

/* Any dose, past, open or upcoming. Returns 0, ENGINE_NO_SUCH_DOSE, what the visitor returned, or a negative errno. */
int engine_visit_dose(struct engine *engine, const char *id, usec_t now_usec, dose_visitor visitor, void *userdata);

/*
 * Doses due from (inclusive) until (exclusive); person NULL: everyone. ENGINE_BAD_OPTION where they are more than
 * LIMIT_LIST_DOSES.
 */
int engine_visit_doses(struct engine *engine, const char *person, usec_t from_usec, usec_t until_usec, usec_t now_usec,
                       dose_visitor visitor, void *userdata);

/* What is due or snoozed, or missed and still takeable. */
int engine_visit_open(struct engine *engine, const char *person, usec_t now_usec, dose_visitor visitor, void *userdata);

/* What is up on the desktops: reminded and not answered, nor snoozed, nor seen elsewhere since. */
int engine_visit_reminded(struct engine *engine, usec_t now_usec, dose_visitor visitor, void *userdata);

/* A line of a person's list. */
struct medication_view {
        const char *person, *key;
        const struct wall_clock *clock;  /* the person's */
        const struct schedule *schedule; /* the newest of its schedules, for the texts */
        const struct schedule *const *schedules;
        size_t n_schedules;
        usec_t next_due_usec;   /* USEC_NEVER */
        usec_t last_taken_usec; /* USEC_NONE */
};
typedef int (*medication_visitor)(void *userdata, const struct medication_view *view);
int engine_visit_medications(struct engine *engine, const char *person, usec_t now_usec, medication_visitor visitor,
                             void *userdata);

size_t engine_count_people(const struct engine *engine);
const char *engine_person_name(const struct engine *engine, size_t i);
bool engine_has_person(const struct engine *engine, const char *name);
/* Not looked after, although the ledger has their plan: a degradation, until somebody accepts that. */
bool engine_is_left_out(const struct engine *engine, const char *name);
/* The person's folders, as dosed.conf has them; new files go into the first. NULL: there is no i-th. */
const char *engine_person_folder(const struct engine *engine, const char *name, size_t i);
size_t engine_count_open(const struct engine *engine);
/* When the next dose is due that nobody has recorded yet; USEC_NEVER. */
usec_t engine_next_due(struct engine *engine);
/* The same of those doses that a caller wants to know of. */
typedef bool (*dose_choice)(void *userdata, const char *person, bool is_private);
size_t engine_count_open_of(const struct engine *engine, dose_choice is_wanted, void *userdata);
usec_t engine_next_due_of(struct engine *engine, dose_choice is_wanted, void *userdata);

/* What does not work, a sentence each; empty when all is well. The texts live until the next call into the engine. */
size_t engine_count_degraded(const struct engine *engine);
const char *engine_degraded(const struct engine *engine, size_t i);
/* The key of such a sentence: PERSON/WHAT where it is of a person's plan, WHAT being "plan" (all of it) or else what may name a
 * file or a folder in its sentence. */
const char *engine_degraded_key(const struct engine *engine, size_t i);

/* For what the programs find: a sentence under a key, or NULL when it is well again. */
int engine_set_degraded(struct engine *engine, const char *key, const char *text);
/*
 * Something went wrong that is over by now: hooks that are told of trouble are told of it once, but of the same again not before
 * an hour has passed. Returns 0 or a negative errno.
 */
int engine_tell_trouble(struct engine *engine, const char *text, usec_t now_usec);

const char *engine_outcome_to_string(enum engine_outcome outcome); /* "TooEarly", as in the D-Bus errors */
