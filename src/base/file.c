/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes that go into a file as a whole, and sealed files. */
#include "dosed/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int file_write(int fd, const void *bytes, size_t size) {
        const char *rest = bytes;

        while (size > 0) {
                ssize_t n = write(fd, rest, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                rest += n;
                size -= (size_t) n;
        }
        return 0;
}

int file_read(int fd, void *bytes, size_t most_bytes, size_t *ret_size) {
        char *rest = bytes;
        size_t size = 0;

        while (size < most_bytes) {
                ssize_t n = pread(fd, rest + size, most_bytes - size, (off_t) size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t) n;
        }
        *ret_size = size;
        return 0;
}

int sealed_file_new(const void *bytes, size_t size, int *ret_fd) {
        _cleanup_(close_p) int fd = -1;
        int r;

        fd = memfd_create("dosed", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
        if (fd < 0 && errno == EINVAL)
                fd = memfd_create("dosed", MFD_CLOEXEC | MFD_ALLOW_SEALING); /* Linux before 6.3 */
        if (fd < 0)
                return -errno;
        r = file_write(fd, bytes, size);
        if (r < 0)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0 || fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0)
                return -errno;

        *ret_fd = fd;
        fd = -1;
        return 0;
}

int sealed_file_read(int fd, size_t most_bytes, char **ret_bytes, size_t *ret_size) {
        _cleanup_(free_p) char *bytes = NULL;
        struct stat st;
        size_t size;
        int seals, r;

        /* Files of another kind have none at all. */
        seals = fcntl(fd, F_GET_SEALS);
        if (seals < 0 || (seals & SEALS) != SEALS)
                return SEALED_FILE_OPEN;
        if (fstat(fd, &st) < 0)
                return -errno;
        if ((size_t) st.st_size > most_bytes)
                return SEALED_FILE_TOO_LARGE;

        bytes = malloc((size_t) st.st_size + 1);
        if (!bytes)
                return -ENOMEM;
        r = file_read(fd, bytes, (size_t) st.st_size, &size);
        if (r < 0)
                return r;
        bytes[size] = '\0';
        *ret_bytes = TAKE(bytes);
        *ret_size = size;
        return 0;
}
