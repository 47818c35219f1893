/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening the store: one process, one file, no surprises. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "store/database.h"

#define BUSY_TIMEOUT_MSEC 2000 /* far below the service manager's watchdog */
#define FILE_NAME "dosed.db"
#define LOCK_NAME "dosed.lock"

uint64_t store_digest(const void *bytes, size_t size) {
        const unsigned char *p = bytes;
        uint64_t hash = 0xcbf29ce484222325u;

        for (size_t i = 0; i < size; i++)
                hash = (hash ^ p[i]) * 0x100000001b3u;
        return hash;
}

static int store_new(struct store **ret) {
        struct store *store = calloc(1, sizeof(*store));

        if (!store)
                return -ENOMEM;
        store->folder_fd = store->lock_fd = -1;
        *ret = store;
        return 0;
}

struct store *store_free(struct store *store) {
        if (!store)
                return NULL;

        for (size_t i = 0; i < _STATEMENT_MAX; i++)
                (void) sqlite3_finalize(store->statements[i]);
        (void) sqlite3_close(store->database);
        queue_drop(store);
        free(store->entries);
        close_p(&store->folder_fd);
        close_p(&store->lock_fd);
        free(store);
        return NULL;
}

/* A POSIX record lock: the kernel names its holder, and drops it when the holder dies. */
static int store_lock(struct store *store, pid_t *ret_holder) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

        store->lock_fd = openat(store->folder_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (store->lock_fd < 0)
                return -errno;

        if (fcntl(store->lock_fd, F_SETLK, &lock) >= 0)
                return 0;
        if (errno != EAGAIN && errno != EACCES)
                return -errno;

        if (fcntl(store->lock_fd, F_GETLK, &lock) < 0)
                return -errno;
        *ret_holder = lock.l_type == F_UNLCK ? 0 : lock.l_pid;
        return STORE_HELD;
}

/* What the system said to SQLITE last. */
static int system_error(const struct store *store) {
        int error = sqlite3_system_errno(store->database);

        return error > 0 ? -error : -EIO;
}

/*
 * Somebody looking into the file with another program is no damage: it will be free again. Neither is a disk that is full or can
 * only be read.
 */
int store_open_outcome(const struct store *store, int code) {
        switch (code & 0xFF) {
        case SQLITE_OK:
                return 0;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return STORE_HELD;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_READONLY:
                return -EROFS;
        case SQLITE_CANTOPEN:
        case SQLITE_IOERR:
                return system_error(store);
        default:
                return STORE_UNUSABLE;
        }
}

static int configure(struct store *store) {
        static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
                                       "PRAGMA journal_mode = WAL;"
                                       "PRAGMA synchronous = FULL;"
                                       "PRAGMA foreign_keys = ON;"
                                       "PRAGMA recursive_triggers = ON;"
                                       "PRAGMA trusted_schema = OFF;";

        (void) sqlite3_extended_result_codes(store->database, 1);
        (void) sqlite3_busy_timeout(store->database, BUSY_TIMEOUT_MSEC);
        (void) sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

        return store_open_outcome(store, sqlite3_exec(store->database, settings, NULL, NULL, NULL));
}

int store_open(const char *folder, struct store **ret, pid_t *ret_holder) {
        _cleanup_(store_free_p) struct store *store = NULL;
        _cleanup_(free_p) char *path = NULL;
        int fd, r;

        r = store_new(&store);
        if (r < 0)
                return r;

        store->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (store->folder_fd < 0)
                return -errno;
        r = store_lock(store, ret_holder);
        if (r != 0)
                return r;

        /* SQLite would make it readable by others, and would not sync the folder that now names it. */
        fd = openat(store->folder_fd, FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return errno == ELOOP ? STORE_UNUSABLE : -errno;
        r = fchmod(fd, 0600) < 0 || fsync(fd) < 0 || fsync(store->folder_fd) < 0 ? -errno : 0;
        (void) close(fd);
        if (r < 0)
                return r;

        if (asprintf(&path, "%s/" FILE_NAME, folder) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = sqlite3_open_v2(path, &store->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        if (r != SQLITE_OK)
                return store_open_outcome(store, r);
        r = configure(store);
        if (r != 0)
                return r;
        r = store_migrate(store);
        if (r != 0)
                return r;

        *ret = TAKE(store);
        return 0;
}

int store_open_memory(struct store **ret) {
        _cleanup_(store_free_p) struct store *store = NULL;
        int r;

        r = store_new(&store);
        if (r < 0)
                return r;
        r = sqlite3_open_v2(":memory:", &store->database,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL);
        if (r != SQLITE_OK)
                return -ENOMEM;
        (void) sqlite3_extended_result_codes(store->database, 1);
        r = store_migrate(store);
        if (r != 0)
                return r < 0 ? r : -EIO;

        *ret = TAKE(store);
        return 0;
}

bool store_is_durable(const struct store *store) {
        return store->folder_fd >= 0;
}
