/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A person's plan files: what changed is read, what is broken or cannot be read keeps its last good version. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "engine/intake.h"

static void plan_file_free(struct plan_file *file) {
        free(file->path);
        calendar_free(file->calendar);
        free(file->trouble);
        free(file);
}

void plan_done(struct plan_file **plan) {
        struct plan_file *file, *next;

        HASH_ITER(hh, *plan, file, next) {
                HASH_DEL(*plan, file);
                plan_file_free(file);
        }
}

struct plan_file *plan_find(struct plan_file *plan, const char *path) {
        struct plan_file *file;

        HASH_FIND_STR(plan, path, file);
        return file;
}

int plan_add(struct plan_file **plan, const char *path, struct plan_file **ret) {
        struct plan_file *file = calloc(1, sizeof(*file));
        const char *slash;
        int r;

        if (!file)
                return -ENOMEM;
        r = text_copy(path, &file->path);
        if (r < 0) {
                free(file);
                return r;
        }
        slash = strrchr(file->path, '/');
        file->name = slash ? slash + 1 : file->path;
        HASH_ADD_KEYPTR(hh, *plan, file->path, strlen(file->path), file);
        *ret = file;
        return 0;
}

const struct calendar *file_calendar(const struct plan_file *file) {
        if (file->calendar)
                return file->calendar;
        return file->former ? file->former->calendar : NULL;
}

/* One sentence of what is wrong with a file: its first error, and how many more. */
static int describe(const struct problems *problems, char **ret) {
        _cleanup_(free_p) char *first = NULL;
        int r;

        for (size_t i = 0; i < problems->n_items && !first; i++)
                if (problems->items[i].severity == SEVERITY_ERROR) {
                        r = problem_format(&problems->items[i], &first);
                        if (r < 0)
                                return r;
                }
        if (!first)
                return text_copy("it cannot be used", ret);
        if (problems->n_errors > 1)
                return text_format(ret, "%s (and %zu more)", first, problems->n_errors - 1);
        *ret = TAKE(first);
        return 0;
}

static int keep_bytes(struct intake *intake, const char *path, char **bytes, size_t size, const struct file_mark *mark,
                      usec_t heard_usec) {
        struct stored_file *put = reallocarray(intake->put, intake->n_put + 1, sizeof(*put));
        int r;

        if (!put)
                return -ENOMEM;
        intake->put = put;
        put[intake->n_put] = (struct stored_file){ .size = size, .mark = *mark, .heard_usec = heard_usec };
        r = text_copy(path, &put[intake->n_put].name);
        if (r < 0)
                return r;
        put[intake->n_put++].bytes = TAKE(*bytes);
        return 0;
}

static int note_disclosure(struct plan_file *file, const char *bytes, size_t size) {
        bool is_confidential;
        int r;

        r = calendar_holds_confidential(bytes, size, &is_confidential);
        if (r >= 0)
                file->is_public = !is_confidential;
        return r;
}

/* Reads a file that is new or has changed. What is wrong with it becomes its trouble. */
static int read_file(struct intake *intake, const char *folder, const struct folder_file *listed, struct plan_file *file) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(free_p) char *bytes = NULL;
        struct file_mark mark = file->seen;
        usec_t heard_usec;
        size_t size;
        int r;

        r = folder_read(folder, file->name, &bytes, &size, &mark, &problems);
        if (r < 0)
                return r;
        if (r > 0) {
                /* Only what it is itself stays as it is: a disk, a server or a shortage of descriptors may be better soon. */
                if (listed->error != 0 || (listed->is_regular && listed->mark.size <= LIMIT_FILE_BYTES)) {
                        file->seen = (struct file_mark){};
                        intake->person->is_unread = true;
                }
                return describe(&problems, &file->trouble);
        }

        file->seen = mark;
        file->digest = store_digest(bytes, size);
        r = reading_run(intake->engine, file->name, bytes, size, file->digest, intake->now_usec, &file->calendar, &problems);
        if (r < 0)
                return r;
        if (r > 0)
                return describe(&problems, &file->trouble);
        heard_usec = person_hear(intake->person, file->calendar, intake->now_usec);
        r = note_disclosure(file, bytes, size);
        return r < 0 ? r : keep_bytes(intake, file->path, &bytes, size, &mark, heard_usec);
}

/* As it was in the old plan. */
static int keep_file(struct plan_file *file) {
        file->seen = file->former->seen;
        file->digest = file->former->digest;
        file->is_public = file->former->is_public;
        return text_copy(file->former->trouble, &file->trouble);
}

static int take_file(struct intake *intake, const char *folder, const struct folder_file *listed) {
        _cleanup_(free_p) char *path = NULL;
        struct plan_file *file;
        int r;

        r = text_format(&path, "%s/%s", folder, listed->name);
        if (r < 0)
                return r;
        if (plan_find(intake->plan, path)) /* a folder that is named twice */
                return 0;
        r = plan_add(&intake->plan, path, &file);
        if (r < 0)
                return r;
        file->seen = listed->mark;

        file->former = plan_find(intake->person->plan, path);
        if (file->former && listed->error == 0 && file_mark_equal(&file->former->seen, &listed->mark))
                return keep_file(file);
        return read_file(intake, folder, listed, file);
}

/* Directly in it: folders may lie in one another, and come in another order than before. */
static bool is_in_folder(const struct plan_file *file, const char *folder) {
        size_t length = strlen(folder);

        return strncmp(file->path, folder, length) == 0 && file->path + length + 1 == file->name;
}

static bool is_removed(const struct intake *intake, const struct plan_file *old) {
        return intake->removed && strcmp(old->path, intake->removed) == 0;
}

/* A folder that cannot be looked at keeps what it had; NULL: all of them do. */
static int keep_folder(struct intake *intake, const char *folder) {
        struct plan_file *old;

        for (old = intake->person->plan; old; old = old->hh.next) {
                struct plan_file *file;
                int r;

                if ((folder && !is_in_folder(old, folder)) || is_removed(intake, old) || plan_find(intake->plan, old->path))
                        continue;
                r = plan_add(&intake->plan, old->path, &file);
                if (r < 0)
                        return r;
                file->former = old;
                r = keep_file(file);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool folder_had_plan(const struct intake *intake, const char *folder) {
        const struct plan_file *file;

        for (file = intake->person->plan; file; file = file->hh.next)
                if (is_in_folder(file, folder) && file->calendar && file->calendar->n_schedules > 0 &&
                    !is_removed(intake, file))
                        return true;
        return false;
}

static int take_folder(struct intake *intake, size_t folder) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(folder_free_p) struct folder *listed = NULL;
        const char *path = intake->person->folders[folder], *name = intake->person->name;
        bool had_plan = folder_had_plan(intake, path);
        int r;

        r = folder_list(path, &listed, &problems);
        if (r == -ENOMEM)
                return r;
        intake->person->is_unread = intake->person->is_unread || r < 0;
        if (r < 0 && !(had_plan && intake->belief == BELIEVE_ANYTHING)) {
                int q = intake_degrade(intake, path,
                                       had_plan ? "%s: the folder %s cannot be read (%s): the plan stays as it was. Bring it "
                                                  "back, or accept the loss with: dosectl plan accept"
                                                : "%s: the folder %s cannot be read (%s): make it, or correct dosed.conf",
                                       name, path, strerror(-r));
                return q < 0 ? q : keep_folder(intake, path);
        }
        if (r >= 0 && listed->n_files == 0 && had_plan && intake->belief != BELIEVE_ANYTHING) {
                int q = intake_degrade(intake, path,
                                       "%s: the folder %s is empty all at once: the plan stays as it was. Bring the files "
                                       "back, or accept the loss with: dosectl plan accept",
                                       name, path);
                return q < 0 ? q : keep_folder(intake, path);
        }

        r = 0;
        if (problems.n_errors > 0) {
                _cleanup_(free_p) char *text = NULL;

                r = describe(&problems, &text);
                if (r >= 0)
                        r = intake_degrade(intake, path, "%s: %s", name, text);
        }
        for (size_t i = 0; r >= 0 && listed && i < listed->n_files; i++)
                r = take_file(intake, path, &listed->files[i]);
        return r;
}

/*
 * The same bytes under another path: renamed, or copied and removed. The inode alone says nothing, since a new file may get that
 * of one that was removed.
 */
static bool is_renamed(const struct plan_file *old, const struct plan_file *file) {
        if (old->digest != 0 && old->digest == file->digest)
                return true;
        return old->seen.inode != 0 && old->seen.device == file->seen.device && old->seen.inode == file->seen.inode &&
               old->seen.size == file->seen.size && old->seen.mtime_nsec == file->seen.mtime_nsec;
}

/* The last good version is stored under the path; without its row there is none to move. */
static int move_stored(struct intake *intake, const struct plan_file *file) {
        _cleanup_(stored_files_done) struct stored_files stored = {};
        int r;

        r = engine_forgive_ledger(intake->engine, store_load_files(intake->engine->store, intake->person->name, &stored));
        for (size_t i = 0; r >= 0 && i < stored.n_files; i++)
                if (strcmp(stored.files[i].name, file->former->path) == 0)
                        r = keep_bytes(intake, file->path, &stored.files[i].bytes, stored.files[i].size,
                                       &stored.files[i].mark, stored.files[i].heard_usec);
        return r;
}

/* A broken file that was renamed keeps its last good version: the name is not what the person takes. */
static int find_renamed(struct intake *intake, struct plan_file *file) {
        for (struct plan_file *old = intake->person->plan; old; old = old->hh.next) {
                if (!old->calendar || plan_find(intake->plan, old->path) || !is_renamed(old, file))
                        continue;
                for (const struct plan_file *other = intake->plan; other; other = other->hh.next)
                        if (other->former == old) /* of two copies the first */
                                return 0;
                file->former = old;
                return move_stored(intake, file);
        }
        return 0;
}

int intake_take_folders(struct intake *intake) {
        struct plan_file *file;
        int r = 0;

        intake->person->is_unread = false;
        for (size_t i = 0; r >= 0 && i < intake->person->n_folders; i++)
                r = take_folder(intake, i);
        for (file = intake->plan; r >= 0 && file; file = file->hh.next)
                if (file->trouble && !file->former)
                        r = find_renamed(intake, file);
        return r;
}

int intake_keep_folders(struct intake *intake) {
        plan_done(&intake->plan);
        return keep_folder(intake, NULL);
}

int plan_take_stored(struct engine *engine, const char *person, usec_t now_usec, struct plan_file **plan) {
        _cleanup_(stored_files_done) struct stored_files stored = {};
        int r;

        r = store_load_files(engine->store, person, &stored);
        for (size_t i = 0; r >= 0 && i < stored.n_files; i++) {
                _cleanup_(problems_done) struct problems problems = {};
                const struct stored_file *from = &stored.files[i];
                struct plan_file *file;

                r = plan_add(plan, from->name, &file);
                if (r < 0)
                        return r;
                file->seen = from->mark;
                file->digest = store_digest(from->bytes, from->size);
                r = reading_run(engine, file->name, from->bytes, from->size, file->digest, now_usec, &file->calendar,
                                &problems);
                if (r == 0) {
                        (void) person_hear(NULL, file->calendar, from->heard_usec);
                        r = note_disclosure(file, from->bytes, from->size);
                } else if (r > 0)
                        r = describe(&problems, &file->trouble);
        }
        return r;
}
