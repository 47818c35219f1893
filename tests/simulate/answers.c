/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people do when they are reminded, and what they must not be told. */
#include <string.h>

#include "simulate.h"

/* What an edit made due, or made take the place of another, is known at once: it may ring in the same breath. */
static void on_dose_changed(void *userdata, const struct dose_view *view) {
        struct world *world = userdata;
        const struct dose *dose = view->dose;
        _cleanup_(free_p) char *id = NULL;
        struct expected *expected;

        if (dose_id(dose, &id) < 0)
                abort();
        say(world, "%s %s", dose_state_to_string(dose->state), id);
        told_change(world, dose, id);
        expected = oracle_find(&world->oracle, id);
        /* A dose that was still to come, and that the edit put a little into the past, is due now. */
        if (expected && expected->is_excluded && expected->since_usec == world->now_usec && dose->state == DOSE_DUE) {
                expected->is_excluded = false;
                expected->due_usec = world->now_usec;
        }
        if (world->is_editing && (dose->state == DOSE_TAKEN || dose->state == DOSE_SKIPPED) &&
            dose->recorded.kind == ENTRY_CARRIED && dose->recorded.other)
                oracle_carry(world, dose->recorded.other, id);
}

static usec_t draw_seconds(struct world *world, unsigned n) {
        return world->now_usec + (usec_t) draw_below(&world->random, n) * USEC_PER_SEC;
}

/* Nobody is reminded of a recorded dose, nor outside its window, nor without a warning where it was just taken. */
static void on_reminder(void *userdata, const struct dose_view *view) {
        struct world *world = userdata;
        const struct dose *dose = view->dose;
        _cleanup_(free_p) char *id = NULL;
        const struct expected *expected;
        usec_t taken_usec;

        if (dose_id(dose, &id) < 0)
                abort();
        say(world, "reminder %s", id);
        world->n_reminders++;
        expected = oracle_find(&world->oracle, id);
        if (oracle_is_recorded(world, id))
                fail(world, "%s was recorded%s, and is reminded again", id,
                     expected->carried_to ? " and carried to another dose" : "");
        if (expected && expected->is_excluded && !expected->is_unsure)
                fail(world, "%s was due before its schedule came into force, and is reminded", id);
        if (dose->state != DOSE_DUE && dose->state != DOSE_UPCOMING)
                fail(world, "%s is reminded, and is %s", id, dose_state_to_string(dose->state));
        if (world->now_usec >= dose->window_end_usec)
                fail(world, "%s is reminded after its window", id);
        taken_usec = oracle_last_taken(world, dose);
        if (taken_usec != USEC_NONE && taken_usec <= world->now_usec &&
            world->now_usec - taken_usec < dose->min_interval_usec && view->taken_before_usec == USEC_NONE)
                fail(world, "%s is reminded although it was just taken, without a warning", id);

        switch (draw_below(&world->random, 10)) {
        case 0 ... 4:
                (void) world_plan(world, ACTION_CONFIRM, draw_seconds(world, 5400), id);
                break;
        case 5:
                (void) world_plan(world, ACTION_SNOOZE, draw_seconds(world, 300), id);
                break;
        case 6:
                (void) world_plan(world, ACTION_SKIP, draw_seconds(world, 900), id);
                break;
        case 7:
                (void) world_plan(world, ACTION_CONFIRM_LATER, draw_seconds(world, 24 * 3600), id);
                break;
        default:
                break; /* ignored */
        }
}

static void on_nothing(void *userdata, const char *person, bool is_private) {
        (void) userdata, (void) person, (void) is_private;
}

static void on_degraded(void *userdata) {
        struct world *world = userdata;

        if (!world->is_unwritable)
                faults_check_degraded(world);
}

static void on_message_queued(void *userdata) {
        struct world *world = userdata;

        world->told.has_news = true;
}

const struct engine_observer answers_observer = {
        .dose_changed = on_dose_changed,
        .reminder = on_reminder,
        .plan_changed = on_nothing,
        .degraded = on_degraded,
        .message_queued = on_message_queued,
};

static int copy_dose(void *userdata, const struct dose_view *view) {
        return dose_copy(view->dose, userdata);
}

static int look(struct world *world, const char *id, struct dose **ret) {
        return engine_visit_dose(world->engine, id, world->now_usec, copy_dose, ret);
}

static void note_answer(struct world *world, const char *id, const struct record_answer *answer, usec_t taken_usec) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;

        if (answer->durable == world->is_unwritable)
                fail(world, "%s was recorded, and the answer says that the ledger has it: %s", id,
                     answer->durable ? "yes" : "no");
        if (look(world, id, &dose) != 0)
                fail(world, "%s was recorded, and is not there", id);
        oracle_record(world, id, dose->due_usec, true);
        if (taken_usec != USEC_NONE && taken_usec > oracle_last_taken(world, dose))
                oracle_note_taken(world, dose, taken_usec);
}

static int confirm(struct world *world, const char *id, bool later) {
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        _cleanup_(free_p) char *reason = NULL;
        struct record_options options = { .recorded_by = "ana" };
        int r;

        if (later) {
                if (look(world, id, &dose) != 0)
                        return 0;
                options.at_usec = dose->due_usec + 5 * USEC_PER_MINUTE;
                if (options.at_usec > world->now_usec)
                        return 0;
        }
        r = engine_confirm(world->engine, id, &options, world->now_usec, &answer, &reason);
        if (r != 0 || answer.already)
                return r;
        say(world, "confirm %s", id);
        note_answer(world, id, &answer, options.at_usec ? options.at_usec : world->now_usec);
        if (draw_percent(&world->random, 5))
                (void) world_plan(world, ACTION_UNDO, draw_seconds(world, 3600), id);
        return 0;
}

static int skip(struct world *world, const char *id) {
        const struct record_options options = { .recorded_by = "ana" };
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;
        int r = engine_skip(world->engine, id, &options, world->now_usec, &answer, &reason);

        if (r == 0 && !answer.already) {
                say(world, "skip %s", id);
                note_answer(world, id, &answer, USEC_NONE);
        }
        return r;
}

static int undo(struct world *world, const char *id) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;
        int r = engine_undo(world->engine, id, "ana", world->now_usec, &after, &reason);

        if (r != 0)
                return r;
        say(world, "undo %s", id);
        if (look(world, id, &dose) != 0)
                fail(world, "%s was undone, and is not there", id);
        oracle_record(world, id, dose->due_usec, false);
        /* When it was taken before that, the oracle does not know: it says nothing of it any more. */
        oracle_note_taken(world, dose, USEC_NONE);
        return 0;
}

void answer(struct world *world, const struct action *action) {
        _cleanup_(free_p) char *reason = NULL;
        usec_t until_usec;
        int r = 0;

        switch (action->kind) {
        case ACTION_CONFIRM:
        case ACTION_CONFIRM_LATER:
                r = confirm(world, action->id, action->kind == ACTION_CONFIRM_LATER);
                break;
        case ACTION_SKIP:
                r = skip(world, action->id);
                break;
        case ACTION_SNOOZE:
                r = engine_snooze(world->engine, action->id, (usec_t) draw_below(&world->random, 120) * USEC_PER_MINUTE,
                                  "ana", world->now_usec, &until_usec, &reason);
                break;
        case ACTION_UNDO:
                r = undo(world, action->id);
                break;
        case ACTION_HAPPEN:
        case ACTION_BACK:
        case ACTION_RETURN:
        case ACTION_WRITABLE:
        case ACTION_DELIVERED:
        case ACTION_CHANNEL:
        case ACTION_RETRY:
        case ACTION_DISMISS:
        case ACTION_REINSTATE:
                break;
        }
        if (r < 0)
                fail(world, "an action failed: %d", r);
        ledger_follow(world, action->kind == ACTION_UNDO);
}

static int choose_upcoming(void *userdata, const struct dose_view *view) {
        struct world *world = userdata;
        _cleanup_(free_p) char *id = NULL;

        if (view->dose->state != DOSE_UPCOMING || !view->takeable)
                return 0;
        if (dose_id(view->dose, &id) < 0)
                abort();
        (void) world_plan(world, ACTION_CONFIRM, draw_seconds(world, 1800), id);
        return 1;
}

void take_early(struct world *world) {
        int r = engine_visit_doses(world->engine, NULL, world->now_usec, world->now_usec + 6 * USEC_PER_HOUR,
                                   world->now_usec, choose_upcoming, world);

        if (r < 0)
                fail(world, "engine_visit_doses: %d", r);
}
