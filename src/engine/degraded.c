/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What does not work: a sentence under a key, so that each is told once and goes when it is well again. */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

size_t engine_count_degraded(const struct engine *engine) {
        return engine->n_degraded;
}

const char *engine_degraded(const struct engine *engine, size_t i) {
        return engine->degraded[i].text;
}

const char *engine_degraded_key(const struct engine *engine, size_t i) {
        return engine->degraded[i].key;
}

static void drop_degraded(struct engine *engine, size_t i) {
        free(engine->degraded[i].key);
        free(engine->degraded[i].text);
        engine->n_degraded--;
        (void) memmove(&engine->degraded[i], &engine->degraded[i + 1],
                       (engine->n_degraded - i) * sizeof(*engine->degraded));
        engine->degraded_changed = true;
}

static int add_degraded(struct engine *engine, const char *key, const char *text) {
        struct degradation *degraded, item = {};
        int r;

        degraded = reallocarray(engine->degraded, engine->n_degraded + 1, sizeof(*degraded));
        if (!degraded)
                return -ENOMEM;
        engine->degraded = degraded;

        r = text_copy(key, &item.key);
        if (r >= 0)
                r = text_copy(text, &item.text);
        if (r < 0) {
                free(item.key);
                return r;
        }
        degraded[engine->n_degraded++] = item;
        engine->degraded_changed = true;
        return 0;
}

int engine_set_degraded(struct engine *engine, const char *key, const char *text) {
        for (size_t i = 0; i < engine->n_degraded; i++) {
                struct degradation *item = &engine->degraded[i];
                int r;

                if (strcmp(item->key, key) != 0)
                        continue;
                if (!text) {
                        drop_degraded(engine, i);
                        return 0;
                }
                item->is_stale = false;
                if (text_equal(item->text, text))
                        return 0;
                r = text_set(&item->text, text);
                if (r < 0)
                        return r;
                engine->degraded_changed = true;
                return 0;
        }
        return text ? add_degraded(engine, key, text) : 0;
}

/* A person's name holds no slash: the key cannot be another's. */
static bool is_of_person(const struct degradation *item, const char *person) {
        size_t length = strlen(person);

        return strncmp(item->key, person, length) == 0 && item->key[length] == '/';
}

const char *person_degraded(const struct engine *engine, const struct person *person, const char *what) {
        for (size_t i = 0; i < engine->n_degraded; i++)
                if (is_of_person(&engine->degraded[i], person->name) &&
                    strcmp(engine->degraded[i].key + strlen(person->name) + 1, what) == 0)
                        return engine->degraded[i].text;
        return NULL;
}

int person_set_degraded(struct engine *engine, const struct person *person, const char *what, const char *text) {
        _cleanup_(free_p) char *key = NULL;
        int r;

        r = text_format(&key, "%s/%s", person->name, what);
        return r < 0 ? r : engine_set_degraded(engine, key, text);
}

void person_begin_degraded(struct engine *engine, const struct person *person) {
        for (size_t i = 0; i < engine->n_degraded; i++)
                if (is_of_person(&engine->degraded[i], person->name))
                        engine->degraded[i].is_stale = true;
}

void person_end_degraded(struct engine *engine, const struct person *person) {
        for (size_t i = engine->n_degraded; i > 0; i--)
                if (engine->degraded[i - 1].is_stale && is_of_person(&engine->degraded[i - 1], person->name))
                        drop_degraded(engine, i - 1);
}

void person_forget_degraded(struct engine *engine, const struct person *person) {
        person_begin_degraded(engine, person);
        person_end_degraded(engine, person);
}
