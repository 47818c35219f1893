/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reminders on a desktop: which notifications should be up, and a button back to its doses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

#include "dosed/clock.h"
#include "dosed/error.h"

/*
 * The caller says which reminded doses are open; this room compares that with what is up on the server of
 * org.freedesktop.Notifications and posts, replaces and withdraws until they agree. A restart of either side, a server
 * that comes late, and a dose recorded elsewhere are all the same comparison. It knows no engine: dosed-agent uses it too.
 */
struct notify;

/* One reminded, open dose. All texts are clean UTF-8. They are copied. */
struct notify_dose {
        const char *id;           /* the dose's id */
        const char *person;       /* NULL where there is only one person: then nobody is named */
        const char *title;        /* "Lisinopril 10 mg"; a confidential dose: NULL */
        const char *amount;       /* "1 tablet", or NULL */
        const char *instructions; /* NULL; may have several lines */
        const char *if_missed;    /* the leaflet's rule, shown from the second reminder on; or NULL */
        const char *due_text;     /* due time on the person's clock: "08:00" */
        usec_t group_usec;        /* doses of one person with the same value are one notification */
        bool stands_alone;        /* never grouped: critical, weekly, or asking for an amount */
        bool critical;            /* urgency critical, never expires */
        bool asks_amount;         /* no Taken button: the amount has to be given */
        usec_t taken_ago_usec;    /* >= 0: this medication was taken so long ago, below its interval: "check first",
                                     no Taken button; -1: not */
        unsigned reminders;       /* how many reminders so far: when it grows, the notification alerts anew */
};

enum notify_answer {
        NOTIFY_TAKEN,
        NOTIFY_SNOOZE,
        NOTIFY_SKIP,
        _NOTIFY_ANSWER_MAX,
};

/* A button was pressed: for these doses, each of which the notification had named. Doses that are not open any more are
 * the handler's to refuse. */
typedef void (*notify_handler)(void *userdata, enum notify_answer answer, const char *const *dose_ids, size_t n_ids);

/*
 * The bus stays the caller's; it is attached to an event loop. `memory_path` names a small file (mode 0600, in the runtime
 * folder) that remembers which ids are up on which server, so that after a crash the next start takes down what the dead
 * process left with dead buttons; NULL: nothing is remembered. Returns 0 or a negative errno.
 */
int notify_new(sd_bus *bus, const char *memory_path, notify_handler handler, void *userdata, struct notify **ret);

/* Takes down everything that is up (its buttons would be dead), without waiting for the answers, then frees. To be called
 * before the loop ends: sd-bus closes an attached bus then. The handler may call it. */
struct notify *notify_free(struct notify *notify);
DEFINE_CLEANUP(struct notify *, notify_free);

/*
 * Says which notifications should be up. Never waits: calls go out asynchronously, and a server that is slow, gone or
 * comes back is caught up with. Returns 0 or a negative errno (then the old wish stays).
 */
int notify_set_doses(struct notify *notify, const struct notify_dose *doses, size_t n_doses);

/*
 * A notice without buttons that stays until it is replaced by the same key or taken back (text NULL): the
 * daemon's own troubles, doses that passed unattended. The texts must be clean UTF-8.
 */
int notify_set_notice(struct notify *notify, const char *key, const char *title, const char *text, bool critical);

/* Nothing is unanswered and what is up agrees with the wish (or there is no server). For a clean stop, and tests. */
bool notify_is_settled(const struct notify *notify);
