/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger, what follows from it, and the plan as it was last good: everything that outlives the process. All SQL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dosed/clock.h"
#include "dosed/dose.h"
#include "dosed/error.h"
#include "dosed/folder.h"
#include "dosed/telling.h"

struct store;

enum store_outcome {
        STORE_HELD = 1,   /* another process has this store */
        STORE_UNUSABLE,   /* the file cannot be used: damaged, not a database of dosed */
        STORE_TOO_NEW,    /* written by a newer dosed */
        STORE_UNWRITABLE, /* could not be written now; what was queued is kept and written with the next flush */
        STORE_NOTHING,    /* no such row */
};

/*
 * Opens (or makes) FOLDER/dosed.db, mode 0600, and holds it for this process alone. On STORE_HELD `ret_holder` is the
 * process id of the other dosed; 0 where some other program has the file open. Returns 0, STORE_HELD, STORE_UNUSABLE,
 * STORE_TOO_NEW, or a negative errno where its place is at fault and the ledger may be in order: -EROFS, -ENOSPC, -EACCES …
 */
int store_open(const char *folder, struct store **ret, pid_t *ret_holder);

/* A store in memory only, for a daemon whose own cannot be used: reminders go on, nothing is kept. */
int store_open_memory(struct store **ret);

struct store *store_free(struct store *store);
DEFINE_CLEANUP(struct store *, store_free);

/* It outlives the process: false in memory. */
bool store_is_durable(const struct store *store);

/*
 * Writing. Entries, marks and plans are copied, queued, and written by store_flush() in one transaction. A queue that could not
 * be written stays, and goes with the next flush. Each returns 0 or a negative errno.
 */

/*
 * `dose` is the dose after the entry was applied. At LIMIT_PENDING_ENTRIES entries that only time wrote are given up for later
 * ones of the same dose; where that does not help, -ENOBUFS.
 */
int store_add_entry(struct store *store, const struct dose *dose, const struct entry *entry);

/* Up to when a person's plan was carried out, and by which clock (a text of the engine's): what fell due later is to be done. */
int store_set_mark(struct store *store, const char *person, usec_t until_usec, const char *clock);

/* Writes the queue. Returns 0, STORE_UNWRITABLE or a negative errno. */
int store_flush(struct store *store);
bool store_is_flushed(const struct store *store);

/* Written or queued. Returns 0, STORE_NOTHING (never set) or a negative errno; the caller frees. */
int store_get_mark(struct store *store, const char *person, usec_t *ret_usec, char **ret_clock);

/* Doses, each the caller's to free with its array. */
struct dose_list {
        struct dose **doses;
        size_t n_doses;
};
void dose_list_done(struct dose_list *list);
int dose_list_add(struct dose_list *list, struct dose *dose); /* takes it over on success */

/* Written or queued. Returns 0, STORE_NOTHING or a negative errno. */
int store_get_dose(struct store *store, const char *person, const char *uid, const char *recurrence_id,
                   struct dose **ret);

/*
 * The one of that UID that was taken last before that, if not later than `come_usec`; or, not taken by then, that was due last,
 * but for what the plan took off. Returns as store_get_dose().
 */
int store_last_dose(struct store *store, const char *person, const char *uid, usec_t before_usec, usec_t come_usec,
                    struct dose **ret);

/*
 * What time had made of it, missed or unattended, before the journeys after which it waits; written or queued. Returns as
 * store_get_dose(): STORE_NOTHING also where something else came last before them.
 */
int store_find_settled(struct store *store, const char *person, const char *uid, const char *recurrence_id,
                       enum dose_state *ret);

/* Due, snoozed, and upcoming ones that have entries already; what waits to be written counts. */
int store_list_open(struct store *store, const char *person, struct dose_list *ret);

/* Due from (inclusive) until (exclusive), in order of due time, at most `limit`. uid NULL: all. */
int store_list_doses(struct store *store, const char *person, const char *uid, usec_t from_usec, usec_t until_usec,
                     size_t limit, struct dose_list *ret);

/* What time settled before its window ended, or opened before it was due, by this clock; in order of due time. */
int store_list_ahead(struct store *store, const char *person, usec_t now_usec, size_t limit, struct dose_list *ret);

/* Missed or unattended, and taking it late is still offered; the newest first. */
int store_list_takeable(struct store *store, const char *person, usec_t now_usec, size_t limit, struct dose_list *ret);

/* When the medication was last taken, under any schedule and version, written or queued; USEC_NONE. */
int store_last_taken(struct store *store, const char *person, const char *medication, usec_t *ret_usec);
/* The same for a schedule, whatever its medication was called then. */
int store_last_taken_uid(struct store *store, const char *person, const char *uid, usec_t *ret_usec);

/* A plan file as it was last good. */
struct stored_file {
        char *name;
        char *bytes; /* NUL behind them */
        size_t size;
        struct file_mark mark;
        usec_t heard_usec; /* when it was first heard of what other clients have acknowledged in it, or else of the file */
};
struct stored_files {
        struct stored_file *files;
        size_t n_files;
};
void stored_files_done(struct stored_files *files);
int store_load_files(struct store *store, const char *person, struct stored_files *ret);

/* Whoever has such files, written or queued; each once. */
struct store_names {
        char **items;
        size_t n_items;
};
void store_names_done(struct store_names *names);
int store_list_owners(struct store *store, struct store_names *ret);

/* One change of the plan, for its history. */
enum plan_change_kind { PLAN_ADDED, PLAN_CHANGED, PLAN_REMOVED, _PLAN_CHANGE_MAX };
struct plan_change {
        enum plan_change_kind kind;
        const char *uid, *medication, *title, *file;
};

/* What a new plan changes in the one that is kept. Names and bytes as in `put`. */
struct plan_update {
        const char *person;
        usec_t at_usec;
        const struct stored_file *put;
        size_t n_put;
        const char *const *remove;
        size_t n_remove;
        const struct plan_change *changes;
        size_t n_changes;
};
int store_add_plan(struct store *store, const struct plan_update *update);
/* The same, written at once behind what is queued, or not at all. Returns 0, STORE_UNWRITABLE or a negative errno. */
int store_write_plan(struct store *store, const struct plan_update *update);

/*
 * What is told, and the messages that carry it, each under its own number: a later version replaces the former one, and
 * goes into the same transaction as the entries before it.
 */
int store_put_telling(struct store *store, const struct telling *telling);
int store_put_message(struct store *store, const struct message *message);

struct telling_list {
        struct telling *tellings;
        size_t n_tellings;
};
struct message_list {
        struct message *messages;
        size_t n_messages;
};
void telling_list_done(struct telling_list *list);
void message_list_done(struct message_list *list);

/* What waits or is under way, and the messages that it is in or that failed for good; in order of their numbers. Written only. */
int store_load_outbox(struct store *store, struct telling_list *ret_tellings, struct message_list *ret_messages);
/* Forgets what was settled before that; written at once. Returns 0, STORE_UNWRITABLE or a negative errno. */
int store_prune_outbox(struct store *store, usec_t before_usec);
/* The highest numbers so far; 0 where there is none. */
int store_last_numbers(struct store *store, int64_t *ret_telling, int64_t *ret_message);
/* All of one dose (`recipient` NULL: to anybody), or in one message, in order of their numbers. Written only. */
int store_list_tellings_of_dose(struct store *store, const char *person, const char *uid, const char *recurrence_id,
                                const char *recipient, struct telling_list *ret);
/*
 * When the first of the missed doses up to `until_usec` was due that nothing else has come between; `ret_usec` stays as it is
 * where there is none. Written only.
 */
int store_find_row_start(struct store *store, const char *person, const char *medication, usec_t until_usec,
                         usec_t *ret_usec);
/* Of everybody who was asked after `since_usec` whether that medication was stopped. */
int store_list_asked(struct store *store, const char *person, const char *medication, usec_t since_usec,
                     struct telling_list *ret);
int store_list_tellings_of_message(struct store *store, int64_t message, struct telling_list *ret);
/* Of one event for one recipient, but for what was dropped; person, text NULL: any. The newest first, at most `limit`. */
int store_list_tellings_of_event(struct store *store, const char *recipient, enum telling_event event, const char *person,
                                 const char *text, size_t limit, struct telling_list *ret);
/* Made from (inclusive) until (exclusive), the newest first, at most `limit`. */
int store_list_messages(struct store *store, usec_t from_usec, usec_t until_usec, size_t limit, struct message_list *ret);
/* Of any time, but not done: waiting or failed for good; the newest first, at most `limit`. */
int store_list_open_messages(struct store *store, size_t limit, struct message_list *ret);
int store_get_message(struct store *store, int64_t number, struct message *ret); /* or STORE_NOTHING */

/* The newest doses of a medication due until then (inclusive), but for moved and coming ones; the newest first. */
int store_list_latest(struct store *store, const char *person, const char *medication, usec_t until_usec, size_t limit,
                      struct dose_list *ret);

/*
 * The mark of the file that is being read. It is made before the reader sees the bytes and taken away after, and survives
 * the death of the process (not of the machine: a power cut says nothing about a file).
 */
int store_mark_reading(struct store *store, uint64_t digest);
int store_clear_reading(struct store *store);
/* The mark that a former process left: 0, STORE_NOTHING or a negative errno. */
int store_get_reading(struct store *store, uint64_t *ret_digest);

/* Bytes that crashed the reader are never read again. */
int store_quarantine(struct store *store, uint64_t digest, usec_t at_usec);
int store_is_quarantined(struct store *store, uint64_t digest, bool *ret);

/* Texts that are kept by name: the configuration as it was last good. */
int store_put_text(struct store *store, const char *name, const char *text);
/* Returns 0, STORE_NOTHING or a negative errno; the caller frees. */
int store_get_text(struct store *store, const char *name, char **ret);

/* Plan file bytes, and other things told apart by content. FNV-1a, 64 bits. */
uint64_t store_digest(const void *bytes, size_t size);
