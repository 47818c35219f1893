/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to say of a plan file: why it is not in force, for who has just put or removed it; who may see it. */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

static int copy_folder(const char *path, char **ret) {
        const char *slash = strrchr(path, '/');

        return text_format(ret, "%.*s", slash ? (int) (slash - path) : 0, path);
}

/* Of the person's whole plan, else of the folder; NULL. */
static const char *find_plan_trouble(const struct engine *engine, const struct person *person, const char *folder) {
        const char *trouble = person_degraded(engine, person, "plan");

        return trouble ? trouble : person_degraded(engine, person, folder);
}

/* What lies there is what was read: whatever else is wrong with the plan or the folder is not about it. */
static int is_as_read(const struct plan_file *file, const char *folder, bool *ret) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(free_p) char *bytes = NULL;
        struct file_mark mark;
        size_t size;
        int r;

        if (!file || !file->calendar || file->trouble) {
                *ret = false;
                return 0;
        }
        r = folder_read(folder, file->name, &bytes, &size, &mark, &problems);
        if (r < 0)
                return r;
        *ret = r == 0 && store_digest(bytes, size) == file->digest;
        return 0;
}

/* A schedule that another file holds in a newer version. */
static int explain_schedules(const struct person *person, const struct plan_file *file, char **ret) {
        for (size_t i = 0; file->calendar && i < file->calendar->n_schedules; i++) {
                const struct schedule *schedule = file->calendar->schedules[i];
                const struct slot *slot = person_find_slot(person, schedule->uid);

                if (!slot || slot->schedule != schedule)
                        return text_format(ret,
                                           "%s: another file, %s, holds the same UID in a newer version: remove it there, or "
                                           "give this one a higher SEQUENCE",
                                           person->name, slot ? slot->schedule->file : "?");
        }
        *ret = NULL;
        return 0;
}

int engine_explain_file(const struct engine *engine, const char *name, const char *path, bool is_removed,
                        char **ret_reason) {
        const struct person *person = engine_find_person(engine, name);
        const struct plan_file *file = person ? plan_find(person->plan, path) : NULL;
        _cleanup_(free_p) char *folder = NULL;
        const char *trouble;
        bool as_read;
        int r;

        if (!person)
                return text_format(ret_reason, "%s is not looked after any more", name);
        r = copy_folder(path, &folder);
        if (r < 0)
                return r;
        trouble = find_plan_trouble(engine, person, folder);
        if (is_removed)
                return text_copy(!file ? NULL : trouble ? trouble : "the plan stays as it was: see dosectl status", ret_reason);
        r = is_as_read(file, folder, &as_read);
        if (r < 0)
                return r;
        if (as_read)
                return explain_schedules(person, file, ret_reason);
        if (!trouble)
                trouble = person_degraded(engine, person, path);
        if (!trouble && !file)
                trouble = "it was not found when the folder was read: see dosectl status";
        if (trouble)
                return text_copy(trouble, ret_reason);
        return explain_schedules(person, file, ret_reason);
}

enum engine_disclosure engine_file_disclosure(const struct engine *engine, const char *name, const char *path,
                                              const char *bytes, size_t size) {
        const struct person *person = engine_find_person(engine, name);
        const struct plan_file *file = person ? plan_find(person->plan, path) : NULL;

        if (!file)
                return FILE_UNKNOWN;
        if (!file->is_public || (bytes && store_digest(bytes, size) != file->digest))
                return FILE_PRIVATE;
        return FILE_PUBLIC;
}

bool engine_uid_is_private(const struct engine *engine, const char *name, const char *uid) {
        const struct person *person = engine_find_person(engine, name);
        const struct slot *slot = person ? person_find_slot(person, uid) : NULL;

        return slot && schedule_has_private(slot->schedule);
}
