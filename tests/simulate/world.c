/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One person's life with dosed: answers, edits, restarts, journeys, and clocks that are wrong. */
#include <stdarg.h>
#include <string.h>

#include "dosed/text.h"
#include "simulate.h"

static const char *const homes[] = {
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
        "Pacific/Apia",  "Africa/Cairo",     "America/Sao_Paulo",   "Europe/Lisbon",
};

void fail(const struct world *world, const char *format, ...) {
        struct civil c = civil_from_wall(zone_to_wall(world->zone, world->now_usec));
        va_list arguments;

        (void) fprintf(stderr, "SEED=%llu, %04d-%02d-%02d %02d:%02d %s: ", (unsigned long long) world->seed, c.year, c.month,
                       c.day, c.hour, c.minute, zone_name(world->zone));
        va_start(arguments, format);
        (void) vfprintf(stderr, format, arguments);
        va_end(arguments);
        (void) fputc('\n', stderr);
        exit(1);
}

static void say(const struct world *world, const char *what, const char *id) {
        struct civil c;

        if (!world->verbose)
                return;
        c = civil_from_wall(zone_to_wall(world->zone, world->now_usec));
        (void) printf("%04d-%02d-%02d %02d:%02d:%02d %s %s\n", c.year, c.month, c.day, c.hour, c.minute, c.second, what, id);
}

static void plan_action(struct world *world, enum action_kind kind, usec_t delay_usec, const char *id) {
        struct action *action = calloc(1, sizeof(*action)), **place = &world->actions;

        if (!action)
                abort();
        action->kind = kind;
        action->at_usec = world->now_usec + delay_usec;
        action->id = strdup(id);
        while (*place && (*place)->at_usec <= action->at_usec)
                place = &(*place)->next;
        action->next = *place;
        *place = action;
}

static struct taken *taken_of(struct world *world, const char *medication) {
        struct taken *taken;

        HASH_FIND_STR(world->oracle.taken, medication, taken);
        return taken;
}

static void note_taken(struct world *world, const char *medication, usec_t at_usec) {
        struct taken *taken = taken_of(world, medication);

        if (!taken) {
                taken = calloc(1, sizeof(*taken));
                if (!taken)
                        abort();
                taken->medication = strdup(medication);
                HASH_ADD_KEYPTR(hh, world->oracle.taken, taken->medication, strlen(taken->medication), taken);
        }
        taken->at_usec = at_usec;
}

static void on_dose_changed(void *userdata, const struct dose_view *view) {
        struct world *world = userdata;
        _cleanup_(free_p) char *id = NULL;
        struct expected *expected;

        if (dose_id(view->dose, &id) < 0)
                abort();
        say(world, dose_state_to_string(view->dose->state), id);
        /* A dose that was still to come, and that the edit put a little into the past, is due now. */
        expected = oracle_find(&world->oracle, id);
        if (expected && world->is_editing && view->dose->state == DOSE_DUE)
                expected->is_excluded = false;
}

/* Nobody is reminded of a recorded dose, nor outside its window, nor without a warning where it was just taken. */
static void on_reminder(void *userdata, const struct dose_view *view) {
        struct world *world = userdata;
        const struct dose *dose = view->dose;
        _cleanup_(free_p) char *id = NULL;
        const struct expected *expected;
        const struct taken *taken;

        if (dose_id(dose, &id) < 0)
                abort();
        say(world, "reminder", id);
        world->n_reminders++;
        expected = oracle_find(&world->oracle, id);
        if (expected && expected->is_recorded)
                fail(world, "%s was recorded, and is reminded again", id);
        if (expected && expected->is_excluded)
                fail(world, "%s was due before its schedule came into force, and is reminded", id);
        if (world->now_usec >= dose->window_end_usec)
                fail(world, "%s is reminded after its window", id);
        taken = taken_of(world, dose->medication);
        if (taken && taken->at_usec <= world->now_usec && world->now_usec - taken->at_usec < dose->min_interval_usec &&
            view->taken_before_usec == USEC_NONE)
                fail(world, "%s is reminded although it was just taken, without a warning", id);

        switch (draw_below(&world->random, 10)) {
        case 0 ... 4:
                plan_action(world, ACTION_CONFIRM, (usec_t) draw_below(&world->random, 5400) * USEC_PER_SEC, id);
                break;
        case 5:
                plan_action(world, ACTION_SNOOZE, (usec_t) draw_below(&world->random, 300) * USEC_PER_SEC, id);
                break;
        case 6:
                plan_action(world, ACTION_SKIP, (usec_t) draw_below(&world->random, 900) * USEC_PER_SEC, id);
                break;
        case 7:
                plan_action(world, ACTION_CONFIRM_LATER, (usec_t) draw_below(&world->random, 24 * 3600) * USEC_PER_SEC, id);
                break;
        default:
                break; /* ignored */
        }
}

static void on_nothing(void *userdata, const char *person) {
        (void) userdata;
        (void) person;
}

static void on_degraded(void *userdata) {
        struct world *world = userdata;

        if (engine_count_degraded(world->engine) > 0)
                fail(world, "degraded: %s", engine_degraded(world->engine, 0));
}

static const struct engine_observer observer = {
        .dose_changed = on_dose_changed,
        .reminder = on_reminder,
        .plan_changed = on_nothing,
        .degraded = on_degraded,
};

static void must(struct world *world, int r, const char *what) {
        if (r != 0)
                fail(world, "%s: %d", what, r);
}

static void set_people(struct world *world) {
        const struct engine_person person = {
                .name = PERSON,
                .clock = { .zone = world->zone, .all_day_sec = 8 * 3600 },
        };

        must(world, engine_set_people(world->engine, &person, 1, world->now_usec), "engine_set_people");
}

static void take_plan(struct world *world) {
        struct schedule *schedules[MAX_SCHEDULES];
        size_t n = 0;

        for (size_t i = 0; i < MAX_SCHEDULES; i++)
                if (world->calendars[i])
                        schedules[n++] = world->calendars[i]->schedules[0];
        must(world, engine_take_plan(world->engine, PERSON, schedules, n, world->now_usec), "engine_take_plan");
}

static void start(struct world *world) {
        must(world, engine_new(world->store, world->zones, &observer, world, &world->engine), "engine_new");
        set_people(world);
        take_plan(world);
}

static void draw_calendar(struct world *world, size_t i, struct calendar **ret) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(free_p) char *ics = NULL;
        struct civil c = civil_from_wall(zone_to_wall(world->zone, world->now_usec));

        must(world, plan_draw(&world->random, (unsigned) i, c.year - (int) draw_below(&world->random, 3), &ics), "plan_draw");
        must(world, calendar_read("drawn.ics", ics, strlen(ics), world->zones, ret, &problems), "calendar_read");
}

static void edit(struct world *world) {
        size_t i = draw_below(&world->random, MAX_SCHEDULES);
        struct calendar *old = world->calendars[i], *new = NULL;

        /* The old version counts until now. */
        oracle_advance(world);
        if (!old || draw_percent(&world->random, 80))
                draw_calendar(world, i, &new);
        world->calendars[i] = new;
        if (new)
                oracle_begin(world, new->schedules[0]);
        say(world, "edit", new ? new->schedules[0]->uid : "removed");
        world->is_editing = true;
        take_plan(world);
        world->is_editing = false;
        calendar_free(old);
        world->n_edits++;
}

/* Nothing of the engine survives but the store. Its plan is here what the daemon finds in the store's plan files: in force as
 * it was when the process ended. */
static void restart(struct world *world, usec_t away_usec) {
        say(world, "restart", "");
        world->engine = engine_free(world->engine);
        start(world);
        world->now_usec += away_usec;
        world->n_restarts++;
}

static void travel(struct world *world) {
        oracle_advance(world);
        world->former_zone = world->zone;
        must(world, zones_get(world->zones, homes[draw_below(&world->random, ELEMENTS(homes))], &world->zone), "zones_get");
        say(world, "travel", zone_name(world->zone));
        oracle_travel(world);
        oracle_advance(world);
        world->former_zone = NULL;
        set_people(world);
        world->n_zones++;
}

static void step(struct world *world, usec_t *ret_next_usec) {
        oracle_advance(world);
        must(world, engine_step(world->engine, world->now_usec, ret_next_usec), "engine_step");
}

/* The clock goes wrong by up to a month, and is put right after some minutes. */
static void misset_clock(struct world *world) {
        usec_t right_usec = world->now_usec, next_usec;

        say(world, "clock ahead", "");
        world->now_usec += (usec_t) (1 + draw_below(&world->random, 30 * 24 * 60)) * USEC_PER_MINUTE;
        step(world, &next_usec);
        world->now_usec = right_usec + 5 * USEC_PER_MINUTE;
        say(world, "clock right", "");
        oracle_set_back(world);
        step(world, &next_usec);
        world->n_jumps++;
}

static int copy_dose(void *userdata, const struct dose_view *view) {
        return dose_copy(view->dose, userdata);
}

static void act(struct world *world, const struct action *action) {
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        _cleanup_(free_p) char *reason = NULL;
        struct record_options options = { .recorded_by = PERSON };
        enum dose_state after;
        usec_t until_usec;
        int r = 0;

        switch (action->kind) {
        case ACTION_CONFIRM_LATER:
                if (engine_visit_dose(world->engine, action->id, world->now_usec, copy_dose, &dose) != 0)
                        return;
                options.at_usec = dose->due_usec + 5 * USEC_PER_MINUTE;
                if (options.at_usec > world->now_usec)
                        return;
                /* fall through */
        case ACTION_CONFIRM:
                r = engine_confirm(world->engine, action->id, &options, world->now_usec, &answer, &reason);
                if (r != 0 || answer.already)
                        break;
                say(world, "confirm", action->id);
                oracle_record(world, action->id, true);
                dose = dose_free(dose);
                if (engine_visit_dose(world->engine, action->id, world->now_usec, copy_dose, &dose) == 0)
                        note_taken(world, dose->medication, options.at_usec ? options.at_usec : world->now_usec);
                if (draw_percent(&world->random, 5))
                        plan_action(world, ACTION_UNDO, (usec_t) draw_below(&world->random, 3600) * USEC_PER_SEC, action->id);
                break;
        case ACTION_SKIP:
                r = engine_skip(world->engine, action->id, &options, world->now_usec, &answer, &reason);
                if (r == 0 && !answer.already)
                        oracle_record(world, action->id, true);
                break;
        case ACTION_SNOOZE:
                r = engine_snooze(world->engine, action->id, (usec_t) draw_below(&world->random, 120) * USEC_PER_MINUTE, PERSON,
                                  world->now_usec, &until_usec, &reason);
                break;
        case ACTION_UNDO:
                r = engine_undo(world->engine, action->id, PERSON, world->now_usec, &after, &reason);
                if (r == 0) {
                        say(world, "undo", action->id);
                        oracle_record(world, action->id, false);
                        /* When it was taken before that, the oracle does not know: it says nothing of it any more. */
                        if (engine_visit_dose(world->engine, action->id, world->now_usec, copy_dose, &dose) == 0)
                                note_taken(world, dose->medication, INT64_MIN / 2);
                }
                break;
        }
        if (r < 0)
                fail(world, "an action failed: %d", r);
}

static int choose_upcoming(void *userdata, const struct dose_view *view) {
        struct world *world = userdata;
        _cleanup_(free_p) char *id = NULL;

        if (view->dose->state != DOSE_UPCOMING || !view->takeable)
                return 0;
        if (dose_id(view->dose, &id) < 0)
                abort();
        plan_action(world, ACTION_CONFIRM, (usec_t) draw_below(&world->random, 1800) * USEC_PER_SEC, id);
        return 1;
}

/* Somebody takes what is not due yet. */
static void take_early(struct world *world) {
        int r;

        r = engine_visit_doses(world->engine, NULL, world->now_usec, world->now_usec + 6 * USEC_PER_HOUR, world->now_usec,
                               choose_upcoming, world);
        if (r < 0)
                fail(world, "engine_visit_doses: %d", r);
}

static void happen(struct world *world) {
        switch (draw_below(&world->random, 12)) {
        case 8 ... 11:
                take_early(world);
                break;
        case 0 ... 2:
                edit(world);
                break;
        case 3 ... 4:
                restart(world, (usec_t) draw_below(&world->random, 36 * 60) * USEC_PER_MINUTE);
                break;
        case 5 ... 6:
                travel(world);
                break;
        default:
                misset_clock(world);
                break;
        }
}

static void actions_done(struct world *world) {
        while (world->actions) {
                struct action *action = world->actions;

                world->actions = action->next;
                free(action->id);
                free(action);
        }
}

/* A ledger in memory without a mark would be one that was lost. */
static void begin_ledger(struct world *world) {
        char clock[64];

        (void) snprintf(clock, sizeof(clock), "%d %s", 8 * 3600, zone_name(world->zone));
        must(world, store_set_mark(world->store, PERSON, world->now_usec, clock), "store_set_mark");
        must(world, store_flush(world->store), "store_flush");
}

void world_run(struct world *world, unsigned years) {
        usec_t end_usec, check_usec, happen_usec, next_usec;

        must(world, zones_new(NULL, &world->zones), "zones_new");
        must(world, zones_get(world->zones, homes[draw_below(&world->random, ELEMENTS(homes))], &world->zone), "zones_get");
        must(world, store_open_memory(&world->store), "store_open_memory");
        world->now_usec = world->start_usec =
                civil_to_wall(&(struct civil){ .year = 2008 + (int) draw_below(&world->random, 30), .month = 1, .day = 1 }) *
                USEC_PER_SEC;
        begin_ledger(world);
        world->oracle.until_usec = world->now_usec;
        end_usec = world->start_usec + years * 365 * USEC_PER_DAY;
        for (size_t i = 0; i < MAX_SCHEDULES; i++)
                if (draw_percent(&world->random, 60)) {
                        draw_calendar(world, i, &world->calendars[i]);
                        oracle_begin(world, world->calendars[i]->schedules[0]);
                }
        start(world);

        happen_usec = world->now_usec + USEC_PER_DAY;
        check_usec = world->now_usec + 30 * USEC_PER_DAY;
        while (world->now_usec < end_usec) {
                step(world, &next_usec);
                while (world->actions && world->actions->at_usec <= world->now_usec) {
                        struct action *action = world->actions;

                        world->actions = action->next;
                        act(world, action);
                        free(action->id);
                        free(action);
                        step(world, &next_usec);
                }
                if (world->now_usec >= happen_usec) {
                        happen(world);
                        happen_usec = world->now_usec + (usec_t) (1 + draw_below(&world->random, 20 * 24)) * USEC_PER_HOUR;
                        step(world, &next_usec);
                }
                if (world->now_usec >= check_usec) {
                        oracle_check(world);
                        check_usec = world->now_usec + 30 * USEC_PER_DAY;
                }

                /* On to whatever comes first. */
                if (world->actions && world->actions->at_usec < next_usec)
                        next_usec = world->actions->at_usec;
                if (happen_usec < next_usec)
                        next_usec = happen_usec;
                if (next_usec > world->now_usec)
                        world->now_usec = next_usec;
        }
        oracle_check(world);

        actions_done(world);
        world->engine = engine_free(world->engine);
        for (size_t i = 0; i < MAX_SCHEDULES; i++)
                calendar_free(world->calendars[i]);
        oracle_done(&world->oracle);
        store_free(world->store);
        zones_free(world->zones);
}
