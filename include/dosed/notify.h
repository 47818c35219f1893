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

/* Why it is to be checked before it is taken: then there is no Taken button. */
enum notify_check {
        NOTIFY_CHECK_NOTHING,
        NOTIFY_CHECK_TAKEN,       /* this medication was taken `taken_ago_usec` ago, below its interval */
        NOTIFY_CHECK_TAKEN_AHEAD, /* it is recorded as taken at a time that has not come yet: a clock was wrong, or is */
        NOTIFY_CHECK_RECORD_LOST, /* the ledger was lost: it may have been taken already */
        _NOTIFY_CHECK_MAX,
};

/* One reminded, open dose. All texts are clean UTF-8. They are copied. */
struct notify_dose {
        const char *id;           /* the dose's id */
        const char *person;       /* NULL where there is only one person: then nobody is named */
        const char *title;        /* "Lisinopril 10 mg"; a confidential dose: NULL */
        const char *amount;       /* "1 tablet", or NULL */
        const char *instructions; /* NULL; may have several lines */
        const char *if_missed;    /* the leaflet's rule, shown once it is late; or NULL */
        const char *due_text;     /* due time on the person's clock: "08:00", with its day where that is another one */
        usec_t group_usec;        /* doses of one person with the same value are one notification */
        bool stands_alone;        /* never grouped: critical, weekly, or asking for an amount */
        bool critical;            /* urgency critical, never expires */
        bool upcoming;            /* an alarm ahead of its due time */
        bool late;                /* the last reminder came when it had been due for a while */
        bool takeable;            /* taking it now would be accepted; else no Taken button */
        bool asks_amount;         /* no Taken button: the amount has to be given */
        enum notify_check check;
        usec_t taken_ago_usec;    /* NOTIFY_CHECK_TAKEN */
        unsigned reminders;       /* how many reminders so far: when it grows, the notification alerts anew */
};

enum notify_answer {
        NOTIFY_TAKEN,
        NOTIFY_SNOOZE,
        NOTIFY_SKIP,
        _NOTIFY_ANSWER_MAX,
};

/* What people do with what is up. Each may free the room. */
struct notify_handlers {
        /* A button was pressed: for these doses, each of which the notification had named. Doses that are not open any more
         * are the handler's to refuse. */
        void (*answered)(void *userdata, enum notify_answer answer, const char *const *dose_ids, size_t n_ids);
        /* A button was pressed while its notification was being taken down: nothing was answered. */
        void (*too_late)(void *userdata, enum notify_answer answer, const char *const *dose_ids, size_t n_ids);
        /* A notice was closed by the person as it is now: it has been read. It stays wished until it is taken back. */
        void (*dismissed)(void *userdata, const char *key);
};

/*
 * The bus and the handlers stay the caller's; the bus is attached to an event loop. `memory_path` names a small file
 * (mode 0600, in the runtime folder) that remembers which ids are up on which server, so that after a crash the next
 * start takes down what the dead process left with dead buttons; NULL: nothing is remembered. Returns 0 or a negative
 * errno.
 */
int notify_new(sd_bus *bus, const char *memory_path, const struct notify_handlers *handlers, void *userdata,
               struct notify **ret);

/* Takes down everything that is up (its buttons would be dead), without waiting for the answers, then frees. To be called
 * before the loop ends: sd-bus closes an attached bus then. */
struct notify *notify_free(struct notify *notify);
DEFINE_CLEANUP(struct notify *, notify_free);

/*
 * Says which notifications should be up. Never waits: calls go out asynchronously, and a server that is slow, gone or
 * comes back is caught up with. Returns 0 or a negative errno (then the old wish stays).
 */
int notify_set_doses(struct notify *notify, const struct notify_dose *doses, size_t n_doses);

/* Something to read, without buttons: the daemon's own troubles, doses that passed unattended. The texts are clean UTF-8. */
struct notify_notice {
        const char *key;
        const char *title, *text; /* text NULL: it is taken back */
        bool critical;
        bool quietly; /* it only says less than before: no reason to alert anew, or to show again what was closed */
};

/* It stays until it is replaced by the same key or taken back. They are copied. */
int notify_set_notice(struct notify *notify, const struct notify_notice *notice);

/* Nothing is unanswered and what is up agrees with the wish (or there is no server). For a clean stop, and tests. */
bool notify_is_settled(const struct notify *notify);
