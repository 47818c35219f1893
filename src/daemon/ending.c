/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mark in the state folder, which outlives everything, and one in the runtime folder, which goes with the machine's power. */
#include "daemon/ending.h"

#include <fcntl.h>
#include <string.h>

#include "daemon/daemon.h"
#include "dosed/log.h"
#include "dosed/text.h"

#define MARK "running"

static int has_mark(const char *folder, bool *ret) {
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = text_format(&path, "%s/" MARK, folder);
        if (r < 0)
                return r;
        *ret = access(path, F_OK) == 0;
        return 0;
}

static int open_folder(const char *path) {
        return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Whoever wonders what it is finds a sentence in it. Without a mark the next start says nothing: no reason not to remind. */
static void leave_mark(const char *path) {
        static const char text[] =
                "dosed removes this file when it is stopped: where it finds it at a start, it was not.\n";
        _cleanup_(close_p) int folder = open_folder(path), fd = -1;

        if (folder >= 0)
                fd = openat(folder, MARK, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, text, strlen(text)) < 0 || fsync(fd) < 0 || fsync(folder) < 0)
                log_debug("no mark can be left of this run: %s", strerror(errno));
}

static void remove_mark(const char *path) {
        _cleanup_(close_p) int folder = open_folder(path);

        if (folder < 0 || unlinkat(folder, MARK, 0) < 0 || fsync(folder) < 0)
                log_debug("the mark of this run cannot be removed: %s", strerror(errno));
}

int ending_begin(const struct daemon_places *places, enum ending *ret) {
        bool in_state = false, in_runtime = false;
        int r;

        r = has_mark(places->state, &in_state);
        if (r >= 0 && places->runtime)
                r = has_mark(places->runtime, &in_runtime);
        if (r < 0)
                return r;

        leave_mark(places->state);
        if (places->runtime)
                leave_mark(places->runtime);
        if (!in_state)
                *ret = ENDING_STOPPED;
        else
                *ret = in_runtime || !places->runtime ? ENDING_BROKE_OFF : ENDING_POWER_CUT;
        return 0;
}

void ending_stop(const struct daemon_places *places) {
        remove_mark(places->state);
        if (places->runtime)
                remove_mark(places->runtime);
}

const char *ending_sentence(enum ending ending) {
        static const char *const sentences[_ENDING_MAX] = {
                [ENDING_BROKE_OFF] =
                        "dosed is running again: it had not been stopped, but was killed, crashed or lost its bus",
                [ENDING_POWER_CUT] = "dosed is running again: it had not been stopped, but ended with the machine",
        };

        return sentences[ending];
}
