/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that remembers which notifications are up on which server. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "notify/memory.h"

#define MEMORY_HEAD "dosed-notifications"

void memory_done(struct memory *memory) {
        free(memory->bus_id);
        free(memory->owner);
        free(memory->ids);
        *memory = (struct memory){};
}

/* The whole file, with a NUL behind it. */
static int read_small_file(const char *path, char **ret) {
        _cleanup_(close_p) int fd = -1;
        _cleanup_(free_p) char *bytes = NULL;
        struct stat st;
        size_t n = 0;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
                return errno == ENOENT || errno == ELOOP ? MEMORY_NOTHING : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size > (off_t) LIMIT_NOTIFY_MEMORY_BYTES)
                return MEMORY_NOTHING;

        bytes = calloc(1, LIMIT_NOTIFY_MEMORY_BYTES + 1);
        if (!bytes)
                return -ENOMEM;
        while (n < LIMIT_NOTIFY_MEMORY_BYTES) {
                ssize_t size = read(fd, bytes + n, LIMIT_NOTIFY_MEMORY_BYTES - n);

                if (size < 0)
                        return -errno;
                if (size == 0)
                        break;
                n += (size_t) size;
        }

        *ret = TAKE(bytes);
        return 0;
}

static int parse_id(const char *word, uint32_t *ret) {
        unsigned long value;
        char *end;

        if (word[strspn(word, "0123456789")] != '\0')
                return -EINVAL;
        errno = 0;
        value = strtoul(word, &end, 10);
        if (errno != 0 || *end != '\0' || value == 0 || value > UINT32_MAX)
                return -EINVAL;

        *ret = (uint32_t) value;
        return 0;
}

int memory_read(const char *path, struct memory *ret) {
        _cleanup_(memory_done) struct memory memory = {};
        _cleanup_(free_p) char *bytes = NULL;
        const char *head, *bus_id, *owner;
        char *rest;
        int r;

        r = read_small_file(path, &bytes);
        if (r != 0)
                return r;

        head = strtok_r(bytes, " \n", &rest);
        bus_id = strtok_r(NULL, " \n", &rest);
        owner = strtok_r(NULL, " \n", &rest);
        if (!owner || strcmp(head, MEMORY_HEAD) != 0)
                return MEMORY_NOTHING;

        r = text_copy(bus_id, &memory.bus_id);
        if (r < 0)
                return r;
        r = text_copy(owner, &memory.owner);
        if (r < 0)
                return r;
        memory.ids = calloc(LIMIT_NOTIFY_MEMORY_BYTES, sizeof(*memory.ids));
        if (!memory.ids)
                return -ENOMEM;
        for (const char *word; (word = strtok_r(NULL, " \n", &rest)); memory.n_ids++)
                if (parse_id(word, &memory.ids[memory.n_ids]) < 0)
                        return MEMORY_NOTHING;

        *ret = memory;
        memory = (struct memory){};
        return 0;
}

static int format_memory(const char *bus_id, const char *owner, const uint32_t *ids, size_t n_ids, char **ret) {
        _cleanup_(fclose_p) FILE *file = NULL;
        _cleanup_(free_p) char *text = NULL;
        size_t size;

        file = open_memstream(&text, &size);
        if (!file)
                return -ENOMEM;
        (void) fprintf(file, MEMORY_HEAD " %s %s\n", bus_id, owner);
        for (size_t i = 0; i < n_ids; i++)
                (void) fprintf(file, "%" PRIu32 "\n", ids[i]);
        if (ferror(file) || fclose(TAKE(file)) != 0)
                return -ENOMEM;

        *ret = TAKE(text);
        return 0;
}

/* No fsync: the runtime folder does not outlive the machine's boot, and neither do the ids. */
static int replace_file(const char *path, const char *text) {
        _cleanup_(free_p) char *temporary = NULL;
        size_t size = strlen(text);
        ssize_t n;
        int fd, r;

        r = text_format(&temporary, "%s.new", path);
        if (r < 0)
                return r;

        (void) unlink(temporary);
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        n = write(fd, text, size);
        r = n < 0 ? -errno : (size_t) n < size ? -ENOSPC : 0;
        if (close(fd) < 0 && r == 0)
                r = -errno;
        if (r == 0 && rename(temporary, path) < 0)
                r = -errno;
        if (r < 0)
                (void) unlink(temporary);
        return r;
}

int memory_write(const char *path, const char *bus_id, const char *owner, const uint32_t *ids, size_t n_ids) {
        _cleanup_(free_p) char *text = NULL;
        int r;

        if (n_ids == 0)
                return unlink(path) < 0 && errno != ENOENT ? -errno : 0;

        r = format_memory(bus_id, owner, ids, n_ids, &text);
        if (r < 0)
                return r;
        return replace_file(path, text);
}
