/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that remembers which doses nobody has read about yet, for the process that comes after this one. */
#pragma once

#include "dosed/unread.h"

/* The ids only, each with an empty text, and how many there were before them; nothing where there is no such file, or it is not
 * one that was written here. `ret` starts zeroed. Returns 0 or a negative errno. */
int unread_recall(const char *path, struct unread *ret);

/* Replaces the file, mode 0600; without lines, removes it. Returns 0 or a negative errno. */
int unread_remember(const char *path, const struct unread *unread);
