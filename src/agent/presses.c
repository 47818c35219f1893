/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call each, without waiting. */
#include <string.h>

#include "agent/presses.h"
#include "dosed/limits.h"
#include "dosed/log.h"
#include "dosed/text.h"

#define ERROR "org.dosed.Dosed1.Error."
#define BUS_ERROR "org.freedesktop.DBus.Error."

#define WORDS_ABSENT "since dosed is not running. Its reminder comes back with it"

/* One button, from the press to the answer; then it is remembered for a while. */
struct pending {
        struct presses *presses;
        sd_bus_slot *slot; /* NULL: answered */
        char *path, *name;
        enum notify_answer answer;
};

struct presses {
        struct dosed *dosed;
        struct unread *refused;
        const struct presses_observer *observer;
        void *userdata;

        struct pending *items[LIMIT_AGENT_PRESSES];
        size_t n_items;
        struct {
                char *path;
                enum notify_answer answer;
        } done[LIMIT_NOTIFY_WITHDRAWN]; /* each of them could be pressed once more while it is taken down */
        size_t next_done;
};

/* How an error of dosed, or of the bus, is told. Where nothing is said here, dosed's own words are it. */
static const struct refusal {
        const char *name;
        enum press_end end;
        const char *said;
        bool stays_open; /* and was closed by the press */
} refusals[] = {
        { ERROR "TooSoon", PRESS_REFUSED, NULL, false },
        { ERROR "TooEarly", PRESS_REFUSED, NULL, false },
        { ERROR "TooLate", PRESS_TOO_LATE, NULL, false },
        { ERROR "LimitReached", PRESS_REFUSED, NULL, false },
        { ERROR "NotOpen", PRESS_REFUSED, NULL, false },
        { ERROR "BadOption", PRESS_REFUSED, NULL, false },
        { ERROR "Degraded", PRESS_IN_VAIN, NULL, true },
        { ERROR "NoSuchDose", PRESS_REFUSED, "since the plan does not hold it any more", false },
        { ERROR "NoSuchPerson", PRESS_REFUSED, "since dosed does not look after this person any more", false },
        { BUS_ERROR "UnknownObject", PRESS_REFUSED, "since the plan does not hold it any more", false },
        { BUS_ERROR "AccessDenied", PRESS_IN_VAIN, "since this user may not: who may is set in dosed.conf", false },
        { BUS_ERROR "ServiceUnknown", PRESS_IN_VAIN, WORDS_ABSENT, true },
        { BUS_ERROR "NameHasNoOwner", PRESS_IN_VAIN, WORDS_ABSENT, true },
};

static const struct refusal *refusal_of(const char *name) {
        static const struct refusal unknown = { "", PRESS_FAILED, NULL, true };

        for (size_t i = 0; i < ELEMENTS(refusals); i++)
                if (strcmp(refusals[i].name, name) == 0)
                        return &refusals[i];
        return &unknown;
}

static void pending_free(struct pending *pending) {
        sd_bus_slot_unref(pending->slot);
        free(pending->path);
        free(pending->name);
        free(pending);
}

static void presses_drop(struct presses *presses, struct pending *pending) {
        for (size_t i = 0; i < presses->n_items; i++)
                if (presses->items[i] == pending) {
                        presses->items[i] = presses->items[--presses->n_items];
                        break;
                }
        pending_free(pending);
}

static void presses_remember(struct presses *presses, struct pending *pending) {
        free(presses->done[presses->next_done].path);
        presses->done[presses->next_done].path = TAKE(pending->path);
        presses->done[presses->next_done].answer = pending->answer;
        presses->next_done = (presses->next_done + 1) % ELEMENTS(presses->done);
}

/* In the middle of a sentence, behind a comma. */
static int as_clause(const char *said, char **ret) {
        int r;

        r = text_clean(said, ret);
        if (r >= 0 && (*ret)[0] >= 'A' && (*ret)[0] <= 'Z' && (*ret)[1] >= 'a' && (*ret)[1] <= 'z')
                (*ret)[0] |= 0x20;
        return r;
}

/* The answer of Confirm and Skip: what a person should know although it was recorded. NULL: nothing. */
static int read_warning(sd_bus_message *message, char **ret) {
        _cleanup_(free_p) char *warning = NULL;
        int is_durable = 1, r;

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                const char *key, *contents, *text;

                r = sd_bus_message_read_basic(message, 's', &key);
                if (r >= 0)
                        r = sd_bus_message_peek_type(message, NULL, &contents);
                if (r < 0)
                        return r;
                if (strcmp(key, "warning") == 0 && text_equal(contents, "s")) {
                        r = sd_bus_message_read(message, "v", "s", &text);
                        if (r >= 0)
                                r = text_set(&warning, text);
                } else if (strcmp(key, "durable") == 0 && text_equal(contents, "b"))
                        r = sd_bus_message_read(message, "v", "b", &is_durable);
                else
                        r = sd_bus_message_skip(message, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        if (r < 0)
                return r;
        if (!warning && !is_durable)
                return text_copy("recorded, but the ledger cannot be written now. Please see dosectl status", ret);
        return warning ? as_clause(warning, ret) : 0;
}

static int tell(struct presses *presses, const struct pending *pending, enum press_end end, const char *said) {
        return unread_put_press(presses->refused, pending->path, pending->name,
                                &(struct press){ .answer = pending->answer, .end = end, .said = said });
}

static int tell_refused(struct presses *presses, const struct pending *pending, const sd_bus_error *error,
                        bool *ret_stays_open) {
        const struct refusal *refusal = refusal_of(error->name);
        _cleanup_(free_p) char *said = NULL;
        int r;

        if (refusal->end == PRESS_FAILED)
                log_warning("A button could not be acted on: %s", error->name);
        r = as_clause(refusal->said ? refusal->said : error->message ? error->message : "dosed refused it", &said);
        if (r < 0)
                return r;
        *ret_stays_open = refusal->stays_open;
        return tell(presses, pending, refusal->end, said);
}

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct pending *pending = userdata;
        struct presses *presses = pending->presses;
        _cleanup_(free_p) char *warning = NULL;
        bool stays_open = false;
        int r = 0;

        (void) error;
        unread_remove(presses->refused, pending->path);
        if (sd_bus_message_is_method_error(message, NULL))
                r = tell_refused(presses, pending, sd_bus_message_get_error(message), &stays_open);
        else {
                if (pending->answer != NOTIFY_SNOOZE)
                        r = read_warning(message, &warning);
                if (r >= 0)
                        r = tell(presses, pending, PRESS_DONE, warning);
                presses_remember(presses, pending);
        }
        if (r < 0)
                log_error("What became of a button could not be told: %s", strerror(-r));
        presses_drop(presses, pending);
        presses->observer->ended(presses->userdata, stays_open);
        return 0;
}

static bool is_under_way(const struct presses *presses, const char *path, enum notify_answer answer) {
        for (size_t i = 0; i < presses->n_items; i++)
                if (presses->items[i]->answer == answer && strcmp(presses->items[i]->path, path) == 0)
                        return true;
        return false;
}

/* Returns as dosed_answer(); the pending one is then the presses'. */
static int send(struct presses *presses, struct pending *pending) {
        int r;

        if (presses->n_items == ELEMENTS(presses->items))
                return -EBUSY;
        r = dosed_answer(presses->dosed, pending->path, pending->answer, on_answer, pending, &pending->slot);
        if (r >= 0)
                presses->items[presses->n_items++] = pending;
        return r < 0 ? r : 0;
}

int presses_begin(struct presses *presses, const char *path, const char *name, enum notify_answer answer) {
        struct pending *pending;
        int r;

        if (is_under_way(presses, path, answer))
                return 0;
        pending = calloc(1, sizeof(*pending));
        if (!pending)
                return -ENOMEM;
        pending->presses = presses;
        pending->answer = answer;
        r = text_copy(path, &pending->path);
        if (r >= 0)
                r = text_copy(name, &pending->name);
        if (r >= 0) {
                r = send(presses, pending);
                if (r == 0)
                        return 0;
                r = r == -ENOTCONN ? tell(presses, pending, PRESS_IN_VAIN, WORDS_ABSENT)
                                   : tell(presses, pending, PRESS_FAILED, NULL);
        }
        pending_free(pending);
        if (r >= 0)
                presses->observer->ended(presses->userdata, true);
        return r;
}

bool presses_did(const struct presses *presses, const char *path, enum notify_answer answer) {
        for (size_t i = 0; i < ELEMENTS(presses->done); i++)
                if (presses->done[i].path && presses->done[i].answer == answer &&
                    strcmp(presses->done[i].path, path) == 0)
                        return true;
        return false;
}

int presses_new(struct dosed *dosed, struct unread *refused, const struct presses_observer *observer, void *userdata,
                struct presses **ret) {
        struct presses *presses = calloc(1, sizeof(*presses));

        if (!presses)
                return -ENOMEM;
        presses->dosed = dosed;
        presses->refused = refused;
        presses->observer = observer;
        presses->userdata = userdata;
        *ret = presses;
        return 0;
}

struct presses *presses_free(struct presses *presses) {
        if (!presses)
                return NULL;
        while (presses->n_items > 0)
                pending_free(presses->items[--presses->n_items]);
        for (size_t i = 0; i < ELEMENTS(presses->done); i++)
                free(presses->done[i].path);
        free(presses);
        return NULL;
}
