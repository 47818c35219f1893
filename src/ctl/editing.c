/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A text in somebody's editor. */
#include "ctl/editing.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "ctl/plan-file.h"
#include "dosed/file.h"
#include "dosed/text.h"

/* What git and crontab would start, with the words that are in it; `editor` is Debian's choice. */
#define START_EDITOR                                                                           \
        "test -z \"${VISUAL:-$EDITOR}\" || eval \"exec ${VISUAL:-$EDITOR} \\\"\\$1\\\"\"\n"    \
        "for name in editor nano vim vi; do\n"                                                 \
        "        if command -v \"$name\" >/dev/null; then exec \"$name\" \"$1\"; fi\n"         \
        "done\n"                                                                               \
        "exit 127"
#define NOT_EXECUTABLE 126
#define NOT_FOUND 127

/* In memory where there is such a place: it is about somebody's health. */
static const char *find_place(void) {
        const char *const places[] = { getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp" };

        for (size_t i = 0; i < ELEMENTS(places); i++)
                if (places[i] && places[i][0] == '/' && access(places[i], W_OK | X_OK) == 0)
                        return places[i];
        return "/tmp";
}

int editing_begin(struct editing *editing, const char *name, const char *text, size_t size) {
        _cleanup_(close_p) int fd = -1;
        int r;

        r = text_format(&editing->folder, "%s/dosectl-XXXXXX", find_place());
        if (r < 0)
                return r;
        if (!mkdtemp(editing->folder)) { /* mode 0700 */
                r = -errno;
                free(TAKE(editing->folder));
                return r;
        }
        r = text_format(&editing->path, "%s/%s", editing->folder, name);
        if (r < 0)
                return r;
        fd = open(editing->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        return fd < 0 ? -errno : file_write(fd, text, size);
}

void editing_done(struct editing *editing) {
        if (editing->path && !editing->is_kept)
                (void) unlink(editing->path);
        if (editing->folder && !editing->is_kept)
                (void) rmdir(editing->folder); /* what else an editor left in there is its own */
        free(editing->path);
        free(editing->folder);
        *editing = (struct editing){};
}

void editing_keep(struct editing *editing) {
        if (access(editing->path, F_OK) < 0)
                return;
        fprintf(stderr, "What you wrote is in %s\n", editing->path);
        editing->is_kept = true;
}

static int spawn_editor(const char *path, pid_t *ret) {
        char *const arguments[] = { (char *) "sh", (char *) "-c", (char *) START_EDITOR, (char *) "sh", (char *) path, NULL };
        posix_spawnattr_t attributes;
        sigset_t interrupts;
        int r;

        (void) sigemptyset(&interrupts);
        (void) sigaddset(&interrupts, SIGINT);
        (void) sigaddset(&interrupts, SIGQUIT);
        r = posix_spawnattr_init(&attributes);
        if (r != 0)
                return -r;
        r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        if (r == 0)
                r = posix_spawnattr_setsigdefault(&attributes, &interrupts);
        if (r == 0)
                r = posix_spawn(ret, "/bin/sh", NULL, &attributes, arguments, environ);
        (void) posix_spawnattr_destroy(&attributes);
        return -r;
}

/* Ctrl-C is the editor's while it runs, as with system(3). */
static int wait_for_editor(const char *path, int *ret_status) {
        struct sigaction ignored = { .sa_handler = SIG_IGN }, interrupt, quit;
        pid_t editor;
        int r;

        (void) sigaction(SIGINT, &ignored, &interrupt);
        (void) sigaction(SIGQUIT, &ignored, &quit);
        r = spawn_editor(path, &editor);
        while (r >= 0 && waitpid(editor, ret_status, 0) < 0)
                if (errno != EINTR)
                        r = -errno;
        (void) sigaction(SIGINT, &interrupt, NULL);
        (void) sigaction(SIGQUIT, &quit, NULL);
        return r;
}

/* By these the shell says that it could start nothing. */
static void say_failed(int status) {
        const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR"), *name = visual && *visual ? visual : editor;

        if (status != NOT_FOUND && status != NOT_EXECUTABLE)
                complain("the editor was left with an error: nothing is changed");
        else if (name && *name)
                complain("the editor '%s' cannot be started: set %s to one that is here; nothing is changed", name,
                         name == visual ? "VISUAL" : "EDITOR");
        else
                complain("there is no editor here: set EDITOR to the one you use");
}

int editing_run(struct editing *editing, char **ret_text, size_t *ret_size) {
        int status = 0, r;

        r = wait_for_editor(editing->path, &status);
        if (r < 0)
                return r;
        if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
                say_failed(WEXITSTATUS(status));
                return REQUEST_REFUSED;
        }
        if (!WIFEXITED(status)) {
                complain("the editor did not end by itself: nothing is changed");
                editing_keep(editing);
                return REQUEST_REFUSED;
        }

        r = plan_file_bytes(editing->path, ret_text, ret_size);
        if (r == -ENOENT) {
                complain("the editor left no file: nothing is changed");
                return REQUEST_REFUSED;
        }
        if (r < 0) {
                complain("%s cannot be read: %s", editing->path, strerror(-r));
                editing_keep(editing);
                return REQUEST_REFUSED;
        }
        return 0;
}

int text_from_crlf(const char *text, size_t size, char **ret, size_t *ret_size) {
        char *copy = malloc(size + 1);
        size_t n = 0;

        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < size; i++)
                if (text[i] != '\r' || i + 1 == size || text[i + 1] != '\n')
                        copy[n++] = text[i];
        copy[n] = '\0';
        *ret = copy;
        *ret_size = n;
        return 0;
}

int text_to_crlf(const char *text, size_t size, char **ret, size_t *ret_size) {
        char *copy = malloc(2 * size + 1);
        size_t n = 0;

        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < size; i++) {
                if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
                        copy[n++] = '\r';
                copy[n++] = text[i];
        }
        copy[n] = '\0';
        *ret = copy;
        *ret_size = n;
        return 0;
}
