/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a plan in the ledger and is looked after no more: a name that was changed or taken out must not silence a dose. */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

#define WHAT "/left-out"

/* A person's name holds no slash. */
static bool is_of_left_out(const char *key) {
        const char *slash = strchr(key, '/');

        return slash && strcmp(slash, WHAT) == 0;
}

static bool is_key_of(const char *key, const char *name) {
        size_t length = strlen(name);

        return strncmp(key, name, length) == 0 && strcmp(key + length, WHAT) == 0;
}

static bool is_still_so(const struct engine *engine, const struct store_names *owners, const char *key) {
        for (size_t i = 0; i < owners->n_items; i++)
                if (is_key_of(key, owners->items[i]))
                        return !engine_find_person(engine, owners->items[i]);
        return false;
}

static int say(struct engine *engine, const char *name) {
        _cleanup_(free_p) char *key = NULL, *text = NULL, *clean = NULL;
        int r;

        r = text_format(&key, "%s" WHAT, name);
        if (r >= 0)
                r = text_format(&text,
                                "%s has a plan, but is nobody of dosed.conf: no dose of %s is reminded or shown. Add "
                                "[person %s], or accept the loss with: dosectl plan accept %s",
                                name, name, name, name);
        if (r >= 0)
                r = text_clean(text, &clean);
        return r < 0 ? r : engine_set_degraded(engine, key, clean);
}

/* What is known of a ledger that cannot be read is what was known before. */
int engine_say_left_out(struct engine *engine) {
        _cleanup_(store_names_done) struct store_names owners = {};
        int r;

        r = store_list_owners(engine->store, &owners);
        if (r < 0)
                return engine_forgive_ledger(engine, r);

        for (size_t i = 0; r >= 0 && i < owners.n_items; i++)
                if (!engine_find_person(engine, owners.items[i]))
                        r = say(engine, owners.items[i]);
        for (size_t i = engine->n_degraded; r >= 0 && i > 0; i--) {
                const char *key = engine->degraded[i - 1].key;

                if (is_of_left_out(key) && !is_still_so(engine, &owners, key))
                        r = engine_set_degraded(engine, key, NULL);
        }
        return r;
}

bool engine_is_left_out(const struct engine *engine, const char *name) {
        for (size_t i = 0; i < engine->n_degraded; i++)
                if (is_key_of(engine->degraded[i].key, name))
                        return true;
        return false;
}

/* A plan that is given up: its files, and the schedules that they hold, which the history keeps. */
struct giving_up {
        struct stored_files files;
        const char **names;
        struct calendar **calendars;
        struct plan_change *changes;
        size_t n_changes;
};

static void giving_up_done(struct giving_up *plan) {
        for (size_t i = 0; plan->calendars && i < plan->files.n_files; i++)
                calendar_free(plan->calendars[i]);
        free(plan->calendars);
        free(plan->names);
        free(plan->changes);
        stored_files_done(&plan->files);
}

static int add_changes(struct giving_up *plan, const struct calendar *calendar) {
        struct plan_change *changes = reallocarray(plan->changes, plan->n_changes + calendar->n_schedules + 1, sizeof(*changes));

        if (!changes)
                return -ENOMEM;
        plan->changes = changes;
        for (size_t i = 0; i < calendar->n_schedules; i++)
                changes[plan->n_changes++] = plan_change_of(PLAN_REMOVED, calendar->schedules[i]);
        return 0;
}

static int giving_up_load(struct engine *engine, const char *name, usec_t now_usec, struct giving_up *plan) {
        int r;

        r = store_load_files(engine->store, name, &plan->files);
        if (r < 0)
                return r;
        plan->names = calloc(plan->files.n_files + 1, sizeof(*plan->names));
        plan->calendars = calloc(plan->files.n_files + 1, sizeof(*plan->calendars));
        if (!plan->names || !plan->calendars)
                return -ENOMEM;
        for (size_t i = 0; i < plan->files.n_files; i++) {
                const struct stored_file *file = &plan->files.files[i];
                const char *slash = strrchr(file->name, '/');
                _cleanup_(problems_done) struct problems problems = {};

                plan->names[i] = file->name;
                r = reading_run(engine, slash ? slash + 1 : file->name, file->bytes, file->size,
                                store_digest(file->bytes, file->size), now_usec, &plan->calendars[i], &problems);
                /* Of one that cannot be read any more nobody knows what it held. */
                if (r == 0)
                        r = add_changes(plan, plan->calendars[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int give_up(struct engine *engine, const char *name, usec_t now_usec) {
        _cleanup_(giving_up_done) struct giving_up plan = {};
        int r;

        r = giving_up_load(engine, name, now_usec, &plan);
        if (r < 0)
                return r;
        return store_write_plan(engine->store, &(struct plan_update){
                .person = name,
                .at_usec = now_usec,
                .remove = plan.names,
                .n_remove = plan.files.n_files,
                .changes = plan.changes,
                .n_changes = plan.n_changes,
        });
}

/* Only the plan goes: what was recorded stays recorded. In memory alone it would be back after a crash. */
int engine_accept_left_out(struct engine *engine, const char *name, usec_t now_usec) {
        int r;

        /* What waits to be written may be of this plan. */
        r = engine_finish(engine, now_usec);
        if (r < 0)
                return r;
        if (!store_is_flushed(engine->store))
                return ENGINE_UNWRITABLE;

        r = give_up(engine, name, now_usec);
        if (r == STORE_UNWRITABLE || r == -EIO)
                return ENGINE_UNWRITABLE;
        return r < 0 ? r : engine_say_left_out(engine);
}
