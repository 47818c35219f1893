/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What does not work, as the desktop tells it. */
#include <string.h>

#include "daemon/desktop-troubles.h"
#include "dosed/text.h"

#define LINES_SHOWN 10

/* In this order: what stops or loses everything before what a single file lacks. */
enum weight {
        WEIGHT_MACHINE, /* clock, ledger */
        WEIGHT_CONFIG,
        WEIGHT_PLAN, /* a person's whole plan is not believed, or not looked at */
        WEIGHT_FILE,
        _WEIGHT_MAX,
};

static enum weight weigh(const char *key) {
        const char *what = strchr(key, '/');

        if (!what)
                return strcmp(key, "config") == 0      ? WEIGHT_CONFIG
                       : strcmp(key, "calendars") == 0 ? WEIGHT_PLAN
                                                       : WEIGHT_MACHINE;
        return strcmp(what, "/plan") == 0 || strcmp(what, "/left-out") == 0 ? WEIGHT_PLAN : WEIGHT_FILE;
}

static void known_done(char **known, size_t n_known) {
        for (size_t i = 0; i < n_known; i++)
                free(known[i]);
        free(known);
}

void troubles_done(struct troubles *troubles) {
        free(troubles->shown);
        known_done(troubles->known, troubles->n_known);
        *troubles = (struct troubles){};
}

static bool troubles_have(const struct troubles *troubles, const char *text) {
        for (size_t i = 0; i < troubles->n_known; i++)
                if (strcmp(troubles->known[i], text) == 0)
                        return true;
        return false;
}

/* Also of what is not shown: one trouble in the place of another is new. */
static bool has_new(const struct troubles *troubles, const struct engine *engine) {
        for (size_t i = 0; i < engine_count_degraded(engine); i++)
                if (!troubles_have(troubles, engine_degraded(engine, i)))
                        return true;
        return false;
}

static int keep_known(struct troubles *troubles, const struct engine *engine) {
        size_t n = engine_count_degraded(engine), n_copied = 0;
        char **known = calloc(n + 1, sizeof(*known));
        int r = known ? 0 : -ENOMEM;

        for (; r >= 0 && n_copied < n; n_copied += r >= 0)
                r = text_copy(engine_degraded(engine, n_copied), &known[n_copied]);
        if (r < 0) {
                known_done(known, n_copied);
                return r;
        }
        known_done(troubles->known, troubles->n_known);
        troubles->known = known;
        troubles->n_known = n;
        return 0;
}

static size_t count(const struct engine *engine, enum weight weight) {
        size_t n = 0;

        for (size_t i = 0; i < engine_count_degraded(engine); i++)
                n += weigh(engine_degraded_key(engine, i)) == weight;
        return n;
}

/* The lines that can be told as they are. */
static void write_whole(FILE *stream, const struct engine *engine, enum weight weight, size_t *n_lines) {
        for (size_t i = 0; i < engine_count_degraded(engine); i++)
                if (weigh(engine_degraded_key(engine, i)) == weight && (*n_lines)++ < LINES_SHOWN)
                        (void) fprintf(stream, "%s%s", ftell(stream) > 0 ? "\n" : "", engine_degraded(engine, i));
}

static int format(const struct engine *engine, char **ret) {
        size_t n_files = count(engine, WEIGHT_FILE), n_lines = 0, size;
        _cleanup_(free_p) char *text = NULL;
        FILE *stream;

        stream = open_memstream(&text, &size);
        if (!stream)
                return -ENOMEM;
        write_whole(stream, engine, WEIGHT_MACHINE, &n_lines);
        if (count(engine, WEIGHT_CONFIG) > 0)
                (void) fprintf(stream, "%sThe configuration cannot be used: see dosectl status", n_lines++ > 0 ? "\n" : "");
        write_whole(stream, engine, WEIGHT_PLAN, &n_lines);
        if (n_lines > LINES_SHOWN)
                (void) fprintf(stream, "\nand %zu more: see dosectl status", n_lines - LINES_SHOWN);
        if (n_files > 0)
                (void) fprintf(stream, "%s%zu thing%s of the plan cannot be used as meant: see dosectl status",
                               n_lines > 0 ? "\n" : "", n_files, n_files == 1 ? "" : "s");
        if (fclose(stream) != 0)
                return -ENOMEM;

        *ret = TAKE(text);
        return 0;
}

static int set_notice(struct notify *notify, const char *key, const char *text, bool quietly) {
        return notify_set_notice(notify, &(struct notify_notice){
                .key = key,
                .title = "Something of the medication plan needs a look",
                .text = text,
                .critical = true,
                .quietly = quietly,
        });
}

int troubles_update(struct troubles *troubles, const struct engine *engine, struct notify *notify, const char *key) {
        bool is_new = has_new(troubles, engine);
        _cleanup_(free_p) char *text = NULL;
        int r = 0;

        if (!is_new && engine_count_degraded(engine) == troubles->n_known)
                return 0;
        if (engine_count_degraded(engine) > 0)
                r = format(engine, &text);
        /* The same words of something else: said anew, since what is there already was read, or closed. */
        if (r >= 0 && is_new && text_equal(text, troubles->shown))
                r = set_notice(notify, key, NULL, true);
        if (r >= 0)
                r = set_notice(notify, key, text, !is_new);
        if (r >= 0)
                r = keep_known(troubles, engine);
        if (r < 0)
                return r;
        free(troubles->shown);
        troubles->shown = TAKE(text);
        return 0;
}
