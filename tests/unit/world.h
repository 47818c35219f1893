/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small world for tests of the engine: a store and a plan folder in a temporary place, a clock that tests move, and a
 * transcript of everything that was told. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "dosed/engine.h"
#include "dosed/outbox.h"
#include "store/database.h"

/* Monday 23 November 2026, midnight UTC. */
#define MONDAY_USEC (INT64_C(1795392000) * USEC_PER_SEC)
#define AT(hour, minute) (MONDAY_USEC + (hour) * USEC_PER_HOUR + (minute) * USEC_PER_MINUTE)

struct world {
        char *place, *state, *calendars;
        struct store *store;
        struct zones *zones;
        const struct zone *zone;
        struct engine *engine;
        usec_t now_usec;
        struct dose_policy policy; /* and what else dosed.conf says of the person */
        const char *category;
        usec_t hold_usec; /* what the next start is told of its clock */
        const struct engine_recipient *recipients; /* of the tests that have some */
        size_t n_recipients;
        unsigned n_queued; /* how often a message was said to be there */
        char *told; /* the transcript since it was last looked at */
        size_t told_size;
        FILE *transcript;
};

static void world_say(struct world *world, const char *what, const struct dose_view *view) {
        struct civil c = civil_from_wall(zone_to_wall(world->zone, world->now_usec));

        fprintf(world->transcript, "%02d:%02d %s %s %s%s\n", c.hour, c.minute, what, view->dose->title,
                dose_state_to_string(view->dose->state), view->taken_before_usec != USEC_NONE ? " check-first" : "");
}

static void world_dose_changed(void *userdata, const struct dose_view *view) {
        world_say(userdata, "changed", view);
}

static void world_reminder(void *userdata, const struct dose_view *view) {
        world_say(userdata, "reminder", view);
}

static void world_plan_changed(void *userdata, const char *person, bool is_private) {
        struct world *world = userdata;

        fprintf(world->transcript, "%splan %s\n", is_private ? "private " : "", person);
}

static void world_degraded(void *userdata) {
        struct world *world = userdata;

        fprintf(world->transcript, "degraded %zu\n", engine_count_degraded(world->engine));
}

static void world_message_queued(void *userdata) {
        struct world *world = userdata;

        world->n_queued++;
}

static const struct engine_observer world_observer = {
        .dose_changed = world_dose_changed,
        .reminder = world_reminder,
        .plan_changed = world_plan_changed,
        .degraded = world_degraded,
        .message_queued = world_message_queued,
};

static inline void world_set_people(struct world *world) {
        const char *folders[] = { world->calendars };
        const struct engine_person person = {
                .name = "ana",
                .clock = { .zone = world->zone, .all_day_sec = 8 * 3600 },
                .policy = world->policy,
                .category = world->category,
                .folders = folders,
                .n_folders = 1,
        };

        assert_int_equal(engine_set_recipients(world->engine, world->recipients, world->n_recipients, world->now_usec), 0);
        assert_int_equal(engine_set_people(world->engine, &person, 1, world->now_usec), 0);
}

/* What the daemon does at its start. */
static inline void world_start(struct world *world) {
        pid_t holder;

        assert_int_equal(store_open(world->state, &world->store, &holder), 0);
        assert_int_equal(engine_new(world->store, world->zones, &world_observer, world, &world->engine), 0);
        assert_int_equal(engine_hold_windows(world->engine, world->hold_usec), 0);
        world_set_people(world);
        assert_int_equal(engine_reload(world->engine, NULL, BELIEVE_CAREFULLY, world->now_usec), 0);
}

static inline void world_stop(struct world *world) {
        world->engine = engine_free(world->engine);
        world->store = store_free(world->store);
}

static inline void world_open_transcript(struct world *world) {
        world->transcript = open_memstream(&world->told, &world->told_size);
        assert_non_null(world->transcript);
}

static inline int world_new(void **state) {
        struct world *world = calloc(1, sizeof(*world));
        char place[] = "/tmp/dosed-test-XXXXXX";

        assert_non_null(world);
        assert_non_null(mkdtemp(place));
        world->place = strdup(place);
        assert_true(asprintf(&world->state, "%s/state", place) > 0);
        assert_true(asprintf(&world->calendars, "%s/calendars", place) > 0);
        assert_int_equal(mkdir(world->state, 0700), 0);
        assert_int_equal(mkdir(world->calendars, 0700), 0);
        assert_int_equal(zones_new(NULL, &world->zones), 0);
        world->zone = zone_utc();
        world->now_usec = AT(0, 0);
        world_open_transcript(world);
        world_start(world);
        *state = world;
        return 0;
}

static inline int world_remove(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        (void) st, (void) type, (void) ftw;
        return remove(path);
}

static inline int world_free(void **state) {
        struct world *world = *state;

        world_stop(world);
        zones_free(world->zones);
        fclose(world->transcript);
        free(world->told);
        (void) nftw(world->place, world_remove, 16, FTW_DEPTH | FTW_PHYS);
        free(world->place);
        free(world->state);
        free(world->calendars);
        free(world);
        return 0;
}

static inline void world_forget(struct world *world) {
        fclose(world->transcript);
        free(world->told);
        world_open_transcript(world);
}

/* Compares what was told since the last look, and forgets it. */
static inline void world_told(struct world *world, const char *expected) {
        assert_int_equal(fflush(world->transcript), 0);
        assert_string_equal(world->told, expected);
        world_forget(world);
}

/* Lets time pass as the loop would: awake only when the engine wants to be. */
static inline void world_pass_until(struct world *world, usec_t until_usec) {
        for (;;) {
                usec_t next_usec;

                assert_int_equal(engine_step(world->engine, world->now_usec, &next_usec), 0);
                if (next_usec > until_usec)
                        break;
                if (next_usec > world->now_usec)
                        world->now_usec = next_usec;
        }
        world->now_usec = until_usec;
        assert_int_equal(engine_step(world->engine, world->now_usec, &(usec_t){ 0 }), 0);
}

/* Writes a plan file by rename, as calendar programs do. */
static inline void world_put(struct world *world, const char *name, const char *text) {
        assert_int_equal(folder_write(world->calendars, name, text, strlen(text)), 0);
}

static inline void world_remove_file(struct world *world, const char *name) {
        assert_int_equal(folder_remove(world->calendars, name), 0);
}

static inline void world_reload(struct world *world) {
        assert_int_equal(engine_reload(world->engine, NULL, BELIEVE_CAREFULLY, world->now_usec), 0);
}

/* As a full disk: nothing can be written until it is mended. */
static inline void world_break_store(struct world *world, bool is_broken) {
        assert_int_equal(sqlite3_exec(world->store->database, is_broken ? "PRAGMA query_only = ON" : "PRAGMA query_only = OFF",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
}

#define ICS(body) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dosed//tests//EN\r\n" body "END:VCALENDAR\r\n"
#define EVENT(uid, summary, times)                                                                         \
        "BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:" summary "\r\n" times "END:VEVENT\r\n"
#define DAILY(time) "DTSTART:20261101T" time "\r\nRRULE:FREQ=DAILY\r\n"

/* An event that may hold more lines. */
static inline void world_put_event(struct world *world, const char *name, const char *uid, const char *summary,
                                   const char *lines) {
        char text[2048];

        (void) snprintf(text, sizeof(text), ICS("BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:%s\r\n%s"
                                                "END:VEVENT\r\n"),
                        uid, summary, lines);
        world_put(world, name, text);
}

/* Confirms with the given options; returns what the engine answers. */
static inline int world_confirm(struct world *world, const char *id, struct record_options options) {
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;

        if (!options.recorded_by)
                options.recorded_by = "ana";
        return engine_confirm(world->engine, id, &options, world->now_usec, &answer, &reason);
}

static inline int world_copy_state(void *userdata, const struct dose_view *view) {
        *(enum dose_state *) userdata = view->dose->state;
        return 0;
}

static inline void world_assert_state(struct world *world, const char *id, enum dose_state expected) {
        enum dose_state state = _DOSE_STATE_MAX;

        assert_int_equal(engine_visit_dose(world->engine, id, world->now_usec, world_copy_state, &state), 0);
        assert_string_equal(dose_state_to_string(state), dose_state_to_string(expected));
}

static inline void world_restart(struct world *world) {
        world_stop(world);
        world_start(world);
}

/* The plan of the one medicine says this from now on. */
static inline void world_edit(struct world *world, const char *lines) {
        world_put_event(world, "lis.ics", "lis", "Lisinopril", lines);
        world_reload(world);
}

static inline void world_take(struct world *world, const char *id) {
        assert_int_equal(world_confirm(world, id, (struct record_options){ .force = true }), 0);
}

static inline void world_undo(struct world *world, const char *id) {
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state state;

        assert_int_equal(engine_undo(world->engine, id, "ana", world->now_usec, &state, &reason), 0);
}

/* Somebody sets the clock. */
static inline void world_jump(struct world *world, usec_t to_usec) {
        world->now_usec = to_usec;
        world_pass_until(world, to_usec);
}

static inline void world_travel(struct world *world, const char *zone) {
        assert_int_equal(zones_get(world->zones, zone, &world->zone), 0);
        world_set_people(world);
}

/* One of a program's tests, in a world of its own. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)
