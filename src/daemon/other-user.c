/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What another Unix user may read or run. */
#include "daemon/other-user.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "dosed/error.h"
#include "dosed/text.h"

void other_user_done(struct other_user *other) {
        free(other->groups);
        *other = (struct other_user){};
}

int other_user_find(const char *user, struct other_user *ret) {
        const struct passwd *entry = getpwnam(user);
        _cleanup_(other_user_done) struct other_user other = {};

        if (!entry)
                return OTHER_USER_UNKNOWN;
        other.uid = entry->pw_uid;
        other.n_groups = NGROUPS_MAX;
        other.groups = calloc(NGROUPS_MAX, sizeof(*other.groups));
        if (!other.groups)
                return -ENOMEM;
        if (getgrouplist(user, entry->pw_gid, other.groups, &other.n_groups) < 0)
                return -E2BIG;

        *ret = other;
        other = (struct other_user){};
        return 0;
}

static bool is_in_group(const struct other_user *other, gid_t gid) {
        for (int i = 0; i < other->n_groups; i++)
                if (other->groups[i] == gid)
                        return true;
        return false;
}

static bool is_open(const struct other_user *other, const char *path, int mode) {
        struct stat st;
        mode_t bits;

        if (stat(path, &st) < 0 || getxattr(path, "system.posix_acl_access", NULL, 0) > 0)
                return true;
        bits = st.st_uid == other->uid ? st.st_mode >> 6 : is_in_group(other, st.st_gid) ? st.st_mode >> 3 : st.st_mode;
        return bits & (mode_t) mode;
}

/* Each folder of the path, the highest first, and then what it names. */
static int walk(const struct other_user *other, const char *path, int mode, char **ret) {
        const char *slash = path;

        do {
                _cleanup_(free_p) char *folder = strndup(path, slash > path ? (size_t) (slash - path) : 1);

                if (!folder)
                        return -ENOMEM;
                if (!is_open(other, folder, X_OK)) {
                        *ret = TAKE(folder);
                        return 0;
                }
                slash = strchr(slash + 1, '/');
        } while (slash);
        return is_open(other, path, mode) ? 0 : text_copy(path, ret);
}

int other_user_obstacle(const struct other_user *other, const char *path, int mode, char **ret) {
        _cleanup_(free_p) char *real = realpath(path, NULL), *found = NULL;
        int r;

        r = walk(other, path, mode, &found);
        if (r >= 0 && !found && real)
                r = walk(other, real, mode, &found);
        if (r >= 0)
                *ret = TAKE(found);
        return r;
}
