/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* The source fields of the journal would name this file for every line. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "dosed/error.h"
#include "dosed/log.h"

static int max_level = LOG_INFO;

void log_set_level(int level) {
        max_level = level;
}

/* $JOURNAL_STREAM names the device and inode of the stream that the service manager connected (systemd.exec(5)). */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        uint64_t device, inode;
        struct stat st;

        return stream && sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) == 2 &&
               fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_private(const char *text) {
        if (!stderr_is_journal())
                (void) fprintf(stderr, "%s\n", text);
}

void log_line(int level, const char *message_id, const char *format, ...) {
        _cleanup_(free_p) char *text = NULL;
        va_list arguments;
        int r;

        if (level > max_level)
                return;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0)
                text = NULL;

        if (stderr_is_journal()) {
                const char *line = text ? text : "out of memory while logging";

                if (message_id)
                        (void) sd_journal_send("MESSAGE=%s", line, "PRIORITY=%i", level, "MESSAGE_ID=%s", message_id,
                                               NULL);
                else
                        (void) sd_journal_send("MESSAGE=%s", line, "PRIORITY=%i", level, NULL);
                return;
        }

        (void) fprintf(stderr, "%s\n", text ? text : "out of memory while logging");
}
