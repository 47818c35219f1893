/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The simulator: one person's life with dosed under a virtual clock, decided by a seed, and an oracle that watches. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "dosed/calendar.h"
#include "dosed/engine.h"

#define PERSON "ana"
#define MAX_SCHEDULES 4

/* SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere. */
uint64_t draw(uint64_t *state);
/* From 0 to n - 1. */
unsigned draw_below(uint64_t *state, unsigned n);
/* True `n` times in a hundred. */
bool draw_percent(uint64_t *state, unsigned n);

/* A plan as text, drawn; the world reads it as the daemon would read a file. (plans.c) */
int plan_draw(uint64_t *state, unsigned uid, int year, char **ret_ics);

/* What must be in the ledger, worked out by brute force and without the engine's slots. (oracle.c) */
struct expected {
        char *id;
        usec_t due_usec;   /* as first expected */
        bool is_recorded;  /* a person said taken or skipped, and did not undo it */
        bool is_excluded;  /* due before its schedule came into force: no dose */
        UT_hash_handle hh;
};

/* When a medication was taken, as far as people said. */
struct taken {
        char *medication;
        usec_t at_usec;
        UT_hash_handle hh;
};

struct world;

struct oracle {
        struct expected *expected;
        struct taken *taken;
        usec_t until_usec; /* everything due until then is expected */
};

/* A schedule comes into force: what it had before is no dose. */
void oracle_begin(struct world *world, const struct schedule *schedule);
/* Time has gone on, or the zone is another one: what is due by now is expected. */
void oracle_advance(struct world *world);
void oracle_travel(struct world *world);
/* The clock was set back: what nobody recorded is still to come. */
void oracle_set_back(struct world *world);
/* Compares the ledger with what is expected and settled, and forgets that. */
void oracle_check(struct world *world);
void oracle_record(struct world *world, const char *id, bool is_recorded);
void oracle_done(struct oracle *oracle);
struct expected *oracle_find(struct oracle *oracle, const char *id);

enum action_kind { ACTION_CONFIRM, ACTION_CONFIRM_LATER, ACTION_SKIP, ACTION_SNOOZE, ACTION_UNDO };

struct action {
        enum action_kind kind;
        usec_t at_usec;
        char *id;
        struct action *next;
};

struct world {
        uint64_t seed, random;
        usec_t now_usec, start_usec;
        struct store *store;
        struct zones *zones;
        const struct zone *zone, *former_zone; /* while the person travels; else NULL */
        struct engine *engine;
        struct calendar *calendars[MAX_SCHEDULES]; /* one schedule each; NULL: none */
        unsigned versions[MAX_SCHEDULES];
        struct action *actions;
        struct oracle oracle;
        uint64_t n_doses, n_reminders, n_restarts, n_edits, n_zones, n_jumps;
        bool is_editing;
        bool verbose;
};

/* An invariant does not hold: says which, with the seed, and ends the process. */
void __attribute__((noreturn, format(printf, 2, 3))) fail(const struct world *world, const char *format, ...);
void world_run(struct world *world, unsigned years);
