/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan as it was last good, its history, and the files that must not be read again. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "dosed/text.h"
#include "store/database.h"

#define READING_NAME "reading"

static const char *const change_names[_PLAN_CHANGE_MAX] = {
        [PLAN_ADDED] = "added",
        [PLAN_CHANGED] = "changed",
        [PLAN_REMOVED] = "removed",
};

void stored_files_done(struct stored_files *files) {
        for (size_t i = 0; i < files->n_files; i++) {
                free(files->files[i].name);
                free(files->files[i].bytes);
        }
        free(files->files);
        *files = (struct stored_files){};
}

static int read_file(sqlite3_stmt *statement, struct stored_file *ret) {
        const void *bytes = sqlite3_column_blob(statement, 1);
        size_t size = (size_t) sqlite3_column_bytes(statement, 1);
        int r;

        r = column_text(statement, 0, &ret->name);
        if (r < 0)
                return r;
        ret->bytes = malloc(size + 1);
        if (!ret->bytes)
                return -ENOMEM;
        if (size > 0)
                (void) memcpy(ret->bytes, bytes, size);
        ret->bytes[size] = '\0';
        ret->size = size;
        ret->mark = (struct file_mark){
                .device = (uint64_t) sqlite3_column_int64(statement, 2),
                .inode = (uint64_t) sqlite3_column_int64(statement, 3),
                .size = sqlite3_column_int64(statement, 4),
                .mtime_nsec = sqlite3_column_int64(statement, 5),
                .ctime_nsec = sqlite3_column_int64(statement, 6),
        };
        ret->heard_usec = sqlite3_column_int64(statement, 7);
        return 0;
}

int store_load_files(struct store *store, const char *person, struct stored_files *ret) {
        _cleanup_(stored_files_done) struct stored_files files = {};
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LOAD_FILES, &statement, "s", person);
        if (r < 0)
                return r;

        while ((r = store_step(store, statement)) > 0) {
                struct stored_file *grown = reallocarray(files.files, files.n_files + 1, sizeof(*grown));

                if (grown) {
                        files.files = grown;
                        grown[files.n_files] = (struct stored_file){};
                        r = read_file(statement, &grown[files.n_files++]);
                } else
                        r = -ENOMEM;
                if (r < 0) {
                        (void) sqlite3_reset(statement);
                        return r;
                }
        }
        if (r < 0)
                return r;

        *ret = files;
        files = (struct stored_files){};
        return 0;
}

void store_names_done(struct store_names *names) {
        for (size_t i = 0; i < names->n_items; i++)
                free(names->items[i]);
        free(names->items);
        *names = (struct store_names){};
}

static int add_name(struct store_names *names, const char *name) {
        char **items;
        int r;

        for (size_t i = 0; i < names->n_items; i++)
                if (strcmp(names->items[i], name) == 0)
                        return 0;
        items = reallocarray(names->items, names->n_items + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        names->items = items;
        r = text_copy(name, &items[names->n_items]);
        names->n_items += r >= 0;
        return r;
}

static int add_owner(const struct store *store, sqlite3_stmt *statement, struct store_names *names) {
        const char *person = (const char *) sqlite3_column_text(statement, 0);
        const char *name = (const char *) sqlite3_column_text(statement, 1);
        _cleanup_(free_p) char *key = NULL;
        const struct pending_file *pending;
        int r;

        if (!person || !name)
                return -ENOMEM;
        r = text_format(&key, "%s %s", person, name);
        if (r < 0)
                return r;
        HASH_FIND_STR(store->files, key, pending);
        return pending && pending->removes ? 0 : add_name(names, person);
}

int store_list_owners(struct store *store, struct store_names *ret) {
        _cleanup_(store_names_done) struct store_names names = {};
        const struct pending_file *file;
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LIST_FILES, &statement, "");
        if (r < 0)
                return r;
        while ((r = store_step(store, statement)) > 0) {
                r = add_owner(store, statement, &names);
                if (r < 0) {
                        (void) sqlite3_reset(statement);
                        return r;
                }
        }
        for (file = store->files; r >= 0 && file; file = file->hh.next)
                if (!file->removes)
                        r = add_name(&names, file->person);
        if (r < 0)
                return r;

        *ret = names;
        names = (struct store_names){};
        return 0;
}

int plan_write_file(struct store *store, const struct pending_file *pending) {
        const struct stored_file *file = &pending->file;

        if (pending->removes)
                return store_execute(store, STATEMENT_REMOVE_FILE, "ss", pending->person, file->name);
        return store_execute(store, STATEMENT_PUT_FILE, "ssbiiiiii", pending->person, file->name, file->bytes, file->size,
                             (int64_t) file->mark.device, (int64_t) file->mark.inode, file->mark.size,
                             file->mark.mtime_nsec, file->mark.ctime_nsec, file->heard_usec);
}

int plan_write_change(struct store *store, const struct pending_change *change) {
        return store_execute(store, STATEMENT_INSERT_CHANGE, "sisssss", change->person, change->at_usec,
                             change_names[change->kind], change->uid, change->medication, change->title,
                             change->file);
}

/* In place, so that a disk that has become full since the first time has room for it. */
static int write_reading(struct store *store, uint64_t digest) {
        char text[24];
        int fd, n, r = 0;

        if (store->folder_fd < 0)
                return 0;

        fd = openat(store->folder_fd, READING_NAME, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        n = snprintf(text, sizeof(text), "%016" PRIx64 "\n", digest);
        errno = 0;
        if (write(fd, text, (size_t) n) != n)
                r = errno > 0 ? -errno : -EIO;
        (void) close(fd);
        return r;
}

int store_mark_reading(struct store *store, uint64_t digest) {
        return write_reading(store, digest);
}

int store_clear_reading(struct store *store) {
        return write_reading(store, 0);
}

int store_get_reading(struct store *store, uint64_t *ret_digest) {
        char text[24] = "";
        uint64_t digest;
        int fd;

        if (store->folder_fd < 0)
                return STORE_NOTHING;
        fd = openat(store->folder_fd, READING_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
                return errno == ENOENT ? STORE_NOTHING : -errno;
        if (read(fd, text, sizeof(text) - 1) < 0)
                text[0] = '\0';
        (void) close(fd);
        if (sscanf(text, "%16" SCNx64, &digest) != 1 || digest == 0)
                return STORE_NOTHING;
        *ret_digest = digest;
        return 0;
}

int store_quarantine(struct store *store, uint64_t digest, usec_t at_usec) {
        return store_execute(store, STATEMENT_QUARANTINE, "ii", (int64_t) digest, at_usec);
}

int store_is_quarantined(struct store *store, uint64_t digest, bool *ret) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_IS_QUARANTINED, &statement, "i", (int64_t) digest);
        if (r < 0)
                return r;
        r = store_step(store, statement);
        if (r < 0)
                return r;
        *ret = r > 0;
        (void) sqlite3_reset(statement);
        return 0;
}

int store_put_text(struct store *store, const char *name, const char *text) {
        return store_execute(store, STATEMENT_PUT_TEXT, "ss", name, text);
}

int store_get_text(struct store *store, const char *name, char **ret) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_GET_TEXT, &statement, "s", name);
        if (r < 0)
                return r;
        r = store_step(store, statement);
        if (r <= 0)
                return r < 0 ? r : STORE_NOTHING;
        r = column_text(statement, 0, ret);
        (void) sqlite3_reset(statement);
        return r;
}
