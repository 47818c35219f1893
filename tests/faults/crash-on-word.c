/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded into dosed: the parser crashes on one word in a plan file, and hangs on another. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libical/ical.h>

icalcomponent *icalparser_parse_string(const char *text) {
        icalcomponent *(*next)(const char *text) =
                (icalcomponent * (*) (const char *) ) dlsym(RTLD_NEXT, "icalparser_parse_string");

        if (strstr(text, "CRASH-HERE"))
                abort();
        while (strstr(text, "HANG-HERE"))
                (void) pause();
        return next(text);
}
