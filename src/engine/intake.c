/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a person's folders to a new plan: what changed is read, what is broken keeps its last good version, and what lost
 * too much at once is not believed. */
#include <stdarg.h>
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

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

static struct plan_file *plan_find(struct plan_file *plan, const char *path) {
        struct plan_file *file;

        HASH_FIND_STR(plan, path, file);
        return file;
}

static int plan_add(struct plan_file **plan, const char *path, struct plan_file **ret) {
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

/* A reload while it is being put together. Calendars of unchanged files stay in the old plan until it is believed. */
struct intake {
        struct engine *engine;
        struct person *person;
        enum engine_belief belief;
        usec_t now_usec;
        struct plan_file *plan;
        struct stored_file *put; /* files with a new good version */
        size_t n_put;
        const char **remove; /* paths in the old plan */
        size_t n_remove;
        const struct schedule **schedules;
        size_t n_schedules;
};

static void intake_done(struct intake *intake) {
        plan_done(&intake->plan);
        for (size_t i = 0; i < intake->n_put; i++) {
                free(intake->put[i].name);
                free(intake->put[i].bytes);
        }
        free(intake->put);
        free(intake->remove);
        free(intake->schedules);
}

static int __attribute__((format(printf, 3, 4))) degrade(struct intake *intake, const char *what, const char *format,
                                                         ...) {
        _cleanup_(free_p) char *key = NULL, *text = NULL, *clean = NULL;
        va_list arguments;
        int r;

        if (asprintf(&key, "%s:%s", intake->person->name, what) < 0) {
                key = NULL;
                return -ENOMEM;
        }
        if (format) {
                va_start(arguments, format);
                r = vasprintf(&text, format, arguments);
                va_end(arguments);
                if (r < 0) {
                        text = NULL;
                        return -ENOMEM;
                }
                r = text_clean(text, &clean);
                if (r < 0)
                        return r;
        }
        return engine_set_degraded(intake->engine, key, clean);
}

static int keep_bytes(struct intake *intake, const char *path, char **bytes, size_t size, const struct file_mark *mark) {
        struct stored_file *put = reallocarray(intake->put, intake->n_put + 1, sizeof(*put));
        int r;

        if (!put)
                return -ENOMEM;
        intake->put = put;
        put[intake->n_put] = (struct stored_file){ .size = size, .mark = *mark };
        r = text_copy(path, &put[intake->n_put].name);
        if (r < 0)
                return r;
        put[intake->n_put++].bytes = TAKE(*bytes);
        return 0;
}

/* Reads a file that is new or has changed. What is wrong with it becomes its trouble. */
static int read_file(struct intake *intake, const char *folder, struct plan_file *file) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(free_p) char *bytes = NULL;
        struct file_mark mark = file->seen;
        size_t size;
        int r;

        r = folder_read(folder, file->name, &bytes, &size, &mark, &problems);
        if (r == 0)
                r = reading_run(intake->engine, file->name, bytes, size, intake->now_usec, &file->calendar, &problems);
        if (r < 0)
                return r;
        file->seen = mark;
        if (r > 0)
                return describe(&problems, &file->trouble);
        return keep_bytes(intake, file->path, &bytes, size, &mark);
}

static int take_file(struct intake *intake, const char *folder, const struct folder_file *listed) {
        _cleanup_(free_p) char *path = NULL;
        const struct plan_file *old;
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

        old = plan_find(intake->person->plan, path);
        if (old && listed->error == 0 && file_mark_equal(&old->seen, &listed->mark))
                return old->trouble ? text_copy(old->trouble, &file->trouble) : 0;
        return read_file(intake, folder, file);
}

/* Directly in it: folders may lie in one another, and come in another order than before. */
static bool is_in_folder(const struct plan_file *file, const char *folder) {
        size_t length = strlen(folder);

        return strncmp(file->path, folder, length) == 0 && file->path + length + 1 == file->name;
}

/* A folder that cannot be looked at keeps what it had. */
static int keep_folder(struct intake *intake, const char *folder) {
        const struct plan_file *old;

        for (old = intake->person->plan; old; old = old->hh.next) {
                struct plan_file *file;
                int r;

                if (!is_in_folder(old, folder) || plan_find(intake->plan, old->path))
                        continue;
                r = plan_add(&intake->plan, old->path, &file);
                if (r < 0)
                        return r;
                file->seen = old->seen;
                r = text_copy(old->trouble, &file->trouble);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool folder_had_plan(const struct person *person, const char *folder) {
        const struct plan_file *file;

        for (file = person->plan; file; file = file->hh.next)
                if (is_in_folder(file, folder) && file->calendar && file->calendar->n_schedules > 0)
                        return true;
        return false;
}

static int take_folder(struct intake *intake, size_t folder) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(folder_free_p) struct folder *listed = NULL;
        const char *path = intake->person->folders[folder], *name = intake->person->name;
        bool had_plan = folder_had_plan(intake->person, path);
        int r;

        r = folder_list(path, &listed, &problems);
        if (r == -ENOMEM)
                return r;
        if (r < 0 && !(had_plan && intake->belief == BELIEVE_ANYTHING)) {
                int q = degrade(intake, path,
                                had_plan ? "%s: the folder %s cannot be read (%s): the plan stays as it was. Bring it "
                                           "back, or accept the loss with: dosectl plan accept"
                                         : "%s: the folder %s cannot be read (%s): make it, or correct dosed.conf",
                                name, path, strerror(-r));
                return q < 0 ? q : keep_folder(intake, path);
        }
        if (r >= 0 && listed->n_files == 0 && had_plan && intake->belief != BELIEVE_ANYTHING) {
                int q = degrade(intake, path,
                                "%s: the folder %s is empty all at once: the plan stays as it was. Bring the files back, "
                                "or accept the loss with: dosectl plan accept",
                                name, path);
                return q < 0 ? q : keep_folder(intake, path);
        }

        if (problems.n_errors > 0) {
                _cleanup_(free_p) char *text = NULL;

                r = describe(&problems, &text);
                if (r >= 0)
                        r = degrade(intake, path, "%s: %s", name, text);
        } else
                r = degrade(intake, path, NULL);
        for (size_t i = 0; r >= 0 && listed && i < listed->n_files; i++)
                r = take_file(intake, path, &listed->files[i]);
        return r;
}

/* What a file of the new plan says: its new version, else what the old plan has. */
static const struct calendar *file_calendar(const struct intake *intake, const struct plan_file *file) {
        const struct plan_file *old;

        if (file->calendar)
                return file->calendar;
        old = plan_find(intake->person->plan, file->path);
        return old ? old->calendar : NULL;
}

static int compare_versions(const void *a, const void *b) {
        const struct schedule *const *first = a, *const *second = b;
        int order = strcmp((*first)->uid, (*second)->uid);

        if (order != 0)
                return order;
        if ((*first)->sequence != (*second)->sequence)
                return (*first)->sequence > (*second)->sequence ? -1 : 1;
        if ((*first)->stamped_usec != (*second)->stamped_usec)
                return (*first)->stamped_usec > (*second)->stamped_usec ? -1 : 1;
        return strcmp((*first)->file, (*second)->file);
}

/* All schedules of all files, one per UID: the newest SEQUENCE, then the newest DTSTAMP. */
static int merge(struct intake *intake) {
        _cleanup_(free_p) char *doubled = NULL;
        const struct plan_file *file;
        size_t n = 0, kept = 0;
        int r;

        for (file = intake->plan; file; file = file->hh.next) {
                const struct calendar *calendar = file_calendar(intake, file);
                n += calendar ? calendar->n_schedules : 0;
        }
        intake->schedules = calloc(n + 1, sizeof(*intake->schedules));
        if (!intake->schedules)
                return -ENOMEM;

        n = 0;
        for (file = intake->plan; file; file = file->hh.next) {
                const struct calendar *calendar = file_calendar(intake, file);
                for (size_t i = 0; calendar && i < calendar->n_schedules; i++)
                        intake->schedules[n++] = calendar->schedules[i];
        }
        qsort(intake->schedules, n, sizeof(*intake->schedules), compare_versions);

        for (size_t i = 0; i < n; i++) {
                const struct schedule *schedule = intake->schedules[i], *kept_one;

                if (kept == 0 || strcmp(intake->schedules[kept - 1]->uid, schedule->uid) != 0) {
                        intake->schedules[kept++] = schedule;
                        continue;
                }
                kept_one = intake->schedules[kept - 1];
                if (!doubled) {
                        r = text_format(&doubled,
                                        "%s: %s and %s hold the same UID: only the newer one, %s, counts. Remove the other",
                                        intake->person->name, kept_one->file, schedule->file, kept_one->file);
                        if (r < 0)
                                return r;
                }
        }
        intake->n_schedules = kept;
        return doubled ? degrade(intake, "doubled", "%s", doubled) : degrade(intake, "doubled", NULL);
}

/* A medication is lost where neither any of its UIDs nor its name is left. */
static bool is_lost(const struct intake *intake, const struct medication *medication) {
        for (size_t i = 0; i < medication->n_slots; i++)
                if (find_schedule(intake->schedules, intake->n_schedules, medication->slots[i]->schedule->uid))
                        return false;
        for (size_t i = 0; i < intake->n_schedules; i++)
                if (strcmp(intake->schedules[i]->medication, medication->key) == 0)
                        return false;
        return true;
}

static int is_believable(struct intake *intake, bool *ret) {
        const struct medication *medication;
        size_t n = 0, n_lost = 0;

        for (medication = intake->person->medications; medication; medication = medication->hh.next) {
                n++;
                n_lost += is_lost(intake, medication);
        }

        *ret = intake->belief == BELIEVE_ANYTHING || n_lost * 2 <= n;
        if (*ret)
                return degrade(intake, "plan", NULL);
        return degrade(intake, "plan",
                       "%s: %zu of %zu medications are gone all at once: the plan stays as it was. Bring the files "
                       "back, or accept the loss with: dosectl plan accept",
                       intake->person->name, n_lost, n);
}

static int report_files(struct intake *intake) {
        const struct plan_file *file;
        int r = 0;

        for (file = intake->plan; r >= 0 && file; file = file->hh.next) {
                if (!file->trouble)
                        r = degrade(intake, file->path, NULL);
                else
                        r = degrade(intake, file->path, "%s: %s%s", intake->person->name, file->trouble,
                                    file_calendar(intake, file) ? "; its last good version stays in force" : "");
        }
        return r;
}

static int find_removed(struct intake *intake) {
        const struct plan_file *old;
        int r = 0;

        intake->remove = calloc(HASH_COUNT(intake->person->plan) + 1, sizeof(*intake->remove));
        if (!intake->remove)
                return -ENOMEM;
        for (old = intake->person->plan; r >= 0 && old; old = old->hh.next)
                if (!plan_find(intake->plan, old->path)) {
                        intake->remove[intake->n_remove++] = old->path;
                        r = degrade(intake, old->path, NULL);
                }
        return r;
}

/* The new plan takes the calendars of unchanged files over; the old one goes, with what it alone held. */
static void swap_plans(struct intake *intake) {
        struct plan_file *old = intake->person->plan, *file;

        for (file = intake->plan; file; file = file->hh.next) {
                struct plan_file *former = plan_find(old, file->path);

                if (!file->calendar && former)
                        file->calendar = TAKE(former->calendar);
        }
        intake->person->plan = intake->plan;
        intake->plan = old;
}

static int adopt(struct intake *intake) {
        struct plan_adoption adoption = {
                .schedules = intake->schedules,
                .n_schedules = intake->n_schedules,
                .update = {
                        .person = intake->person->name,
                        .at_usec = intake->now_usec,
                        .put = intake->put,
                        .n_put = intake->n_put,
                        .remove = intake->remove,
                        .n_remove = intake->n_remove,
                },
        };
        int r;

        r = person_adopt(intake->engine, intake->person, &adoption, intake->now_usec);
        if (adoption.is_in_force)
                swap_plans(intake);
        return r;
}

int person_reload(struct engine *engine, struct person *person, enum engine_belief belief, usec_t now_usec) {
        _cleanup_(intake_done) struct intake intake = {
                .engine = engine, .person = person, .belief = belief, .now_usec = now_usec,
        };
        bool believable;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < person->n_folders; i++)
                r = take_folder(&intake, i);
        if (r >= 0)
                r = merge(&intake);
        if (r >= 0)
                r = is_believable(&intake, &believable);
        if (r >= 0)
                r = report_files(&intake);
        if (r < 0 || !believable)
                return r;

        r = find_removed(&intake);
        if (r < 0)
                return r;
        return adopt(&intake);
}

/* The plan as the store holds it is in force until the folders were looked at. */
int person_load_plan(struct engine *engine, struct person *person, usec_t now_usec) {
        _cleanup_(stored_files_done) struct stored_files stored = {};
        _cleanup_(intake_done) struct intake intake = {
                .engine = engine, .person = person, .now_usec = now_usec,
        };
        int r;

        r = engine_forgive_ledger(engine, store_load_files(engine->store, person->name, &stored));
        if (r < 0)
                return r;
        for (size_t i = 0; i < stored.n_files; i++) {
                _cleanup_(problems_done) struct problems problems = {};
                struct plan_file *file;

                r = plan_add(&intake.plan, stored.files[i].name, &file);
                if (r < 0)
                        return r;
                file->seen = stored.files[i].mark;
                r = reading_run(engine, file->name, stored.files[i].bytes, stored.files[i].size, now_usec,
                                &file->calendar, &problems);
                if (r < 0)
                        return r;
                if (r > 0) {
                        r = describe(&problems, &file->trouble);
                        if (r < 0)
                                return r;
                }
        }

        r = merge(&intake);
        if (r < 0)
                return r;
        r = person_set_schedules(engine, person, intake.schedules, intake.n_schedules, person->mark_usec);
        swap_plans(&intake);
        return r;
}
