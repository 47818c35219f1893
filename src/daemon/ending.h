/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the run before this one ended: only one that was stopped takes its marks away. Why another ended is not known here. */
#pragma once

struct daemon_places;

enum ending {
        ENDING_STOPPED,   /* as asked; or there never was one */
        ENDING_BROKE_OFF, /* it crashed, was killed, or lost its bus */
        ENDING_POWER_CUT, /* and so did the machine, or the login */
        _ENDING_MAX,
};

/*
 * Looks at the marks of the former run, and leaves those of this one in its place, if the disk lets it. The folders are there by
 * now. Returns 0 or -ENOMEM.
 */
int ending_begin(const struct daemon_places *places, enum ending *ret);
/* This run ends as asked. */
void ending_stop(const struct daemon_places *places);
/* What to say of it: a sentence without its stop; NULL of one that was stopped. */
const char *ending_sentence(enum ending ending);
