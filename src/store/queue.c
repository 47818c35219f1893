/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What waits to be written: entries, marks and the plan go in together, and stay here while they cannot. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "store/database.h"

static void entry_drop(struct pending_entry *pending) {
        dose_free(pending->dose);
        entry_done(&pending->entry);
}

static void mark_drop(struct store *store, struct pending_mark *mark) {
        HASH_DEL(store->marks, mark);
        free(mark->person);
        free(mark->clock);
        free(mark);
}

static void file_drop(struct store *store, struct pending_file *file) {
        HASH_DEL(store->files, file);
        free(file->key);
        free(file->person);
        free(file->file.name);
        free(file->file.bytes);
        free(file);
}

static void change_drop(struct pending_change *change) {
        free(change->person);
        free(change->uid);
        free(change->medication);
        free(change->title);
        free(change->file);
}

void queue_drop(struct store *store) {
        struct pending_mark *mark, *next_mark;
        struct pending_file *file, *next_file;

        for (size_t i = 0; i < store->n_entries; i++)
                entry_drop(&store->entries[i]);
        store->n_entries = 0;
        HASH_ITER(hh, store->marks, mark, next_mark) {
                mark_drop(store, mark);
        }
        HASH_ITER(hh, store->files, file, next_file) {
                file_drop(store, file);
        }
        for (size_t i = 0; i < store->n_changes; i++)
                change_drop(&store->changes[i]);
        free(store->changes);
        store->changes = NULL;
        store->n_changes = 0;
        telling_drop_queue(store);
}

/* A dose that has a later entry, while the queue is made smaller. */
struct followed {
        char *id; /* owned */
        UT_hash_handle hh;
};

static bool is_minor(enum entry_kind kind) {
        return kind == ENTRY_DUE || kind == ENTRY_REMINDED;
}

/* What a person said, and where an edit put that, is never given up. */
static bool is_by_nobody(enum entry_kind kind) {
        return is_minor(kind) || kind == ENTRY_MISSED || kind == ENTRY_UNATTENDED || kind == ENTRY_CLOCK_CORRECTED ||
               kind == ENTRY_WITHDRAWN;
}

static void close_gaps(struct store *store) {
        size_t kept = 0;

        for (size_t i = 0; i < store->n_entries; i++)
                if (store->entries[i].dose)
                        store->entries[kept++] = store->entries[i];
        store->n_entries = kept;
}

static void give_up_oldest(struct store *store) {
        for (size_t i = 0; i < store->n_entries / 2; i++)
                if (is_by_nobody(store->entries[i].entry.kind)) {
                        entry_drop(&store->entries[i]);
                        store->entries[i].dose = NULL;
                }
        close_gaps(store);
}

/*
 * Weeks of a full disk: of a dose that has gone on since, the lines that only time wrote are given up. After months, the last
 * lines of the oldest doses as well.
 */
static int make_room(struct store *store) {
        struct followed *followed = NULL, *item, *next;
        int r = 0;

        for (size_t i = store->n_entries; r >= 0 && i-- > 0;) {
                struct pending_entry *pending = &store->entries[i];
                _cleanup_(free_p) char *id = NULL;

                r = dose_id(pending->dose, &id);
                if (r < 0)
                        break;
                HASH_FIND_STR(followed, id, item);
                if (item && is_minor(pending->entry.kind)) {
                        entry_drop(pending);
                        pending->dose = NULL;
                }
                if (item)
                        continue;
                item = calloc(1, sizeof(*item));
                if (!item) {
                        r = -ENOMEM;
                        break;
                }
                item->id = TAKE(id);
                HASH_ADD_KEYPTR(hh, followed, item->id, strlen(item->id), item);
        }
        HASH_ITER(hh, followed, item, next) {
                HASH_DEL(followed, item);
                free(item->id);
                free(item);
        }

        close_gaps(store);
        if (r >= 0 && store->n_entries > LIMIT_PENDING_ENTRIES / 2)
                give_up_oldest(store);
        return r;
}

int store_add_entry(struct store *store, const struct dose *dose, const struct entry *entry) {
        struct pending_entry pending = {};
        int r;

        if (store->n_entries >= LIMIT_PENDING_ENTRIES) {
                r = make_room(store);
                if (r < 0)
                        return r;
                if (store->n_entries >= LIMIT_PENDING_ENTRIES)
                        return -ENOBUFS;
        }
        if (store->n_entries == store->allocated) {
                size_t n = store->allocated ? 2 * store->allocated : 32;
                struct pending_entry *grown = reallocarray(store->entries, n, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                store->entries = grown;
                store->allocated = n;
        }

        r = dose_copy(dose, &pending.dose);
        if (r >= 0)
                r = entry_copy(entry, &pending.entry);
        if (r < 0) {
                entry_drop(&pending);
                return r;
        }

        store->entries[store->n_entries++] = pending;
        return 0;
}

const struct dose *queue_find_dose(const struct store *store, const char *person, const char *uid,
                                   const char *recurrence_id) {
        for (size_t i = store->n_entries; i-- > 0;) {
                const struct dose *dose = store->entries[i].dose;

                if (strcmp(dose->uid, uid) == 0 && strcmp(dose->recurrence_id, recurrence_id) == 0 &&
                    strcmp(dose->person, person) == 0)
                        return dose;
        }
        return NULL;
}

const struct pending_mark *queue_find_mark(const struct store *store, const char *person) {
        const struct pending_mark *mark;

        HASH_FIND_STR(store->marks, person, mark);
        return mark;
}

int store_set_mark(struct store *store, const char *person, usec_t until_usec, const char *clock) {
        struct pending_mark *mark = (struct pending_mark *) queue_find_mark(store, person);
        int r;

        if (!mark) {
                mark = calloc(1, sizeof(*mark));
                if (!mark)
                        return -ENOMEM;
                r = text_copy(person, &mark->person);
                if (r < 0) {
                        free(mark);
                        return r;
                }
                HASH_ADD_KEYPTR(hh, store->marks, mark->person, strlen(mark->person), mark);
        }
        mark->until_usec = until_usec;
        return text_set(&mark->clock, clock);
}

/* The entry for a person's file, empty: what waits for it is replaced. */
static int take_file(struct store *store, const char *person, const char *name, struct pending_file **ret) {
        _cleanup_(free_p) char *key = NULL;
        struct pending_file *file;
        int r;

        r = text_format(&key, "%s %s", person, name);
        if (r < 0)
                return r;
        HASH_FIND_STR(store->files, key, file);
        if (file)
                file_drop(store, file);

        file = calloc(1, sizeof(*file));
        if (!file)
                return -ENOMEM;
        file->key = TAKE(key);
        HASH_ADD_KEYPTR(hh, store->files, file->key, strlen(file->key), file);
        r = text_copy(person, &file->person);
        if (r >= 0)
                r = text_copy(name, &file->file.name);
        if (r < 0) {
                file_drop(store, file);
                return r;
        }
        *ret = file;
        return 0;
}

static int put_file(struct store *store, const struct plan_update *update, const struct stored_file *put) {
        struct pending_file *file;
        char *bytes = malloc(put->size + 1);
        int r;

        if (!bytes)
                return -ENOMEM;
        r = take_file(store, update->person, put->name, &file);
        if (r < 0) {
                free(bytes);
                return r;
        }
        if (put->size > 0)
                (void) memcpy(bytes, put->bytes, put->size);
        bytes[put->size] = '\0';
        file->file.bytes = bytes;
        file->file.size = put->size;
        file->file.mark = put->mark;
        file->file.heard_usec = put->heard_usec;
        return 0;
}

static int add_change(struct store *store, const struct plan_update *update, const struct plan_change *change) {
        struct pending_change *changes, added = { .at_usec = update->at_usec, .kind = change->kind };
        int r;

        /* What is in force is known by its file; only the history has a gap. */
        if (store->n_changes >= LIMIT_PENDING_CHANGES)
                return 0;
        changes = reallocarray(store->changes, store->n_changes + 1, sizeof(*changes));
        if (!changes)
                return -ENOMEM;
        store->changes = changes;

        r = text_copy(update->person, &added.person);
        if (r >= 0)
                r = text_copy(change->uid, &added.uid);
        if (r >= 0)
                r = text_copy(change->medication, &added.medication);
        if (r >= 0)
                r = text_copy(change->title, &added.title);
        if (r >= 0)
                r = text_copy(change->file, &added.file);
        if (r < 0) {
                change_drop(&added);
                return r;
        }
        changes[store->n_changes++] = added;
        return 0;
}

int store_add_plan(struct store *store, const struct plan_update *update) {
        struct pending_file *file;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < update->n_put; i++)
                r = put_file(store, update, &update->put[i]);
        for (size_t i = 0; r >= 0 && i < update->n_remove; i++) {
                r = take_file(store, update->person, update->remove[i], &file);
                if (r >= 0)
                        file->removes = true;
        }
        for (size_t i = 0; r >= 0 && i < update->n_changes; i++)
                r = add_change(store, update, &update->changes[i]);
        return r;
}

static int write_queue(struct store *store) {
        const struct pending_mark *mark;
        const struct pending_file *file;
        int r = 0;

        for (size_t i = 0; r == 0 && i < store->n_entries; i++)
                r = ledger_write(store, &store->entries[i]);
        for (file = store->files; r == 0 && file; file = file->hh.next)
                r = plan_write_file(store, file);
        for (size_t i = 0; r == 0 && i < store->n_changes; i++)
                r = plan_write_change(store, &store->changes[i]);
        if (r == 0)
                r = telling_write_queue(store);
        for (mark = store->marks; r == 0 && mark; mark = mark->hh.next)
                r = store_execute(store, STATEMENT_SET_MARK, "sis", mark->person, mark->until_usec, mark->clock);
        return r;
}

int store_flush(struct store *store) {
        int r;

        if (store_is_flushed(store))
                return 0;
        r = store_execute(store, STATEMENT_BEGIN, "");
        if (r != 0)
                return r;
        r = write_queue(store);
        if (r == 0)
                r = store_execute(store, STATEMENT_COMMIT, "");
        if (r != 0) {
                /* Some failures have rolled back by themselves. */
                if (!sqlite3_get_autocommit(store->database))
                        (void) store_execute(store, STATEMENT_ROLLBACK, "");
                return r;
        }

        queue_drop(store);
        return 0;
}

int store_write_plan(struct store *store, const struct plan_update *update) {
        int r;

        r = store_flush(store);
        if (r != 0)
                return r;
        r = store_add_plan(store, update);
        if (r == 0)
                r = store_flush(store);
        if (r != 0)
                queue_drop(store);
        return r;
}

bool store_is_flushed(const struct store *store) {
        return store->n_entries == 0 && !store->marks && !store->files && store->n_changes == 0 &&
               !store->tellings && !store->messages;
}
