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

/* A plan that is given up: its files, and what goes with the schedules that they hold, which the history keeps. */
struct giving_up {
        struct plan_file *files;
        const char **names;
        struct plan_change *changes;
        size_t n_names, n_changes;
};

static void giving_up_done(struct giving_up *plan) {
        free(plan->names);
        free(plan->changes);
        plan_done(&plan->files);
}

/* Of a file that cannot be read any more nobody knows what it held. */
static int add_file(struct giving_up *plan, const struct plan_file *file) {
        size_t n_schedules = file->calendar ? file->calendar->n_schedules : 0;
        struct plan_change *changes = reallocarray(plan->changes, plan->n_changes + n_schedules + 1, sizeof(*changes));

        if (!changes)
                return -ENOMEM;
        plan->changes = changes;
        plan->names[plan->n_names++] = file->path;
        for (size_t i = 0; i < n_schedules; i++)
                changes[plan->n_changes++] = plan_change_of(PLAN_REMOVED, file->calendar->schedules[i]);
        return 0;
}

static int give_up(struct engine *engine, const char *name, usec_t now_usec) {
        _cleanup_(giving_up_done) struct giving_up plan = {};
        const struct plan_file *file;
        int r;

        r = plan_take_stored(engine, name, now_usec, &plan.files);
        if (r < 0)
                return r;
        plan.names = calloc(HASH_COUNT(plan.files) + 1, sizeof(*plan.names));
        if (!plan.names)
                return -ENOMEM;
        for (file = plan.files; r >= 0 && file; file = file->hh.next)
                r = add_file(&plan, file);
        if (r < 0)
                return r;
        return store_write_plan(engine->store, &(struct plan_update){
                .person = name,
                .at_usec = now_usec,
                .remove = plan.names,
                .n_remove = plan.n_names,
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
