/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder of plan files. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "dosed/file.h"
#include "dosed/folder.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define SUFFIX ".ics"

static void closedir_p(DIR **directory) {
        if (*directory)
                (void) closedir(*directory);
}

struct folder *folder_free(struct folder *folder) {
        if (!folder)
                return NULL;
        for (size_t i = 0; i < folder->n_files; i++)
                free(folder->files[i].name);
        free(folder->files);
        free(folder);
        return NULL;
}

bool file_mark_equal(const struct file_mark *a, const struct file_mark *b) {
        return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime_nsec == b->mtime_nsec &&
               a->ctime_nsec == b->ctime_nsec;
}

static struct file_mark mark_of(const struct stat *st) {
        return (struct file_mark){
                .device = st->st_dev,
                .inode = st->st_ino,
                .size = st->st_size,
                .mtime_nsec = st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec,
                .ctime_nsec = st->st_ctim.tv_sec * INT64_C(1000000000) + st->st_ctim.tv_nsec,
        };
}

static bool is_plan_name(const char *name) {
        size_t size = strlen(name);

        return name[0] != '.' && size > strlen(SUFFIX) && strcasecmp(name + size - strlen(SUFFIX), SUFFIX) == 0;
}

static int add_file(struct folder *folder, size_t *allocated, const char *name, const struct stat *st, int error) {
        struct folder_file file = { .error = error };
        int r;

        if (folder->n_files == *allocated) {
                size_t n = *allocated ? 2 * *allocated : 64;
                struct folder_file *files = reallocarray(folder->files, n, sizeof(*files));

                if (!files)
                        return -ENOMEM;
                folder->files = files;
                *allocated = n;
        }

        r = text_copy(name, &file.name);
        if (r < 0)
                return r;
        if (error == 0) {
                file.mark = mark_of(st);
                file.is_regular = S_ISREG(st->st_mode);
        }
        folder->files[folder->n_files++] = file;
        return 0;
}

static int list_entry(struct folder *folder, size_t *allocated, int fd, const char *name, struct problems *problems) {
        struct stat st;
        int error = 0;

        if (!is_plan_name(name))
                return 0;
        if (!text_is_valid(name, strlen(name)))
                return problems_add(problems, name, 0, SEVERITY_ERROR, "The name is not UTF-8; rename the file");
        if (folder->n_files == LIMIT_FOLDER_FILES)
                return problems_add(problems, name, 0, SEVERITY_ERROR,
                                    "The folder has more than %u files; this one is left out", LIMIT_FOLDER_FILES);

        if (fstatat(fd, name, &st, 0) < 0)
                error = errno;
        else if (S_ISDIR(st.st_mode))
                return 0;
        return add_file(folder, allocated, name, &st, error);
}

static int file_compare(const void *a, const void *b) {
        return strcmp(((const struct folder_file *) a)->name, ((const struct folder_file *) b)->name);
}

int folder_list(const char *path, struct folder **ret, struct problems *problems) {
        _cleanup_(folder_free_p) struct folder *folder = NULL;
        _cleanup_(closedir_p) DIR *directory = NULL;
        size_t allocated = 0;
        int r;

        directory = opendir(path);
        if (!directory)
                return -errno;
        folder = calloc(1, sizeof(*folder));
        if (!folder)
                return -ENOMEM;

        for (;;) {
                struct dirent *entry;

                errno = 0;
                entry = readdir(directory);
                if (!entry && errno != 0)
                        return -errno;
                if (!entry)
                        break;
                r = list_entry(folder, &allocated, dirfd(directory), entry->d_name, problems);
                if (r < 0)
                        return r;
        }

        if (folder->n_files > 0)
                qsort(folder->files, folder->n_files, sizeof(*folder->files), file_compare);
        *ret = TAKE(folder);
        return 0;
}

/* Nothing but a plan file of the folder itself: names come over the bus too. */
bool folder_takes(const char *name) {
        return is_plan_name(name) && !strchr(name, '/') && text_is_valid(name, strlen(name));
}

bool folder_has(const char *path, const char *name) {
        _cleanup_(close_p) int folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat st;

        return folder_fd >= 0 && folder_takes(name) && fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What happens to one file must not stop the others. */
static int unreadable(struct problems *problems, const char *name, int error) {
        int r;

        if (error == ENOMEM)
                return -ENOMEM;
        if (error == EACCES || error == EPERM)
                r = problems_add(problems, name, 0, SEVERITY_ERROR,
                                 "The file cannot be read: permission denied; give dosed the right to read it");
        else if (error == ELOOP)
                r = problems_add(problems, name, 0, SEVERITY_ERROR, "The file is a link that leads in a circle");
        else
                r = problems_add(problems, name, 0, SEVERITY_ERROR, "The file cannot be read: %s", strerror(error));
        return r < 0 ? r : FOLDER_UNREADABLE;
}

static int check_status(const struct stat *st, const char *name, struct problems *problems) {
        int r;

        if (!S_ISREG(st->st_mode))
                r = problems_add(problems, name, 0, SEVERITY_ERROR, "This is not a regular file");
        else if (st->st_size > LIMIT_FILE_BYTES)
                r = problems_add(problems, name, 0, SEVERITY_ERROR, "The file is larger than %u MiB; split it",
                                 LIMIT_FILE_BYTES / 1024 / 1024);
        else
                return 0;
        return r < 0 ? r : FOLDER_UNREADABLE;
}

/* Looked at before it is opened (opening a device can do things) and after (it may have been replaced in between). */
static int open_regular(int folder_fd, const char *name, int *ret_fd, struct stat *st, struct problems *problems) {
        int fd, r;

        if (fstatat(folder_fd, name, st, 0) < 0)
                return unreadable(problems, name, errno);
        r = check_status(st, name, problems);
        if (r != 0)
                return r;

        fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return unreadable(problems, name, errno);
        if (fstat(fd, st) < 0)
                r = unreadable(problems, name, errno);
        else
                r = check_status(st, name, problems);
        if (r != 0) {
                (void) close(fd);
                return r;
        }

        *ret_fd = fd;
        return 0;
}

int folder_read(const char *path, const char *name, char **ret_bytes, size_t *ret_size, struct file_mark *ret_mark,
                struct problems *problems) {
        _cleanup_(close_p) int folder_fd = -1, fd = -1;
        _cleanup_(free_p) char *bytes = NULL;
        struct stat st;
        size_t size = 0;
        int r;

        /* The folder may have gone since it was listed. */
        folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder_fd < 0)
                return unreadable(problems, name, errno);
        r = open_regular(folder_fd, name, &fd, &st, problems);
        if (r != 0)
                return r;

        bytes = malloc((size_t) st.st_size + 2);
        if (!bytes)
                return -ENOMEM;
        r = file_read(fd, bytes, (size_t) st.st_size + 1, &size);
        if (r < 0)
                return unreadable(problems, name, -r);
        if (size > (size_t) st.st_size) {
                r = problems_add(problems, name, 0, SEVERITY_ERROR, "The file grew while it was read");
                return r < 0 ? r : FOLDER_UNREADABLE;
        }

        bytes[size] = '\0';
        *ret_bytes = TAKE(bytes);
        *ret_size = size;
        *ret_mark = mark_of(&st);
        return 0;
}

/* Whoever else reads or writes the file goes on doing so. What a link leads to is not the folder's. */
static int take_place(int fd, int folder_fd, const char *name) {
        struct stat st;

        if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (S_ISLNK(st.st_mode))
                return -ELOOP;
        return fchmod(fd, st.st_mode & 0777) < 0 ? -errno : 0;
}

int folder_write(const char *path, const char *name, const void *bytes, size_t size) {
        _cleanup_(close_p) int folder_fd = -1, fd = -1;
        _cleanup_(free_p) char *temporary = NULL;
        const char *base;
        int r;

        if (!folder_takes(name))
                return -EINVAL;

        folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder_fd < 0)
                return -errno;

        r = text_format(&temporary, "%s/.dosed-XXXXXX", path);
        if (r < 0)
                return r;
        fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
        if (fd < 0)
                return -errno;
        base = strrchr(temporary, '/') + 1;

        r = take_place(fd, folder_fd, name);
        if (r >= 0)
                r = file_write(fd, bytes, size);
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(folder_fd, base, folder_fd, name) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(folder_fd, base, 0);
                return r;
        }
        return fsync(folder_fd) < 0 ? -errno : 0;
}

int folder_remove(const char *path, const char *name) {
        _cleanup_(close_p) int folder_fd = -1;

        if (!folder_takes(name))
                return -EINVAL;

        folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder_fd < 0)
                return -errno;
        if (unlinkat(folder_fd, name, 0) < 0)
                return -errno;
        return fsync(folder_fd) < 0 ? -errno : 0;
}
