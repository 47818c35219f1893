/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A head with the number of those that are only counted, then an id a line, the newest last. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/desktop-memory.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define MEMORY_HEAD "dosed-unread "

static bool is_ours(FILE *file) {
        struct stat st;

        return fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= (off_t) LIMIT_UNREAD_MEMORY_BYTES;
}

static int read_ids(FILE *file, struct unread *unread) {
        _cleanup_(free_p) char *line = NULL;
        size_t size = 0;
        ssize_t n;
        int r = 0;

        n = getline(&line, &size, file);
        if (n <= 0 || strncmp(line, MEMORY_HEAD, strlen(MEMORY_HEAD)) != 0)
                return 0;
        unread->n_forgotten = strtoul(line + strlen(MEMORY_HEAD), NULL, 10);
        while (r >= 0 && (n = getline(&line, &size, file)) > 0) {
                line[strcspn(line, "\n")] = '\0';
                r = unread_put(unread, line, "", false);
        }
        return r;
}

int unread_recall(const char *path, struct unread *ret) {
        _cleanup_(unread_done) struct unread unread = {};
        _cleanup_(fclose_p) FILE *file = NULL;
        int fd, r;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
                return errno == ENOENT || errno == ELOOP ? 0 : -errno;
        file = fdopen(fd, "r");
        if (!file) {
                (void) close(fd);
                return -ENOMEM;
        }
        if (!is_ours(file))
                return 0;
        r = read_ids(file, &unread);
        if (r < 0)
                return r;
        *ret = unread;
        unread = (struct unread){};
        return 0;
}

/* The newest ones, as many as the file may hold. */
static size_t find_first(const struct unread *unread) {
        size_t first = unread->n_lines, size = strlen(MEMORY_HEAD) + strlen("18446744073709551615\n");

        while (first > 0) {
                size += strlen(unread->lines[first - 1].id) + 1;
                if (size > LIMIT_UNREAD_MEMORY_BYTES)
                        break;
                first--;
        }
        return first;
}

/* No fsync: the runtime folder does not outlive the machine's boot. */
static int write_ids(const char *path, const struct unread *unread) {
        size_t first = find_first(unread);
        _cleanup_(fclose_p) FILE *file = NULL;
        int fd;

        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        file = fdopen(fd, "w");
        if (!file) {
                (void) close(fd);
                return -ENOMEM;
        }
        (void) fprintf(file, MEMORY_HEAD "%zu\n", unread->n_forgotten + first);
        for (size_t i = first; i < unread->n_lines; i++)
                (void) fprintf(file, "%s\n", unread->lines[i].id);
        if (ferror(file) || fclose(TAKE(file)) != 0)
                return -EIO;
        return 0;
}

int unread_remember(const char *path, const struct unread *unread) {
        _cleanup_(free_p) char *temporary = NULL;
        int r;

        if (unread->n_lines == 0)
                return unlink(path) < 0 && errno != ENOENT ? -errno : 0;

        r = text_format(&temporary, "%s.new", path);
        if (r < 0)
                return r;
        (void) unlink(temporary);
        r = write_ids(temporary, unread);
        if (r == 0 && rename(temporary, path) < 0)
                r = -errno;
        if (r < 0)
                (void) unlink(temporary);
        return r;
}
