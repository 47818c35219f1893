/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lives with dosed: moment after moment, until something does not hold. */
#include <ftw.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dosed/text.h"
#include "simulate.h"

/* Of one moment: three years with a wrong clock take less. */
#define MAX_STEPS 1000

static const char *const names[MAX_PEOPLE] = { "ana", "ben" };

/* Of the life that is being lived: it goes whatever ends the process. */
static char *place;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        (void) st;
        (void) type;
        (void) ftw;
        return remove(path);
}

static void remove_place(void) {
        if (!place)
                return;
        (void) nftw(place, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        free(place);
        place = NULL;
}

static void vsay(FILE *file, const struct world *world, const char *format, va_list arguments) {
        const struct zone *zone = world->people[0].zone ? world->people[0].zone : zone_utc();
        struct civil c = civil_from_wall(zone_to_wall(zone, world->now_usec));

        (void) fprintf(file, "%04d-%02d-%02d %02d:%02d:%02d %s: ", c.year, c.month, c.day, c.hour, c.minute, c.second,
                       zone_name(zone));
        (void) vfprintf(file, format, arguments);
        (void) fputc('\n', file);
}

void fail(const struct world *world, const char *format, ...) {
        va_list arguments;

        (void) fflush(stdout);
        (void) fprintf(stderr, "SEED=%llu, ", (unsigned long long) world->seed);
        va_start(arguments, format);
        vsay(stderr, world, format, arguments);
        va_end(arguments);
        exit(1);
}

void say(const struct world *world, const char *format, ...) {
        va_list arguments;

        if (!world->verbose)
                return;
        va_start(arguments, format);
        vsay(stdout, world, format, arguments);
        va_end(arguments);
}

void must(struct world *world, int r, const char *what) {
        if (r != 0)
                fail(world, "%s: %d", what, r);
}

struct wall_clock clock_of(const struct person *person) {
        return (struct wall_clock){ .zone = person->zone, .all_day_sec = 8 * 3600 };
}

struct person *person_of(struct world *world, const char *id) {
        for (size_t i = 0; i < world->n_people; i++) {
                size_t length = strlen(world->people[i].name);

                if (strncmp(id, world->people[i].name, length) == 0 && id[length] == '/')
                        return &world->people[i];
        }
        fail(world, "%s is nobody's", id);
}

char *id_of(const struct person *person, const struct occurrence *occurrence) {
        char text[CIVIL_TEXT_SIZE], *id;

        if (dose_id_format(person->name, occurrence->schedule->uid, occurrence_format_id(occurrence, text), &id) < 0)
                abort();
        return id;
}

struct action *world_plan(struct world *world, enum action_kind kind, usec_t at_usec, const char *id) {
        struct action *action = calloc(1, sizeof(*action)), **next = &world->actions;

        if (!action)
                abort();
        action->kind = kind;
        action->at_usec = at_usec;
        action->id = id ? strdup(id) : NULL;
        while (*next && (*next)->at_usec <= at_usec)
                next = &(*next)->next;
        action->next = *next;
        *next = action;
        return action;
}

usec_t world_step(struct world *world, bool may_reopen) {
        usec_t next_usec;
        unsigned n = 0;

        oracle_advance(world);
        do {
                must(world, engine_step(world->engine, world->now_usec, &next_usec), "engine_step");
                if (++n > MAX_STEPS)
                        fail(world, "the engine does not come to rest");
        } while (told_deliver(world) || next_usec <= world->now_usec);
        ledger_follow(world, may_reopen);
        ledger_check_open(world);
        told_look(world);
        return next_usec;
}

void world_set_people(struct world *world) {
        struct engine_person people[MAX_PEOPLE];
        size_t n = 0;

        for (size_t i = 0; i < world->n_people; i++)
                if (!world->people[i].is_out)
                        people[n++] = (struct engine_person){
                                .name = world->people[i].name,
                                .clock = clock_of(&world->people[i]),
                                .policy = { .quiet = world->people[i].quiet },
                                .folders = (const char *const *) &world->people[i].folder,
                                .n_folders = 1,
                        };
        told_set(world);
        must(world, engine_set_people(world->engine, people, n, world->now_usec), "engine_set_people");
}

void world_reload(struct world *world, const struct person *person) {
        must(world, engine_reload(world->engine, person ? person->name : NULL, BELIEVE_ANYTHING, world->now_usec),
             "engine_reload");
}

/* What the daemon does at its start. */
void world_start(struct world *world) {
        must(world, engine_new(world->store, world->zones, &answers_observer, world, &world->engine), "engine_new");
        world_set_people(world);
        world_reload(world, NULL);
}

static void happen(struct world *world, enum part part, size_t person, size_t line) {
        switch (part) {
        case PART_EARLY:
                take_early(world);
                break;
        case PART_RESTART:
                restart(world);
                break;
        case PART_TRAVEL:
                travel(world);
                break;
        case PART_CLOCK:
        case PART_FAR:
                misset_clock(world, part == PART_FAR);
                break;
        case PART_LEAVE:
                leave(world);
                break;
        case PART_UNWRITABLE:
                make_unwritable(world);
                break;
        default:
                edit(world, person, line);
                break;
        }
}

static void do_action(struct world *world, const struct action *action) {
        switch (action->kind) {
        case ACTION_HAPPEN:
                happen(world, action->part, action->person, action->line);
                break;
        case ACTION_BACK:
                edit_back(world, action->person, action->line);
                break;
        case ACTION_RETURN:
                come_back(world, action->person);
                break;
        case ACTION_WRITABLE:
                make_writable(world);
                break;
        case ACTION_CONFIRM:
        case ACTION_CONFIRM_LATER:
        case ACTION_SKIP:
        case ACTION_SNOOZE:
        case ACTION_UNDO:
                answer(world, action);
                break;
        case ACTION_DELIVERED:
        case ACTION_CHANNEL:
        case ACTION_RETRY:
        case ACTION_DISMISS:
        case ACTION_REINSTATE:
                told_act(world, action);
                break;
        }
}

static void action_free(struct action *action) {
        free(action->id);
        free(action);
}

static void do_actions(struct world *world, usec_t *next_usec) {
        while (world->actions && world->actions->at_usec <= world->now_usec) {
                struct action *action = world->actions;

                world->actions = action->next;
                do_action(world, action);
                action_free(action);
                *next_usec = world_step(world, false);
        }
}

void world_answer(struct world *world, usec_t until_usec) {
        struct action **next = &world->actions;

        while (*next) {
                struct action *action = *next;

                if (action->kind != ACTION_CONFIRM || action->at_usec > until_usec) {
                        next = &action->next;
                        continue;
                }
                *next = action->next;
                answer(world, action);
                action_free(action);
                (void) world_step(world, false);
                next = &world->actions;
        }
}

/* Within minutes of a due time; or between the alarm before it and it. */
static usec_t draw_near(struct world *world, const struct person *person, const struct line *line) {
        const struct wall_clock clock = clock_of(person);
        struct occurrence next;

        if (!line->calendar ||
            schedule_next(line->calendar->schedules[0], &clock, world->now_usec + 2 * USEC_PER_HOUR, &next) != 0 ||
            next.due_usec > world->now_usec + 20 * USEC_PER_DAY)
                return world->now_usec;
        switch (draw_below(&world->random, 4)) {
        case 0:
                return next.due_usec -
                       (usec_t) (1 + draw_below(&world->random, line->plan.alarm_minutes + 30)) * USEC_PER_MINUTE;
        case 1:
                return next.due_usec + (usec_t) draw_below(&world->random, 300) * USEC_PER_MINUTE;
        default:
                return next.due_usec + (usec_t) draw_below(&world->random, 20 * 60) * USEC_PER_SEC;
        }
}

static void draw_happening(struct world *world) {
        static const enum part parts[] = {
                PART_EARLY,      PART_EARLY,  PART_EARLY,  PART_RESTART, PART_RESTART, PART_TRAVEL,
                PART_TRAVEL,     PART_CLOCK,  PART_LEAVE,  PART_REDRAW,  PART_REDRAW,  PART_REDRAW,
                PART_UNWRITABLE, PART_REDRAW, PART_REDRAW, PART_REDRAW,  PART_REDRAW,  PART_REDRAW,
        };
        enum part part = parts[draw_below(&world->random, ELEMENTS(parts))];
        size_t person = draw_below(&world->random, (unsigned) world->n_people),
               line = draw_below(&world->random, MAX_LINES);
        struct action *action;

        if (part == PART_CLOCK && draw_percent(&world->random, 10))
                part = PART_FAR;
        /* Which part of the plan is edited is decided when it is, and whether that is wanted, too. */
        if (part != PART_REDRAW && !part_is_on(part))
                return;
        if (!part_is_on(PART_NEAR) || part == PART_EARLY || draw_percent(&world->random, 30)) {
                happen(world, part, person, line);
                return;
        }
        action = world_plan(world, ACTION_HAPPEN,
                            draw_near(world, &world->people[person], &world->people[person].lines[line]), NULL);
        action->part = part;
        action->person = person;
        action->line = line;
}

/* Drawn apart: it changes nothing else of a life. */
static void draw_quiet(struct world *world, struct person *person) {
        uint64_t aside = world->random ^ UINT64_C(0x5851f42d4c957f2d);

        if (part_is_on(PART_HUSH) && draw_percent(&aside, 30))
                person->quiet = (struct quiet_hours){
                        .from_sec = (int32_t) (20 + draw_below(&aside, 4)) * 3600,
                        .until_sec = (int32_t) (5 + draw_below(&aside, 4)) * 3600,
                };
}

static void world_begin(struct world *world) {
        must(world, zones_new(NULL, &world->zones), "zones_new");
        (void) atexit(remove_place);
        /* Nothing of it need be on a disk. */
        if (text_format(&place, "%s/dosed-simulate-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") < 0 ||
            !mkdtemp(place))
                fail(world, "no folder for the plans: %m");
        world->place = place;
        ledger_open(world);
        world->now_usec = world->start_usec =
                civil_to_wall(
                        &(struct civil){ .year = 2008 + (int) draw_below(&world->random, 30), .month = 1, .day = 1 }) *
                USEC_PER_SEC;

        world->n_people = draw_percent(&world->random, 60) ? 1 : 2;
        for (size_t i = 0; i < world->n_people; i++) {
                struct person *person = &world->people[i];

                person->name = names[i];
                if (text_format(&person->folder, "%s/%s", place, person->name) < 0 || mkdir(person->folder, 0700) < 0)
                        fail(world, "no folder for a plan: %m");
                draw_home(world, person);
                person->until_usec = world->now_usec;
                draw_quiet(world, person);
                for (size_t j = 0; j < MAX_LINES; j++)
                        if (draw_percent(&world->random, i == 0 ? 60 : 40))
                                edit_first(world, i, j);
        }
        told_begin(world);
        world_start(world);
}

static void world_end(struct world *world) {
        while (world->actions) {
                struct action *action = world->actions;

                world->actions = action->next;
                action_free(action);
        }
        world->engine = engine_free(world->engine);
        for (size_t i = 0; i < world->n_people; i++) {
                for (size_t j = 0; j < MAX_LINES; j++)
                        calendar_free(world->people[i].lines[j].calendar);
                free(world->people[i].folder);
        }
        told_end(world);
        oracle_done(&world->oracle);
        ledger_end(world);
        zones_free(world->zones);
        remove_place();
}

void world_run(struct world *world, unsigned years) {
        usec_t end_usec, check_usec, happen_usec, next_usec;

        world_begin(world);
        end_usec = world->start_usec + years * 365 * USEC_PER_DAY;
        happen_usec = world->now_usec + USEC_PER_DAY;
        check_usec = world->now_usec + 30 * USEC_PER_DAY;
        while (world->now_usec < end_usec) {
                next_usec = world_step(world, false);
                do_actions(world, &next_usec);
                if (world->now_usec >= happen_usec) {
                        draw_happening(world);
                        happen_usec =
                                world->now_usec + (usec_t) (1 + draw_below(&world->random, 12 * 24)) * USEC_PER_HOUR;
                        next_usec = world_step(world, false);
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
        if (world->is_unwritable)
                make_writable(world);
        (void) world_step(world, false);
        oracle_check(world);
        world_end(world);
}
