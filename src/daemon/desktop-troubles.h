/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The notice of what does not work. A file's name may tell the medicine to whoever sees the screen: none is in it. */
#pragma once

#include "dosed/engine.h"
#include "dosed/error.h"
#include "dosed/notify.h"

struct troubles {
        char *shown;  /* NULL: nothing */
        char **known; /* the engine's sentences, as of the last look */
        size_t n_known;
};

void troubles_done(struct troubles *troubles);

/* Sets the notice `key` where something changed; it alerts where something is new. Returns 0 or a negative errno. */
int troubles_update(struct troubles *troubles, const struct engine *engine, struct notify *notify, const char *key);
