/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What another Unix user may read or run, by owner, group and mode alone: for root to look before a service of that user does.
 * Where a file has an access list, nothing is held against it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct other_user {
        uid_t uid;
        gid_t *groups;
        int n_groups;
};

enum other_user_outcome { OTHER_USER_UNKNOWN = 1 /* the machine has no such user */ };

/* Returns 0, OTHER_USER_UNKNOWN or a negative errno. */
int other_user_find(const char *user, struct other_user *ret);
void other_user_done(struct other_user *other);

/*
 * What keeps that user from `path`, which is absolute: a folder above it, or itself. `mode` is R_OK or X_OK. NULL: nothing,
 * or it is not there. Returns 0 or a negative errno; the caller frees.
 */
int other_user_obstacle(const struct other_user *other, const char *path, int mode, char **ret);
