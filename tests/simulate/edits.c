/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits of a plan: a part of it is changed, it is drawn anew, it goes, or it is again what it was. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dosed/text.h"
#include "simulate.h"

#define MAX_CHOICES 16

static usec_t draw_minutes(struct world *world, unsigned from, unsigned to) {
        return (usec_t) (from + draw_below(&world->random, to - from + 1)) * USEC_PER_MINUTE;
}

static usec_t draw_either(struct world *world, usec_t usec) {
        return draw_percent(&world->random, 50) ? usec : -usec;
}

/* By rename, as calendar programs do; two versions within a tick of the machine's clock still differ by their times. */
static void write_file(struct world *world, const char *path, const char *text) {
        const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
                                           { .tv_sec = 1000000 + (time_t) ++world->n_writes } };
        _cleanup_(free_p) char *temporary = NULL;
        FILE *file;

        if (text_format(&temporary, "%s~", path) < 0)
                abort();
        file = fopen(temporary, "w");
        if (!file || fputs(text, file) < 0 || fflush(file) != 0 || futimens(fileno(file), times) < 0 ||
            fclose(file) != 0 || rename(temporary, path) < 0)
                fail(world, "%s cannot be written: %m", path);
}

/* The line's plan becomes a file, or none, and is read as the engine will read it. Returns what it was; the caller frees. */
static struct calendar *line_write(struct world *world, struct person *person, size_t line_index) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(free_p) char *ics = NULL, *path = NULL;
        struct line *line = &person->lines[line_index];
        struct calendar *former = line->calendar;

        if (text_format(&path, "%s/%zu.ics", person->folder, line_index) < 0)
                abort();
        line->calendar = NULL;
        if (!line->plan.exists) {
                if (unlink(path) < 0 && errno != ENOENT)
                        fail(world, "%s cannot be removed: %m", path);
                return former;
        }
        if (line->plan.is_private)
                told_hide(world, person, &line->plan);
        must(world, plan_print(&line->plan, &ics), "plan_print");
        if (calendar_read("drawn.ics", ics, strlen(ics), world->zones, &line->calendar, &problems) != 0)
                fail(world, "the drawn plan cannot be read:\n%s", ics);
        write_file(world, path, ics);
        if (world->verbose)
                (void) fputs(ics, stdout);
        return former;
}

/* The doses of the line around now. */
static size_t find_around(struct world *world, const struct person *person, const struct line *line, usec_t from_usec,
                          usec_t until_usec, struct occurrence choices[MAX_CHOICES]) {
        const struct wall_clock clock = clock_of(person);
        size_t n = 0;

        while (n < MAX_CHOICES && schedule_next(line->calendar->schedules[0], &clock, from_usec, &choices[n]) == 0 &&
               choices[n].due_usec < until_usec)
                from_usec = choices[n++].due_usec + 1;
        (void) world;
        return n;
}

static struct exception exception_for(const struct occurrence *occurrence) {
        struct exception exception = {};
        char recurrence_id[CIVIL_TEXT_SIZE];

        (void) occurrence_format_id(occurrence, recurrence_id);
        recurrence_id[strcspn(recurrence_id, "Z")] = '\0';
        (void) snprintf(exception.name, sizeof(exception.name), "%s", recurrence_id);
        return exception;
}

/* To another moment, by minutes to a day, or to just around now; never to that of another dose. */
static bool drag(struct world *world, const struct person *person, struct line *line) {
        struct occurrence choices[MAX_CHOICES];
        size_t n = find_around(world, person, line, world->now_usec - 3 * USEC_PER_DAY,
                               world->now_usec + 2 * USEC_PER_DAY, choices);
        const struct zone *zone;
        struct exception exception;
        char start[CIVIL_TEXT_SIZE];
        usec_t at_usec;

        if (n == 0)
                return false;
        n = draw_below(&world->random, (unsigned) n);
        at_usec = choices[n].due_usec;
        switch (draw_below(&world->random, 4)) {
        case 0:
        case 1:
                at_usec += draw_either(world, draw_minutes(world, 1, 60));
                break;
        case 2:
                at_usec += draw_either(world, draw_minutes(world, 60, 24 * 60));
                break;
        case 3:
                if (llabs(at_usec - world->now_usec) < USEC_PER_DAY - USEC_PER_HOUR)
                        at_usec = world->now_usec + draw_either(world, draw_minutes(world, 1, 30));
                break;
        }
        exception = exception_for(&choices[n]);
        zone = line->plan.form == FORM_UTC     ? zone_utc()
               : line->plan.form == FORM_ZONED ? line->calendar->schedules[0]->start.zone
                                               : person->zone;
        at_usec = zone_to_wall(zone, at_usec);
        at_usec += 1 + draw_below(&world->random, 58) - at_usec % 60;
        (void) snprintf(exception.start, sizeof(exception.start), "%s", civil_format(start, at_usec, false, false));
        plan_except(&line->plan, &exception);
        return true;
}

static bool call_off(struct world *world, const struct person *person, struct line *line) {
        struct occurrence choices[MAX_CHOICES];
        size_t n = find_around(world, person, line, world->now_usec - 6 * USEC_PER_HOUR,
                               world->now_usec + 2 * USEC_PER_DAY, choices);
        struct exception exception;

        if (n == 0)
                return false;
        exception = exception_for(&choices[draw_below(&world->random, (unsigned) n)]);
        if (draw_percent(&world->random, 50)) {
                (void) snprintf(exception.start, sizeof(exception.start), "%s", exception.name);
                exception.is_cancelled = true;
        }
        plan_except(&line->plan, &exception);
        return true;
}

static bool change_zone(struct world *world, const struct person *person, struct line *line) {
        static const char *const zones[] = { "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Europe/Lisbon" };

        switch (draw_below(&world->random, 6)) {
        case 0:
                plan_set_form(&line->plan, FORM_UTC, NULL);
                return true;
        case 1 ... 2:
                plan_set_form(&line->plan, FORM_FLOATING, NULL);
                return true;
        case 3:
                plan_set_form(&line->plan, FORM_ZONED, zone_name(person->zone));
                return true;
        default:
                plan_set_form(&line->plan, FORM_ZONED, zones[draw_below(&world->random, ELEMENTS(zones))]);
                return true;
        }
}

/* The names of the doses go with DTSTART; those of exceptions would name nothing any more. */
static bool shift(struct world *world, struct line *line, unsigned minutes) {
        line->plan.start_wall_sec +=
                draw_either(world, (usec_t) (5 * (1 + draw_below(&world->random, minutes / 5))) * 60);
        line->plan.n_exceptions = 0;
        return true;
}

static bool rename_uid(struct world *world, size_t line_index, struct line *line) {
        (void) snprintf(line->plan.uid, sizeof(line->plan.uid), "u%zu-%llx", line_index,
                        (unsigned long long) draw(&world->random));
        line->plan.n_exceptions = 0;
        return draw_percent(&world->random, 50) || shift(world, line, 30);
}

static bool redraw(struct world *world, const struct person *person, size_t line_index, struct line *line) {
        struct civil c = civil_from_wall(zone_to_wall(person->zone, world->now_usec));

        plan_draw(&world->random, (unsigned) line_index, c.year - (int) draw_below(&world->random, 3), &line->plan);
        return true;
}

static enum part draw_part(struct world *world, const struct line *line) {
        static const enum part parts[] = {
                PART_REDRAW, PART_REDRAW, PART_REMOVE, PART_ZONE,     PART_ZONE,     PART_DRAG,   PART_DRAG,
                PART_DRAG,   PART_SHIFT,  PART_SHIFT,  PART_CALL_OFF, PART_CALL_OFF, PART_RENAME,
        };
        enum part part = parts[draw_below(&world->random, ELEMENTS(parts))];

        if (!line->plan.exists)
                return PART_REDRAW;
        /* What follows the last dose has no names that a file could mean. */
        return line->plan.rule || part == PART_REMOVE ? part : PART_REDRAW;
}

static bool change(struct world *world, struct person *person, size_t line_index) {
        struct line *line = &person->lines[line_index];
        enum part part = draw_part(world, line);
        struct plan former = line->plan;
        bool changed = false;

        if (!part_is_on(part))
                return false;
        switch (part) {
        case PART_ZONE:
                changed = change_zone(world, person, line);
                break;
        case PART_DRAG:
                changed = drag(world, person, line);
                break;
        case PART_SHIFT:
                changed = shift(world, line, draw_percent(&world->random, 50) ? 60 : 360);
                break;
        case PART_CALL_OFF:
                changed = call_off(world, person, line);
                break;
        case PART_RENAME:
                changed = rename_uid(world, line_index, line);
                break;
        case PART_REMOVE:
                line->plan.exists = false;
                changed = true;
                break;
        default:
                changed = redraw(world, person, line_index, line);
                break;
        }
        if (!changed)
                return false;
        line->former = former;
        line->has_former = !former.exists || former.rule;
        say(world, "edit %d of %s's %s", (int) part, person->name, line->plan.uid);
        return true;
}

/* Puts what the line says now in force, in front of everybody's eyes. */
static void adopt(struct world *world, struct person *person, size_t line_index) {
        struct line *line = &person->lines[line_index];
        struct judgement judgement;
        struct calendar *former;

        judge_begin(world, person, &judgement);
        former = line_write(world, person, line_index);
        oracle_edit(world, person, former ? former->schedules[0] : NULL,
                    line->calendar ? line->calendar->schedules[0] : NULL);
        world->is_editing = true;
        world_reload(world, person);
        (void) world_step(world, true);
        world->is_editing = false;
        judge_edit(world, &judgement, line, former ? former->schedules[0] : NULL);
        ledger_check_settled(world);
        judge_done(&judgement);
        calendar_free(former);
        world->n_edits++;
}

/* After minutes, or hours; or around the time at which the new version is due. */
static usec_t draw_back(struct world *world, const struct person *person, const struct line *line) {
        struct occurrence next;

        if (draw_percent(&world->random, 50) && line->calendar &&
            schedule_next(line->calendar->schedules[0],
                          &(struct wall_clock){ .zone = person->zone, .all_day_sec = 8 * 3600 }, world->now_usec + 1,
                          &next) == 0 &&
            next.due_usec < world->now_usec + USEC_PER_DAY)
                return next.due_usec + draw_minutes(world, 0, 60);
        return world->now_usec +
               (draw_percent(&world->random, 50) ? draw_minutes(world, 5, 120) : draw_minutes(world, 120, 1440));
}

void edit_first(struct world *world, size_t person, size_t line) {
        struct person *who = &world->people[person];

        (void) redraw(world, who, line, &who->lines[line]);
        (void) line_write(world, who, line);
        oracle_begin(world, who, who->lines[line].calendar->schedules[0]);
}

void edit(struct world *world, size_t person, size_t line) {
        struct person *who = &world->people[person];

        if (who->is_out)
                return;
        (void) world_step(world, false);
        if (!change(world, who, line))
                return;
        adopt(world, who, line);
        if (part_is_on(PART_BACK) && who->lines[line].has_former && draw_percent(&world->random, 40)) {
                struct action *action = world_plan(world, ACTION_BACK, draw_back(world, who, &who->lines[line]), NULL);

                action->person = person;
                action->line = line;
        }
}

void edit_back(struct world *world, size_t person, size_t line_index) {
        struct person *who = &world->people[person];
        struct line *line = &who->lines[line_index];
        struct plan plan = line->plan;

        if (who->is_out || !line->has_former)
                return;
        (void) world_step(world, false);
        line->plan = line->former;
        line->former = plan;
        line->has_former = !plan.exists || plan.rule;
        say(world, "back to the former version of %s's %s", who->name, line->plan.uid);
        adopt(world, who, line_index);
}

void edit_unseen(struct world *world, size_t person) {
        struct person *who = &world->people[person];
        size_t line_index = draw_below(&world->random, MAX_LINES);
        struct line *line = &who->lines[line_index];
        struct calendar *former;

        if (!part_is_on(PART_ABSENT) || !change(world, who, line_index))
                return;
        former = line_write(world, who, line_index);
        oracle_edit(world, who, former ? former->schedules[0] : NULL,
                    line->calendar ? line->calendar->schedules[0] : NULL);
        calendar_free(former);
        world->n_edits++;
}
