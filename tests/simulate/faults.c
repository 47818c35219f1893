/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes wrong around dosed: restarts, journeys, clocks, people who are left out, and a store that cannot be written. */
#include <string.h>

#include "simulate.h"
#include "store/database.h"

/* A clock that is years ahead settles every dose of those years; more than so many schedules would take too long. */
#define MAX_FAR_SCHEDULES 3

static const char *const homes[] = {
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
        "Pacific/Apia",  "Africa/Cairo",     "America/Sao_Paulo",   "Europe/Lisbon",
};

void draw_home(struct world *world, struct person *person) {
        must(world, zones_get(world->zones, homes[draw_below(&world->random, ELEMENTS(homes))], &person->zone),
             "zones_get");
}

static usec_t draw_minutes(struct world *world, unsigned from, unsigned to) {
        return (usec_t) (from + draw_below(&world->random, to - from + 1)) * USEC_PER_MINUTE;
}

static bool is_anybody_out(const struct world *world) {
        for (size_t i = 0; i < world->n_people; i++)
                if (world->people[i].is_out)
                        return true;
        return false;
}

static void stop(struct world *world) {
        (void) world_step(world, false);
        told_stop(world);
        world->engine = engine_free(world->engine);
        ledger_close(world);
        world->n_restarts++;
}

static void start(struct world *world) {
        ledger_open(world);
        world_start(world);
}

/* Nothing of the engine survives but the store. A plan that was changed meanwhile counts from the start on. */
void restart(struct world *world) {
        bool changed = false;
        usec_t stopped_usec;

        if (world->is_unwritable)
                return;
        say(world, "stop");
        stop(world);
        stopped_usec = world->now_usec;
        world->now_usec += draw_minutes(world, 0, draw_percent(&world->random, 50) ? 60 : 36 * 60);
        told_jump(world, stopped_usec);
        ledger_open(world);
        oracle_advance(world);
        for (size_t i = 0; i < world->n_people; i++)
                if (!world->people[i].is_out && draw_percent(&world->random, 20)) {
                        edit_unseen(world, i);
                        changed = true;
                }
        say(world, "start");
        world->is_editing = changed;
        world_start(world);
        (void) world_step(world, changed);
        world->is_editing = false;
}

static void go(struct world *world, struct person *person, const struct zone *zone) {
        struct wall_clock former = clock_of(person);
        struct judgement judgement;

        judge_begin(world, person, &judgement);
        person->former_zone = person->zone;
        person->zone = zone;
        say(world, "%s travels to %s", person->name, zone_name(person->zone));
        oracle_travel(world, person);
        oracle_advance(world);
        person->former_zone = NULL;
        world_set_people(world);
        (void) world_step(world, true);
        judge_journey(world, &judgement, &former);
        judge_done(&judgement);
        world->n_zones++;
}

/* Drawn apart whether it was a mistake: then it changes nothing else of a life. */
void travel(struct world *world) {
        struct person *person = &world->people[draw_below(&world->random, (unsigned) world->n_people)];
        const struct zone *home = person->zone, *there;
        struct judgement judgement;
        uint64_t aside;

        if (person->is_out)
                return;
        (void) world_step(world, false);
        judge_begin(world, person, &judgement);
        draw_home(world, person);
        there = person->zone;
        person->zone = home;
        go(world, person, there);
        aside = world->random ^ UINT64_C(0x2545f4914f6cdd1d);
        if (draw_percent(&aside, 30)) {
                go(world, person, home);
                judge_return(world, &judgement);
        }
        judge_done(&judgement);
}

static size_t count_schedules(const struct world *world) {
        size_t n = 0;

        for (size_t i = 0; i < world->n_people; i++)
                for (size_t j = 0; j < MAX_LINES; j++)
                        n += world->people[i].lines[j].calendar != NULL;
        return n;
}

/* The clock goes wrong, and is put right after some minutes; dosed may be started anew under the wrong clock, or be down when it
 * is put right. */
void misset_clock(struct world *world, bool far) {
        usec_t right_usec = world->now_usec;
        unsigned how = part_is_on(PART_RESTART) && !world->is_unwritable ? draw_below(&world->random, 4) : 3;

        /* What becomes of the doses of somebody who is left out meanwhile, nobody decided. */
        if (is_anybody_out(world))
                return;
        if (far && (world->is_unwritable || count_schedules(world) > MAX_FAR_SCHEDULES))
                far = false;
        world->now_usec +=
                far ? draw_minutes(world, 30 * 24 * 60, 3 * 365 * 24 * 60) : draw_minutes(world, 30, 30 * 24 * 60);
        say(world, "clock ahead");
        told_jump(world, right_usec);
        (void) world_step(world, false);
        if (draw_percent(&world->random, 30)) {
                take_early(world);
                world_answer(world, world->now_usec + 30 * USEC_PER_MINUTE);
        }
        if (how == 0) {
                say(world, "restart under the wrong clock");
                stop(world);
                start(world);
                (void) world_step(world, false);
        } else if (how == 1) {
                say(world, "stop under the wrong clock");
                stop(world);
        }

        world->now_usec = right_usec + draw_minutes(world, 1, 20);
        say(world, "clock right");
        oracle_set_back(world);
        told_set_back(world);
        told_hurry(world);
        if (how == 1)
                start(world);
        (void) world_step(world, true);
        ledger_check_settled(world);
        world->n_jumps++;
}

static bool is_out(const struct world *world, const char *name) {
        for (size_t i = 0; i < world->n_people; i++)
                if (world->people[i].is_out && strcmp(world->people[i].name, name) == 0)
                        return true;
        return false;
}

static bool has_plan(const struct person *person) {
        for (size_t k = 0; k < MAX_LINES; k++)
                if (person->lines[k].plan.exists)
                        return true;
        return false;
}

/* Nothing is wrong but that messages do not arrive, and that somebody is left out. */
void faults_check_degraded(const struct world *world) {
        for (size_t i = 0; i < engine_count_degraded(world->engine); i++) {
                _cleanup_(free_p) char *key = strdup(engine_degraded_key(world->engine, i));
                char *what;

                if (!key)
                        abort();
                what = strchr(key, '/');
                if (what)
                        *what++ = '\0';
                if (strcmp(key, "outbox") != 0 && !(what && strcmp(what, "left-out") == 0 && is_out(world, key)))
                        fail(world, "degraded: %s", engine_degraded(world->engine, i));
        }
}

void leave(struct world *world) {
        size_t i = draw_below(&world->random, (unsigned) world->n_people);
        struct person *person = &world->people[i];
        struct action *action;

        if (world->n_people < 2 || is_anybody_out(world) || world->is_unwritable)
                return;
        (void) world_step(world, false);
        say(world, "%s is left out", person->name);
        person->is_out = true;
        world_set_people(world);
        if (has_plan(person) && !engine_is_left_out(world->engine, person->name))
                fail(world, "%s is left out, and nobody hears of it", person->name);
        (void) world_step(world, false);
        action = world_plan(
                world, ACTION_RETURN,
                world->now_usec + draw_minutes(world, 1, draw_percent(&world->random, 50) ? 300 : 5 * 24 * 60), NULL);
        action->person = i;
        world->n_absences++;
}

void come_back(struct world *world, size_t i) {
        struct person *person = &world->people[i];
        bool changed = draw_percent(&world->random, 20);

        (void) world_step(world, false);
        say(world, "%s is back", person->name);
        person->is_out = false;
        person->back_usec = world->now_usec;
        told_excuse(world, RECIPIENT_HOOK); /* what waited may be out of date */
        oracle_advance(world);
        if (changed)
                edit_unseen(world, i);
        world->is_editing = changed;
        world_set_people(world);
        world_reload(world, person);
        (void) world_step(world, changed);
        world->is_editing = false;
        ledger_check_settled(world);
}

static void set_writable(struct world *world, bool writable) {
        if (sqlite3_exec(world->store->database, writable ? "PRAGMA query_only = OFF" : "PRAGMA query_only = ON", NULL,
                         NULL, NULL) != SQLITE_OK)
                fail(world, "the store cannot be made %s", writable ? "writable" : "unwritable");
}

void make_unwritable(struct world *world) {
        if (world->is_unwritable || is_anybody_out(world))
                return;
        (void) world_step(world, false);
        say(world, "unwritable");
        set_writable(world, false);
        world->is_unwritable = world->has_lag = true;
        (void) world_plan(
                world, ACTION_WRITABLE,
                world->now_usec + draw_minutes(world, 2, draw_percent(&world->random, 50) ? 300 : 2 * 24 * 60), NULL);
        world->n_failures++;
}

void make_writable(struct world *world) {
        (void) world_step(world, false);
        say(world, "writable again");
        set_writable(world, true);
        world->is_unwritable = false;
        (void) world_step(world, true);
        told_jump(world, world->now_usec);
        faults_check_degraded(world);
        ledger_check_settled(world);
}
