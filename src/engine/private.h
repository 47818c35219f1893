/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside the engine room: people, their medications, the slots of their schedules, and the doses in hand. */
#pragma once

#include <uthash.h>

#include "dosed/calendar.h"
#include "dosed/engine.h"
#include "dosed/folder.h"
#include "dosed/heap.h"
#include "dosed/window.h"
#include "engine/outbox.h"

/* Who takes a dose off, or carries a record, because the plan says so. */
#define RECORDED_BY_PLAN "plan"

/* No change of zone moves a wall-clock time by more (from Kiritimati to Samoa: 25 h). */
#define ZONE_REACH (27 * USEC_PER_HOUR)

/* What is recorded may be as far ahead: clocks of two machines differ, and times are given in whole minutes. */
#define FUTURE_TOLERANCE USEC_PER_MINUTE

enum timer_kind {
        TIMER_SLOT,
        TIMER_DOSE,
};

/* What waits in the heap; the first member of what it is part of. */
struct timer {
        struct heap_node node;
        enum timer_kind kind;
};

/* A schedule in force, at its next occurrence. */
struct slot {
        struct timer timer;
        struct person *person;
        struct medication *medication;
        const struct schedule *schedule;
        usec_t lead_usec; /* how long before due its first alarm may be */
        struct occurrence next;
        bool has_next;
        usec_t since_usec; /* in force since then: alarms of before have passed */
        bool is_changed;   /* while a plan is adopted or the person travels: it may put doses elsewhere */
        const struct schedule *former; /* then: what it said before; NULL: it is new */
};

/* Everything a person takes under one key. */
struct medication {
        char *key; /* owned */
        struct slot **slots;
        size_t n_slots;
        UT_hash_handle hh;
};

/* A plan file as it is known: what it says in force, and what it looked like when last looked at. */
struct plan_file {
        char *path;
        const char *name; /* within the path */
        struct file_mark seen;
        struct calendar *calendar; /* last good; NULL where it never was */
        char *trouble;             /* why its newest version is not in force; NULL */
        uint64_t digest;           /* of its newest version; 0: could not be read */
        bool is_public;            /* its newest version is in force, and nothing in it is confidential */
        struct plan_file *former;  /* while the plan is read: what it was in the old one, perhaps under another path */
        UT_hash_handle hh;
};

struct person {
        char *name;
        struct wall_clock clock;
        struct dose_policy policy;
        char *category; /* only entries with it count; NULL: all */
        char **folders;
        size_t n_folders;
        struct plan_file *plan; /* hash by path */
        struct slot **slots;
        size_t n_slots;
        struct medication *medications; /* hash by key */
        usec_t mark_usec;   /* up to then the plan was carried out */
        bool is_wanted;     /* while the people are set */
        bool is_lost;       /* the ledger is gone: the first plan also has what may be open */
        usec_t lost_usec;   /* and what was taken until then nobody knows; USEC_NONE */
        bool corrects;      /* the clock was ahead; what it had settled is not all undone yet, and the ledger has its mark */
        bool is_unread;     /* something could not be read that may be readable in a while, without an event */
};

/* A dose in hand: open, waiting for its time although it has entries, or being recorded. */
struct live_dose {
        struct timer timer;
        struct dose *dose;
        char *id;
        struct person *person;
        usec_t *alarms_usec;
        size_t n_alarms;
        usec_t group_usec;
        usec_t held_usec; /* no further reminder before that: it was quiet when one was late; USEC_NONE */
        bool in_ledger; /* has entries, written or queued */
        bool changed, rings; /* to be told when the step is written */
        bool is_touched;
        bool is_claimed; /* while a plan is adopted: another dose has moved to it */
        UT_hash_handle hh;
};

struct degradation {
        char *key, *text; /* what is of a person: NAME/WHAT */
        bool is_stale;    /* while that person's plan is read: not found again so far */
};

struct engine {
        struct store *store;
        struct zones *zones;
        usec_t snooze_usec;
        struct engine_observer observer;
        void *userdata;

        struct person **people;
        size_t n_people;
        struct live_dose *live; /* hash by id */
        struct heap heap;
        struct live_dose **touched; /* in the order in which they changed */
        size_t n_touched, touched_allocated;
        usec_t hold_usec; /* no window ends before that */
        usec_t held_usec; /* when a reminder was last held back that was late; USEC_NONE */
        bool is_started;
        uint64_t suspect_digest; /* bytes that a former process was reading when it died */
        bool has_suspect, suspect_crashes;
        bool suspect_is_kept; /* in the store's quarantine */

        struct degradation *degraded;
        size_t n_degraded;
        bool degraded_changed;

        struct outbox outbox;
};

/* people */
struct person *engine_find_person(const struct engine *engine, const char *name);
struct person *person_free(struct engine *engine, struct person *person);

/* slots and medications of a person (medication.c) */
/* Sorted by UID, each once. */
int person_set_schedules(struct engine *engine, struct person *person, const struct schedule *const *schedules,
                         size_t n_schedules, usec_t after_usec, usec_t now_usec);
const struct schedule *find_schedule(const struct schedule *const *schedules, size_t n_schedules, const char *uid);
int compare_schedules(const void *a, const void *b);
void person_clear_schedules(struct engine *engine, struct person *person);
/* Doses without entries that are looked at ahead of their time: the plan or the clock makes them anew. */
void person_drop_coming(struct engine *engine, const struct person *person);
/* All slots at their first occurrence after the mark. */
int person_seek(struct engine *engine, struct person *person, usec_t now_usec);
int slot_seek(struct engine *engine, struct slot *slot, usec_t from_usec, usec_t now_usec);
/*
 * The slot's first occurrence due at `from_usec` or later; of a schedule that follows what was taken, the one that the ledger
 * makes known (after-taken.c). Returns as schedule_next().
 */
int slot_next(const struct slot *slot, usec_t from_usec, struct occurrence *ret);
int slot_find(const struct slot *slot, const char *recurrence_id, struct occurrence *ret);
/* Works out the next dose of a schedule that follows what was taken. */
int after_taken_seek(struct engine *engine, struct slot *slot, usec_t from_usec, usec_t now_usec);
/* That of a dose of such a schedule, which has it as its next only until the dose is in the ledger. 0 or a negative errno. */
int after_taken_occurrence(const struct slot *slot, const struct dose *dose, struct occurrence *ret);
/* The name (of CIVIL_TEXT_SIZE) of the next, after what was recorded or has come: no wrong clock made that; "" for none. */
int after_taken_following(struct engine *engine, struct slot *slot, usec_t now_usec, char *ret_recurrence_id);
/* The ledger has no dose of it yet: its start is the first. */
int after_taken_awaits_start(struct engine *engine, struct slot *slot, usec_t now_usec, bool *ret);
struct medication *person_find_medication(const struct person *person, const char *key);
struct slot *person_find_slot(const struct person *person, const char *uid);
/* First dose of the medication due at `from_usec` or later; USEC_NEVER. */
int medication_next_due(const struct medication *medication, usec_t from_usec, usec_t *ret_usec);
/* Last dose due before `before_usec`; USEC_NONE. */
int medication_previous_due(const struct medication *medication, usec_t before_usec, usec_t *ret_usec);

/* doses in hand (live.c) */
int live_new(struct engine *engine, struct dose *dose, struct live_dose **ret); /* takes the dose over on success */
void live_free(struct engine *engine, struct live_dose *live);
struct live_dose *live_find(const struct engine *engine, const char *id);
/* The dose of that occurrence as hand or ledger know it, to be freed; NULL: they do not. Returns 0 or a negative errno. */
int live_copy_known(struct engine *engine, const struct slot *slot, const struct occurrence *occurrence, struct dose **ret);
int live_from_occurrence(struct engine *engine, struct slot *slot, const struct occurrence *occurrence,
                         struct live_dose **ret);
/* By id, from hand, ledger or plan. 0, ENGINE_NO_SUCH_DOSE or a negative errno. */
int live_acquire(struct engine *engine, const char *id, struct live_dose **ret);
/* A dose read from the ledger, or as it is in hand, which is newer. Takes the dose over in any case. */
int live_from_ledger(struct engine *engine, struct dose *dose, struct live_dose **ret);
/* The same, touched: the next engine_finish() lets go of it where nothing holds it. */
int live_take(struct engine *engine, struct dose *dose, struct live_dose **ret);
/* As the ledger has it; NULL where it has none, or cannot be read (engine_forgive_ledger()). */
int engine_read_dose(struct engine *engine, const char *person, const char *uid, const char *recurrence_id,
                     struct dose **ret);
int live_find_alarms(struct live_dose *live); /* live-alarms.c */
/* No reminder lies ahead, and no snooze waits longer than was meant: the clock was ahead when that was written. */
void live_clamp(struct live_dose *live, usec_t now_usec);
/* When the next reminder comes, quiet hours and all; USEC_NEVER. */
usec_t live_next_reminder(const struct live_dose *live);
/* It comes now. One that is late, and now it is quiet, comes when that ends. */
bool live_rings_now(struct engine *engine, struct live_dose *live, usec_t now_usec);
/* What was held back by a clock that was ahead is not. */
int engine_release_held(struct engine *engine, usec_t now_usec);
int live_set_timer(struct engine *engine, struct live_dose *live);
/* Applies the entry and queues it for the ledger. On failure the dose is untouched. */
int live_enter(struct engine *engine, struct live_dose *live, const struct entry *entry);
/* Under its own name to the time of the occurrence, and in that state: whose place it once took is far behind then. */
int live_retime(struct engine *engine, struct live_dose *live, struct slot *slot, const struct occurrence *occurrence,
                enum dose_state state, usec_t now_usec);
/* The same, because the person is in another zone. */
int live_travel(struct engine *engine, struct live_dose *live, struct slot *slot, const struct occurrence *occurrence,
                enum dose_state state, usec_t now_usec);
/* As live_retime(); one in the past is due now, and has its whole window. */
int live_move(struct engine *engine, struct live_dose *live, struct slot *slot, const struct occurrence *occurrence,
              usec_t now_usec);
/* Only a wrong clock made it: it never was. What follows it is for the caller to seek. */
int live_drop(struct engine *engine, struct live_dose *live, usec_t now_usec);
/* The same, and it stands for a dose that was first due then. */
int live_replace(struct engine *engine, struct live_dose *live, struct slot *slot, const struct occurrence *occurrence,
                 usec_t first_due_usec, usec_t now_usec);
/* The plan took it off, or went past it: skipped, by nobody. */
int live_withdraw(struct engine *engine, struct live_dose *live, const char *note, usec_t now_usec);
/* The plan in force has no such dose any more. */
int live_is_lost(const struct live_dose *live, bool *ret);
/* What it is now if nothing is recorded of it; while windows do not end, none has ended. */
enum dose_state live_state_by_time(const struct engine *engine, const struct live_dose *live, usec_t now_usec);
/* It has to be kept in hand: open, or coming and behind its slot. */
bool live_waits(const struct live_dose *live);
int live_touch(struct engine *engine, struct live_dose *live);
/*
 * What is private, on the bus, in notifications and in letters alike: the plan says so by now, or said so when the dose was made.
 */
bool dose_is_private(const struct engine *engine, const struct dose *dose);
bool slot_is_private(const struct slot *slot, const char *recurrence_id);
/* Whether any of its doses is. */
bool schedule_has_private(const struct schedule *schedule);
int live_view(struct engine *engine, const struct live_dose *live, usec_t now_usec, struct dose_view *ret);
int dose_view_of(struct engine *engine, const struct dose *dose, usec_t now_usec, struct dose_view *ret);
usec_t group_of(usec_t due_usec, usec_t now_usec);

/* Writes what is queued, tells the observers, lets go of what is settled. */
int engine_finish(struct engine *engine, usec_t now_usec);
/* Steps until nothing is due any more: the plan as it was is carried out up to now. */
int engine_catch_up(struct engine *engine, usec_t now_usec);
/* The person is in another zone, or counts days otherwise, from now on (clock.c). */
int person_set_clock(struct engine *engine, struct person *person, const struct wall_clock *clock, usec_t now_usec);
/* What is configured for the person is that from now on (policy.c); the clock was set before. */
int person_set_policy(struct engine *engine, struct person *person, const struct dose_policy *policy, usec_t now_usec);
/* How far a person's plan was carried out, and by which clock, over a restart. Without a mark in the ledger: up to `now_usec`. */
int person_keep_mark(struct engine *engine, const struct person *person);
int person_load_mark(struct engine *engine, struct person *person, usec_t now_usec);
/*
 * What was still to come for the slots that are changed, by their former schedules and by `former`, and has its time before
 * `now_usec` now: of each medication the last one is due now, and what is before it was passed over (overdue.c).
 */
int person_make_overdue_due(struct engine *engine, struct person *person, const struct wall_clock *former,
                            usec_t now_usec);
int occurrence_make_due(struct engine *engine, struct slot *slot, const struct occurrence *occurrence, usec_t now_usec);
/* Does everything that has come for this dose, and sets its next time (step.c). */
int live_step(struct engine *engine, struct live_dose *live, usec_t now_usec);
/* Voids what time alone had decided while the clock was ahead (clock.c). */
int engine_correct_clock(struct engine *engine, usec_t now_usec);
/*
 * A ledger that cannot be read must not silence a reminder: that is a degradation, and the caller goes on as if nothing had
 * been found. Returns 0, or what is fatal all the same.
 */
int engine_forgive_ledger(struct engine *engine, int r);
/* When the medication was last taken, in the ledger or in hand. */
int engine_last_taken(struct engine *engine, const char *person, const char *medication, usec_t *ret_usec);
/* Whether it may have been taken before the ledger was lost. */
bool dose_record_is_lost(const struct engine *engine, const struct dose *dose);

/* what does not work with a person's plan (degraded.c) */
const char *person_degraded(const struct engine *engine, const struct person *person, const char *what);
int person_set_degraded(struct engine *engine, const struct person *person, const char *what, const char *text);
/* What is not set again in between is well again. */
void person_begin_degraded(struct engine *engine, const struct person *person);
void person_end_degraded(struct engine *engine, const struct person *person);
void person_forget_degraded(struct engine *engine, const struct person *person);

/* Who has a plan in the ledger and is not looked after: a degradation, until it is so no more or accepted (left-out.c). */
int engine_say_left_out(struct engine *engine);
int engine_accept_left_out(struct engine *engine, const char *name, usec_t now_usec);

/* folders and files (intake.c, plan-file.c, reading.c) */
int person_load_plan(struct engine *engine, struct person *person, usec_t now_usec);
int person_reload(struct engine *engine, struct person *person, enum engine_belief belief, usec_t now_usec);
void plan_done(struct plan_file **plan);
/*
 * What the calendar says that other clients have seen is heard of at `at_usec`, but for what is in force already (`person` NULL:
 * nothing is). Returns when the whole file is heard of for the ledger: when what another clock has seen too early was, else the
 * newest; `at_usec` where nothing was seen (heard.c).
 */
usec_t person_hear(const struct person *person, struct calendar *calendar, usec_t at_usec);
struct plan_file *plan_find(struct plan_file *plan, const char *path);
int plan_add(struct plan_file **plan, const char *path, struct plan_file **ret);
/* The files that the store holds of a person, without looking at the folders. Returns 0 or a negative errno. */
int plan_take_stored(struct engine *engine, const char *person, usec_t now_usec, struct plan_file **plan);
/* Reads bytes of that digest into a calendar behind the mark. 0, CALENDAR_UNUSABLE (see the problems) or a negative errno. */
int reading_run(struct engine *engine, const char *name, const char *bytes, size_t size, uint64_t digest, usec_t now_usec,
                struct calendar **ret, struct problems *problems);

/* a new plan (adopt.c) */
struct plan_adoption {
        const struct schedule **schedules; /* sorted by UID */
        size_t n_schedules;
        struct plan_update update; /* its changes are filled in by person_adopt() */
        bool is_in_force; /* the slots point into the new schedules, whatever failed afterwards */
};
int person_adopt(struct engine *engine, struct person *person, struct plan_adoption *adoption, usec_t now_usec);

/* The UIDs whose schedules are gone or say something else; `former` is what was in force of each, NULL: nothing. */
struct changes {
        struct plan_change *items;
        const struct schedule **former;
        size_t n_items;
};
/* What becomes of the doses around now when the changed slots are in force (settle.c). */
struct plan_change plan_change_of(enum plan_change_kind kind, const struct schedule *schedule); /* owns nothing */
int person_settle(struct engine *engine, struct person *person, const struct changes *changes, usec_t now_usec);
