/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The password, from where only its owner can read it. */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "dosed/error.h"
#include "dosed/limits.h"
#include "dosed/text.h"
#include "mail/complain.h"
#include "mail/password.h"

#define CREDENTIAL "smtp-password"

void password_free(char *password) {
        if (password)
                explicit_bzero(password, strlen(password));
        free(password);
}

/* The whole of it, one byte more than there may be at most. Returns its size or a negative errno. */
static ssize_t read_some(int fd, char *bytes, size_t room) {
        size_t size = 0;

        while (size < room) {
                ssize_t n = read(fd, bytes + size, room - size);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        break;
                if (n > 0)
                        size += (size_t) n;
        }
        return (ssize_t) size;
}

static int check_file(const char *path, int fd, bool is_private) {
        struct stat st;

        if (fstat(fd, &st) < 0) {
                complain("the password file '%s' cannot be read: %s", path, strerror(errno));
                return EX_CONFIG;
        }
        if (!S_ISREG(st.st_mode)) {
                complain("the password file '%s' is not a regular file", path);
                return EX_CONFIG;
        }
        if (is_private && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
                complain("others may read or change the password file '%s': chmod 600 it", path);
                return EX_CONFIG;
        }
        return 0;
}

static int check_password(const char *path, const char *bytes, size_t size) {
        const char *wrong = NULL;

        if (size == 0)
                wrong = "is empty";
        else if (size > LIMIT_MAIL_PASSWORD_BYTES)
                wrong = "is too long for a password";
        else if (memchr(bytes, '\0', size))
                wrong = "has a NUL byte in it";
        else if (memchr(bytes, '\n', size) || memchr(bytes, '\r', size))
                wrong = "has more than one line";
        if (wrong)
                complain("the password file '%s' %s", path, wrong);
        return wrong ? EX_CONFIG : 0;
}

/* Nothing that could wait for somebody who writes. */
static int read_file(const char *path, int fd, bool is_private, char **ret) {
        char bytes[LIMIT_MAIL_PASSWORD_BYTES + 3]; /* with CRLF, and one more that is too much */
        ssize_t size;
        int r;

        r = check_file(path, fd, is_private);
        if (r != 0)
                return r;
        size = read_some(fd, bytes, sizeof(bytes));
        if (size < 0) {
                complain("the password file '%s' cannot be read: %s", path, strerror((int) -size));
                return EX_CONFIG;
        }
        if (size > 0 && bytes[size - 1] == '\n') {
                size--;
                if (size > 0 && bytes[size - 1] == '\r')
                        size--;
        }
        r = check_password(path, bytes, (size_t) size);
        if (r == 0) {
                char *copy = strndup(bytes, (size_t) size);

                if (copy)
                        *ret = copy;
                else
                        r = complain_system("the password cannot be read", ENOMEM);
        }
        explicit_bzero(bytes, sizeof(bytes));
        return r;
}

static int open_file(const char *path) {
        return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

int password_read(const char *file, char **ret) {
        _cleanup_(free_p) char *credential = NULL;
        _cleanup_(close_p) int fd = -1;
        const char *folder = getenv("CREDENTIALS_DIRECTORY");

        if (folder && folder[0] == '/') {
                if (text_format(&credential, "%s/" CREDENTIAL, folder) < 0)
                        return complain_system("the password cannot be read", ENOMEM);
                fd = open_file(credential);
                if (fd < 0 && errno != ENOENT) {
                        complain("the credential " CREDENTIAL " cannot be read: %s", strerror(errno));
                        return EX_CONFIG;
                }
                /* The service manager looks after its mode; with an access list, its group seems to read it. */
                if (fd >= 0)
                        return read_file(credential, fd, false, ret);
        }
        if (!file) {
                complain(
                        "there is no password: name a file by password-file in dosed.conf (--password-file), or give the "
                        "service the credential " CREDENTIAL " and restart it");
                return EX_CONFIG;
        }
        fd = open_file(file);
        if (fd < 0) {
                complain("the password file '%s' cannot be read: %s", file, strerror(errno));
                return EX_CONFIG;
        }
        return read_file(file, fd, true, ret);
}
