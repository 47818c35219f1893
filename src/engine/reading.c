/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a plan file behind a mark, so that a file that kills the reader does so only once. */
#include "dosed/log.h"
#include "engine/private.h"

/* The file that a former process was reading when it died is tried in a child first: it may have died of anything. */
static int check_suspect(struct engine *engine, const char *name, const char *bytes, size_t size, uint64_t digest,
                         usec_t now_usec) {
        int r;

        if (!engine->has_suspect || engine->suspect_digest != digest)
                return 0;
        engine->has_suspect = false;
        r = calendar_probe(name, bytes, size, engine->zones);
        if (r != CALENDAR_CRASHES)
                return r;
        return store_quarantine(engine->store, digest, now_usec);
}

int reading_run(struct engine *engine, const char *name, const char *bytes, size_t size, usec_t now_usec,
                struct calendar **ret, struct problems *problems) {
        uint64_t digest = store_digest(bytes, size);
        bool is_quarantined = false;
        int outcome, r;

        r = check_suspect(engine, name, bytes, size, digest, now_usec);
        if (r < 0)
                return r;
        r = store_is_quarantined(engine->store, digest, &is_quarantined);
        if (r == -ENOMEM)
                return r;
        if (is_quarantined) {
                r = problems_add(problems, name, 0, SEVERITY_ERROR,
                                 "reading this file crashed dosed: it is not read again until it is changed; look for "
                                 "what is odd in it, or write it anew");
                return r < 0 ? r : CALENDAR_UNUSABLE;
        }

        /* Without the mark the file is still read: a full disk must not hide a new medicine. */
        r = store_mark_reading(engine->store, digest);
        if (r < 0)
                log_debug("cannot mark the file that is read: %m");
        outcome = calendar_read(name, bytes, size, engine->zones, ret, problems);
        r = store_clear_reading(engine->store);
        if (r < 0)
                log_debug("cannot take away the mark of the file that was read: %m");
        return outcome;
}
