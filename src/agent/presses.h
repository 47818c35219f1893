/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buttons on their way to dosed, and how they ended in plain words. */
#pragma once

#include "agent/dosed.h"
#include "dosed/error.h"
#include "dosed/unread.h"

struct presses;

struct presses_observer {
        /* It is answered. Where the dose stays open and its notification went with the press, it is to be shown anew. */
        void (*ended)(void *userdata, bool is_to_be_shown_anew);
};

/* What is to be told is put into `refused`, by the path of the dose. All of it stays the caller's. Returns 0 or -ENOMEM. */
int presses_new(struct dosed *dosed, struct unread *refused, const struct presses_observer *observer, void *userdata,
                struct presses **ret);
struct presses *presses_free(struct presses *presses);
DEFINE_CLEANUP(struct presses *, presses_free);

/* `name` is how the dose is called. The same button of the same dose again does nothing while it is under way. Returns 0 or a
 * negative errno. */
int presses_begin(struct presses *presses, const char *path, const char *name, enum notify_answer answer);

/* It did what it says, not long ago. */
bool presses_did(const struct presses *presses, const char *path, enum notify_answer answer);
