/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a plan file behind a mark, so that a file that kills the reader does so only once. */
#include <string.h>

#include "dosed/log.h"
#include "engine/private.h"

/* The store that cannot keep it is no reason to read it: this process knows, and leaves its mark for the next one. */
static int keep_quarantine(struct engine *engine, usec_t now_usec) {
        int r;

        if (engine->suspect_is_kept)
                return 0;
        r = store_quarantine(engine->store, engine->suspect_digest, now_usec);
        if (r == -ENOMEM)
                return r;
        engine->suspect_is_kept = r == 0;
        if (engine->suspect_is_kept)
                return 0;
        r = store_mark_reading(engine->store, engine->suspect_digest);
        log_debug("the store cannot keep which file crashed the reader%s", r < 0 ? ", and the mark neither" : "");
        return 0;
}

/*
 * The file that a former process was reading when it died is tried in a child first: it may have died of anything. Where there
 * can be no child now, it is not read for now.
 */
static int check_suspect(struct engine *engine, const char *name, const char *bytes, size_t size, uint64_t digest,
                         bool *ret_is_refused) {
        int r;

        if (!engine->has_suspect || engine->suspect_digest != digest)
                return 0;
        r = calendar_probe(name, bytes, size, engine->zones);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                log_debug("cannot try the file that was read when a former process died: %s", strerror(-r));
                *ret_is_refused = true;
                return 0;
        }
        engine->has_suspect = false;
        engine->suspect_crashes = r == CALENDAR_CRASHES;
        return 0;
}

static int check_quarantine(struct engine *engine, uint64_t digest, usec_t now_usec, bool *ret_is_refused) {
        int r;

        if (engine->suspect_crashes) {
                r = keep_quarantine(engine, now_usec);
                if (r < 0)
                        return r;
                if (engine->suspect_digest == digest) {
                        *ret_is_refused = true;
                        return 0;
                }
        }
        r = store_is_quarantined(engine->store, digest, ret_is_refused);
        if (r < 0 && r != -ENOMEM) {
                log_debug("cannot look whether this file has crashed the reader before: %s", strerror(-r));
                return 0;
        }
        return r;
}

int reading_run(struct engine *engine, const char *name, const char *bytes, size_t size, uint64_t digest, usec_t now_usec,
                struct calendar **ret, struct problems *problems) {
        bool is_refused = false, has_mark;
        int outcome, r;

        r = check_suspect(engine, name, bytes, size, digest, &is_refused);
        if (r >= 0 && !is_refused)
                r = check_quarantine(engine, digest, now_usec, &is_refused);
        if (r < 0)
                return r;
        if (is_refused) {
                r = problems_add(problems, name, 0, SEVERITY_ERROR,
                                 "reading this file crashed dosed: it is not read again until it is changed; look for "
                                 "what is odd in it, or write it anew");
                return r < 0 ? r : CALENDAR_UNUSABLE;
        }

        /*
         * There is one mark: while it is all that tells the next process of a file that crashes, no other takes its
         * place. Without one the file is still read: a full disk must not hide a new medicine.
         */
        has_mark = !engine->suspect_crashes || engine->suspect_is_kept;
        r = has_mark ? store_mark_reading(engine->store, digest) : 0;
        if (r < 0)
                log_debug("cannot mark the file that is read: %s", strerror(-r));
        outcome = calendar_read(name, bytes, size, engine->zones, ret, problems);
        r = has_mark ? store_clear_reading(engine->store) : 0;
        if (r < 0)
                log_debug("cannot take away the mark of the file that was read: %s", strerror(-r));
        return outcome;
}
