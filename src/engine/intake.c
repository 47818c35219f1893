/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a person's folders to a new plan: one schedule per UID, and what lost too much at once is not believed. */
#include <stdarg.h>
#include <string.h>

#include "dosed/text.h"
#include "engine/intake.h"

static void drop_versions(struct intake *intake) {
        for (size_t i = 0; i < intake->n_put; i++) {
                free(intake->put[i].name);
                free(intake->put[i].bytes);
        }
        free(intake->put);
        free(intake->schedules);
        intake->put = NULL;
        intake->schedules = NULL;
        intake->n_put = intake->n_schedules = 0;
}

static void intake_done(struct intake *intake) {
        drop_versions(intake);
        plan_done(&intake->plan);
        free(intake->remove);
}

int intake_degrade(struct intake *intake, const char *what, const char *format, ...) {
        _cleanup_(free_p) char *text = NULL, *clean = NULL;
        va_list arguments;
        int r;

        if (!format)
                return person_set_degraded(intake->engine, intake->person, what, NULL);

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0) {
                text = NULL;
                return -ENOMEM;
        }
        r = text_clean(text, &clean);
        return r < 0 ? r : person_set_degraded(intake->engine, intake->person, what, clean);
}

/* A schedule and where it stands. */
struct version {
        const struct schedule *schedule;
        const char *path;
};

static int compare_versions(const void *a, const void *b) {
        const struct version *first = a, *second = b;
        int order = strcmp(first->schedule->uid, second->schedule->uid);

        if (order != 0)
                return order;
        order = schedule_compare_versions(first->schedule, second->schedule);
        return order != 0 ? order : strcmp(first->path, second->path); /* a file holds a UID once */
}

static int list_versions(struct intake *intake, struct version **ret, size_t *ret_n) {
        struct version *versions;
        const struct plan_file *file;
        size_t n = 0;

        for (file = intake->plan; file; file = file->hh.next) {
                const struct calendar *calendar = file_calendar(file);

                n += calendar ? calendar->n_schedules : 0;
        }
        versions = calloc(n + 1, sizeof(*versions));
        if (!versions)
                return -ENOMEM;

        n = 0;
        for (file = intake->plan; file; file = file->hh.next) {
                const struct calendar *calendar = file_calendar(file);

                for (size_t i = 0; calendar && i < calendar->n_schedules; i++)
                        versions[n++] = (struct version){ calendar->schedules[i], file->path };
        }
        qsort(versions, n, sizeof(*versions), compare_versions);
        *ret = versions;
        *ret_n = n;
        return 0;
}

/* A calendar may hold other things than medicines too. */
static bool counts(const struct person *person, const struct schedule *schedule) {
        return !person->category || schedule_has_category(schedule, person->category);
}

/* The newest version of a UID decides, also where it has lost the category. */
static void drop_other_things(struct intake *intake) {
        size_t kept = 0;

        for (size_t i = 0; i < intake->n_schedules; i++)
                if (counts(intake->person, intake->schedules[i]))
                        intake->schedules[kept++] = intake->schedules[i];
        intake->n_schedules = kept;
}

static int report_category(struct intake *intake, size_t n_versions) {
        if (!intake->person->category || intake->n_schedules > 0 || n_versions == 0)
                return intake_degrade(intake, "category", NULL);
        return intake_degrade(intake, "category",
                              "%s: none of the %zu entries has the category '%s', which dosed.conf asks for: none of "
                              "them counts. Give it to the medicines, or mend dosed.conf",
                              intake->person->name, n_versions, intake->person->category);
}

/* `counts` holds the UID, and `other` does not count. */
static int report_doubled(struct intake *intake, const struct version *counts, const struct version *other, size_t n_more) {
        bool changes = counts->schedule->has_master && !other->schedule->has_master;
        const char *name = intake->person->name;
        char more[64] = "";

        if (n_more > 0)
                (void) snprintf(more, sizeof(more), ", and %zu more like it", n_more);
        if (changes)
                return intake_degrade(intake, "doubled",
                                      "%s: %s changes single doses of an entry that %s holds: that does not count. Change them "
                                      "there, and remove the other%s",
                                      name, other->path, counts->path, more);
        return intake_degrade(intake, "doubled", "%s: %s and %s hold the same UID: only that in %s counts. Remove the other%s",
                              name, counts->path, other->path, counts->path, more);
}

/* All schedules of all files, one per UID: the whole, then the newest SEQUENCE, then the newest DTSTAMP, then the first path. */
static int merge(struct intake *intake) {
        _cleanup_(free_p) struct version *versions = NULL;
        const struct version *kept = NULL, *doubled = NULL, *counts = NULL;
        size_t n, n_more = 0;
        int r;

        r = list_versions(intake, &versions, &n);
        if (r < 0)
                return r;
        intake->schedules = calloc(n + 1, sizeof(*intake->schedules));
        if (!intake->schedules)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++) {
                if (!kept || strcmp(kept->schedule->uid, versions[i].schedule->uid) != 0) {
                        kept = &versions[i];
                        intake->schedules[intake->n_schedules++] = kept->schedule;
                } else if (!doubled) {
                        doubled = &versions[i];
                        counts = kept;
                } else
                        n_more++;
        }
        drop_other_things(intake);
        r = report_category(intake, n);
        if (r < 0)
                return r;

        return doubled ? report_doubled(intake, counts, doubled, n_more) : intake_degrade(intake, "doubled", NULL);
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

static bool calendar_has(const struct calendar *calendar, const struct schedule *schedule) {
        for (size_t i = 0; i < calendar->n_schedules; i++)
                if (calendar->schedules[i] == schedule)
                        return true;
        return false;
}

/* All that is in force of it stood in the file that somebody had removed. */
static bool was_removed(const struct intake *intake, const struct medication *medication) {
        const struct plan_file *file = intake->removed ? plan_find(intake->person->plan, intake->removed) : NULL;

        if (!file || !file->calendar)
                return false;
        for (size_t i = 0; i < medication->n_slots; i++)
                if (!calendar_has(file->calendar, medication->slots[i]->schedule))
                        return false;
        return true;
}

/* It is left out because dosed.conf says so now. */
static bool is_other_thing(const struct intake *intake, const struct medication *medication) {
        for (size_t i = 0; i < medication->n_slots; i++)
                if (counts(intake->person, medication->slots[i]->schedule))
                        return false;
        return true;
}

static int is_believable(struct intake *intake, bool *ret) {
        const struct medication *medication;
        size_t n = 0, n_lost = 0;

        for (medication = intake->person->medications; medication; medication = medication->hh.next) {
                if (was_removed(intake, medication) || is_other_thing(intake, medication))
                        continue;
                n++;
                n_lost += is_lost(intake, medication);
        }

        *ret = intake->belief == BELIEVE_ANYTHING || n_lost * 2 <= n;
        if (*ret)
                return intake_degrade(intake, "plan", NULL);
        return intake_degrade(intake, "plan",
                              "%s: %zu of %zu medications are gone all at once: the plan stays as it was. Bring the files "
                              "back, or accept the loss with: dosectl plan accept",
                              intake->person->name, n_lost, n);
}

static int report_files(struct intake *intake) {
        const struct plan_file *file;
        int r = 0;

        for (file = intake->plan; r >= 0 && file; file = file->hh.next)
                if (file->trouble)
                        r = intake_degrade(intake, file->path, "%s: %s; %s", intake->person->name, file->trouble,
                                           file_calendar(file) ? "its last good version stays in force" :
                                                                 "nothing of it is in force");
        return r;
}

static int find_removed(struct intake *intake) {
        const struct plan_file *old;

        intake->remove = calloc(HASH_COUNT(intake->person->plan) + 1, sizeof(*intake->remove));
        if (!intake->remove)
                return -ENOMEM;
        for (old = intake->person->plan; old; old = old->hh.next)
                if (!plan_find(intake->plan, old->path))
                        intake->remove[intake->n_remove++] = old->path;
        return 0;
}

/* The new plan takes the calendars of unchanged files over; the old one goes, with what it alone held. */
static void swap_plans(struct intake *intake) {
        struct plan_file *old = intake->person->plan, *file;

        for (file = intake->plan; file; file = file->hh.next) {
                if (!file->calendar && file->former)
                        file->calendar = TAKE(file->former->calendar);
                file->former = NULL;
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

/* Where the rest is not believed, the one removal that somebody asked for still is. */
static int take_removal(struct intake *intake) {
        int r;

        drop_versions(intake);
        r = intake_keep_folders(intake);
        return r < 0 ? r : merge(intake);
}

static int run(struct intake *intake) {
        bool believable;
        int r;

        person_begin_degraded(intake->engine, intake->person);
        r = intake_take_folders(intake);
        if (r >= 0)
                r = merge(intake);
        if (r >= 0)
                r = is_believable(intake, &believable);
        if (r >= 0)
                r = report_files(intake);
        if (r < 0)
                return r;
        /* What lay in files, folders and links that are gone, or not the person's any more, is no trouble any more. */
        person_end_degraded(intake->engine, intake->person);
        if (!believable && !(intake->removed && plan_find(intake->person->plan, intake->removed)))
                return 0;
        if (!believable)
                r = take_removal(intake);
        if (r >= 0)
                r = find_removed(intake);
        return r < 0 ? r : adopt(intake);
}

int person_reload(struct engine *engine, struct person *person, enum engine_belief belief, usec_t now_usec) {
        _cleanup_(intake_done) struct intake intake = {
                .engine = engine, .person = person, .belief = belief, .now_usec = now_usec,
        };

        return run(&intake);
}

int engine_reload_without(struct engine *engine, const char *name, const char *path, usec_t now_usec) {
        _cleanup_(intake_done) struct intake intake = {
                .engine = engine, .person = engine_find_person(engine, name), .removed = path, .now_usec = now_usec,
        };
        int r;

        if (!intake.person)
                return ENGINE_NO_SUCH_PERSON;
        r = run(&intake);
        return r < 0 ? r : engine_finish(engine, now_usec);
}

bool engine_is_unread(const struct engine *engine) {
        for (size_t i = 0; i < engine->n_people; i++)
                if (engine->people[i]->is_unread)
                        return true;
        return false;
}

/* The plan as the store holds it is in force until the folders were looked at. */
int person_load_plan(struct engine *engine, struct person *person, usec_t now_usec) {
        _cleanup_(intake_done) struct intake intake = {
                .engine = engine, .person = person, .now_usec = now_usec,
        };
        int r;

        r = engine_forgive_ledger(engine, plan_take_stored(engine, person->name, now_usec, &intake.plan));
        if (r >= 0)
                r = merge(&intake);
        if (r < 0)
                return r;
        r = person_set_schedules(engine, person, intake.schedules, intake.n_schedules, person->mark_usec, now_usec);
        swap_plans(&intake);
        return r;
}
