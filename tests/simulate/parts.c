/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the simulator does and looks at, and what of it is left out. */
#include <string.h>

#include "simulate.h"

static const char *const part_names[_PART_MAX] = {
        [PART_REDRAW] = "redraw",   [PART_ZONE] = "zone",
        [PART_DRAG] = "drag",       [PART_SHIFT] = "shift",
        [PART_CALL_OFF] = "exdate", [PART_RENAME] = "rename",
        [PART_REMOVE] = "remove",   [PART_BACK] = "back",
        [PART_NEAR] = "near",       [PART_RESTART] = "restart",
        [PART_ABSENT] = "absent",   [PART_TRAVEL] = "travel",
        [PART_CLOCK] = "clock",     [PART_FAR] = "far",
        [PART_LEAVE] = "leave",     [PART_UNWRITABLE] = "unwritable",
        [PART_EARLY] = "early",     [PART_JUDGE] = "judge",
        [PART_REOPEN] = "reopen",   [PART_WINDOW] = "window",
        [PART_ORDER] = "order",     [PART_DEBT] = "debt",
        [PART_TELL] = "tell",       [PART_CHANNEL] = "channel",
        [PART_DISMISS] = "dismiss", [PART_HUSH] = "hush",
        [PART_TOLD] = "told",       [PART_MANNERS] = "manners",
};

static bool is_off[_PART_MAX];

/* What is looked at stays, whatever alone is to happen. */
static bool is_check(enum part part) {
        return part >= PART_JUDGE;
}

static bool set_parts(const char *names, bool off) {
        while (*names != '\0') {
                size_t length = strcspn(names, ",");
                enum part part = 0;

                while (part < _PART_MAX &&
                       (strlen(part_names[part]) != length || strncmp(part_names[part], names, length) != 0))
                        part++;
                if (part == _PART_MAX) {
                        (void) fprintf(stderr, "there is no part %.*s; there are:", (int) length, names);
                        for (part = 0; part < _PART_MAX; part++)
                                (void) fprintf(stderr, " %s", part_names[part]);
                        (void) fputc('\n', stderr);
                        return false;
                }
                is_off[part] = off;
                names += length + (names[length] == ',');
        }
        return true;
}

bool parts_read(void) {
        const char *only = getenv("ONLY"), *without = getenv("WITHOUT");

        for (enum part part = 0; only && part < _PART_MAX; part++)
                is_off[part] = !is_check(part);
        return (!only || set_parts(only, false)) && (!without || set_parts(without, true));
}

bool part_is_on(enum part part) {
        return !is_off[part];
}
