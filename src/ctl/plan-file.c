/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan file that somebody names. */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/plan-file.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define PIPE_PATIENCE_MSEC 10000

/* Nobody waits for ever for a pipe into which nobody writes. */
static int wait_for_bytes(int fd) {
        struct pollfd waiting = { .fd = fd, .events = POLLIN };
        int r;

        do
                r = poll(&waiting, 1, PIPE_PATIENCE_MSEC);
        while (r < 0 && errno == EINTR);
        return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

/* Also of what has no size, such as a pipe: one byte past the limit tells that there is more. */
int plan_file_bytes(const char *name, char **ret, size_t *ret_size) {
        _cleanup_(close_p) int fd = -1;
        _cleanup_(free_p) char *bytes = NULL;
        struct stat status;
        size_t size = 0;
        int r;

        fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &status) < 0)
                return -errno;
        if (S_ISDIR(status.st_mode))
                return -EISDIR;

        /* An end that nobody has opened to write reads as an empty file. */
        r = wait_for_bytes(fd);
        if (r < 0)
                return r;

        bytes = malloc(LIMIT_FILE_BYTES + 1);
        if (!bytes)
                return -ENOMEM;
        while (size < LIMIT_FILE_BYTES + 1) {
                ssize_t n = read(fd, bytes + size, LIMIT_FILE_BYTES + 1 - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN) {
                        r = wait_for_bytes(fd);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t) n;
        }
        if (size > LIMIT_FILE_BYTES)
                return -EFBIG;

        bytes[size] = '\0';
        *ret = TAKE(bytes);
        *ret_size = size;
        return 0;
}

int plan_file_load(const struct request *request, const char *name, char **ret_bytes, size_t *ret_size,
                   struct calendar **ret, struct problems *problems) {
        _cleanup_(free_p) char *bytes = NULL;
        size_t size = 0;
        int r;

        r = plan_file_bytes(name, &bytes, &size);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                const char *reason = r == -ETIMEDOUT ? "nothing writes into this pipe; name a file" : strerror(-r);

                r = problems_add(problems, name, 0, SEVERITY_ERROR, "it cannot be read: %s", reason);
                return r < 0 ? r : CALENDAR_UNUSABLE;
        }

        r = calendar_read(name, bytes, size, request->zones, ret, problems);
        if (r != 0)
                return r;
        *ret_bytes = TAKE(bytes);
        *ret_size = size;
        return 0;
}

int plan_file_read(const struct request *request, const char *name, struct calendar **ret, struct problems *problems) {
        _cleanup_(free_p) char *bytes = NULL;
        size_t size;

        return plan_file_load(request, name, &bytes, &size, ret, problems);
}

bool plan_file_is_name(const char *text) {
        size_t length = strlen(text);

        return length > strlen(".ics") && text_equal_caseless(text + length - strlen(".ics"), ".ics");
}
