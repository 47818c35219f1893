/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded into dosed: the parser crashes on one word in a plan file; on another it says so on stderr and hangs. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libical/ical.h>

icalcomponent *icalparser_parse_string(const char *text) {
        icalcomponent *(*next)(const char *text) =
                (icalcomponent * (*) (const char *) ) dlsym(RTLD_NEXT, "icalparser_parse_string");

        if (strstr(text, "CRASH-HERE"))
                abort();
        if (strstr(text, "HANG-HERE")) {
                (void) dprintf(STDERR_FILENO, "the parser hangs\n");
                for (;;)
                        (void) pause();
        }
        return next(text);
}
