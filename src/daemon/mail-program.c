/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed-mail is found from where dosed itself is: wherever both were installed together, and where they were built. */
#include "daemon/mail-program.h"

#include <limits.h>
#include <string.h>

#include "dosed/error.h"

static const char *const places[] = { "../libexec/dosed/dosed-mail", "../lib/dosed/dosed-mail", "dosed-mail" };

const char *mail_program(void) {
        static char path[PATH_MAX + 64];
        char folder[PATH_MAX];
        ssize_t n;

        if (path[0] != '\0')
                return path;
        n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
        folder[n > 0 ? n : 0] = '\0';
        *(strrchr(folder, '/') ?: folder) = '\0';

        for (size_t i = 0; i < ELEMENTS(places); i++) {
                (void) snprintf(path, sizeof(path), "%s/%s", folder, places[i]);
                if (access(path, X_OK) == 0)
                        return path;
        }
        /* Where it ought to be, so that whoever reads why no mail goes out knows what is missing. */
        (void) snprintf(path, sizeof(path), "%s/%s", folder, places[0]);
        return path;
}
