/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded into dosed: kills it at the n-th call that changes the store, before the call or half-way through a write. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

/* Shared with the test through the file that $DOSED_FAULT_CONTROL names. */
struct control {
        int32_t left; /* calls until the end; 0: not armed */
        int32_t torn; /* write half of it first */
        int32_t seen; /* calls since it was armed */
};

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset);
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset);
int fsync(int fd);
int fdatasync(int fd);
int ftruncate64(int fd, off64_t size);

static struct control *control(void) {
        static struct control *mapped;
        const char *path = getenv("DOSED_FAULT_CONTROL");

        if (!mapped && path) {
                int fd = open(path, O_RDWR | O_CLOEXEC);

                mapped = fd >= 0 ? mmap(NULL, sizeof(*mapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
                if (mapped == MAP_FAILED)
                        abort();
                (void) close(fd);
        }
        return mapped;
}

static int is_store(int fd) {
        char link[64], path[4096];
        ssize_t n;

        (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof(path) - 1);
        if (n < 0)
                return 0;
        path[n] = '\0';
        return strstr(path, "/dosed.db") != NULL;
}

/* Whether this call is the one; a call that is torn is killed by its caller. */
static int is_the_one(int fd) {
        int saved = errno, the_one = 0;
        struct control *c = control();

        if (c && c->left > 0 && is_store(fd)) {
                c->seen++;
                the_one = --c->left == 0;
        }
        errno = saved;
        return the_one;
}

static void die(void) {
        (void) kill(getpid(), SIGKILL);
        for (;;)
                (void) pause();
}

#define NEXT(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
        if (is_the_one(fd)) {
                if (control()->torn)
                        (void) NEXT(pwrite64)(fd, bytes, size / 2, offset);
                die();
        }
        return NEXT(pwrite64)(fd, bytes, size, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
        return pwrite64(fd, bytes, size, offset);
}

int fsync(int fd) {
        if (is_the_one(fd))
                die();
        return NEXT(fsync)(fd);
}

int fdatasync(int fd) {
        if (is_the_one(fd))
                die();
        return NEXT(fdatasync)(fd);
}

int ftruncate64(int fd, off64_t size) {
        if (is_the_one(fd))
                die();
        return NEXT(ftruncate64)(fd, size);
}
