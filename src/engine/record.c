/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people do with a dose: confirm, skip, snooze, undo; and every reason to refuse it. */
#include <stdarg.h>

#include "dosed/span.h"
#include "dosed/text.h"
#include "dosed/window.h"
#include "engine/place.h"

void record_answer_done(struct record_answer *answer) {
        entry_done(&answer->recorded);
        free(answer->warning);
        *answer = (struct record_answer){};
}

/* "today at 08:00" would need to know what today is for the reader: the date is always there. */
static void format_time(const struct person *person, usec_t at_usec, char *text, size_t size) {
        struct civil c = civil_from_wall(zone_to_wall(person->clock.zone, at_usec));

        (void) snprintf(text, size, "%02d:%02d on %04d-%02d-%02d", c.hour, c.minute, c.year, c.month, c.day);
}

#define TIME_TEXT_SIZE 64

/* Refuses with a sentence; returns the outcome, or -ENOMEM. */
static int __attribute__((format(printf, 3, 4))) refuse(char **ret_reason, int outcome, const char *format, ...) {
        va_list arguments;
        char *text;
        int r;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0)
                return -ENOMEM;
        *ret_reason = text;
        return outcome;
}

/* Takes a dose in hand for an operation; engine_finish() lets go of it. */
static int acquire(struct engine *engine, const char *id, struct live_dose **ret, char **ret_reason) {
        struct live_dose *live;
        int r;

        r = live_acquire(engine, id, &live);
        if (r == ENGINE_NO_SUCH_DOSE)
                return refuse(ret_reason, r, "there is no such dose");
        if (r < 0)
                return r;
        r = live_touch(engine, live);
        if (r < 0)
                return r;
        *ret = live;
        return 0;
}

static int refuse_recorded(const struct live_dose *live, char **ret_reason) {
        const struct entry *recorded = &live->dose->recorded;
        char at[TIME_TEXT_SIZE];

        format_time(live->person, recorded->recorded_usec, at, sizeof(at));
        return refuse(ret_reason, ENGINE_NOT_OPEN,
                      "it was recorded as %s by %s at %s",
                      dose_state_to_string(live->dose->state), recorded->recorded_by ? recorded->recorded_by : "somebody",
                      at);
}

/* So early that it is rather another dose that was meant. */
static int refuse_before(const struct live_dose *live, usec_t taken_usec, char **ret_reason) {
        usec_t from_usec = live->dose->due_usec - live->dose->early_usec;
        char at[TIME_TEXT_SIZE];

        if (taken_usec >= from_usec)
                return 0;
        format_time(live->person, from_usec, at, sizeof(at));
        return refuse(ret_reason, ENGINE_TOO_EARLY,
                      "it may be taken from %s", at);
}

/* May it be taken now? Limits answer that; what was already swallowed is never refused. */
static int may_take_now(struct engine *engine, const struct live_dose *live, usec_t now_usec, char **ret_reason) {
        const struct dose *dose = live->dose;
        _cleanup_(free_p) char *ago = NULL, *interval = NULL;
        char at[TIME_TEXT_SIZE];
        usec_t last_usec;
        int r;

        r = engine_last_taken(engine, dose->person, dose->medication, &last_usec);
        if (r < 0)
                return r;
        if (last_usec > now_usec + FUTURE_TOLERANCE && now_usec < engine->hold_usec) {
                format_time(live->person, last_usec, at, sizeof(at));
                return refuse(ret_reason, ENGINE_TOO_SOON, "it is recorded as taken at %s, which has not come by this "
                              "machine's clock: nobody has set that yet, and it may be behind", at);
        }
        if (last_usec > now_usec + FUTURE_TOLERANCE)
                return refuse(ret_reason, ENGINE_TOO_SOON, "it is recorded as taken at a time that has not come yet: the "
                              "clock was wrong then, and that record has to be amended first");
        if (last_usec != USEC_NONE && now_usec - last_usec < dose->min_interval_usec) {
                r = span_format(now_usec - last_usec, &ago);
                if (r >= 0)
                        r = span_format(dose->min_interval_usec, &interval);
                if (r < 0)
                        return r;
                return refuse(ret_reason, ENGINE_TOO_SOON, "it was taken %s%s, and at least %s should lie between two doses",
                              now_usec - last_usec < USEC_PER_MINUTE ? "just now" : ago,
                              now_usec - last_usec < USEC_PER_MINUTE ? "" : " ago", interval);
        }

        if (dose_record_is_lost(engine, dose))
                return refuse(ret_reason, ENGINE_TOO_SOON,
                              "the record cannot be read: it may have been taken already. Check that first");

        r = refuse_before(live, now_usec, ret_reason);
        if (r != 0)
                return r;
        if (now_usec >= window_takeable_until(dose)) {
                format_time(live->person, window_takeable_until(dose), at, sizeof(at));
                return refuse(ret_reason, ENGINE_TOO_LATE,
                              "it may not be taken now any more: that was offered until %s", at);
        }
        return 0;
}

/* In the ledger, and that is one that lasts. */
static bool is_durable(const struct engine *engine) {
        return store_is_flushed(engine->store) && store_is_durable(engine->store);
}

static int fill_answer(struct engine *engine, const struct live_dose *live, struct record_answer *answer) {
        answer->state = live->dose->state;
        answer->durable = is_durable(engine);
        if (live->dose->state == DOSE_TAKEN)
                answer->grade = dose_grade(live->dose, live->dose->recorded.taken_usec);
        return entry_copy(&live->dose->recorded, &answer->recorded);
}

/* The second of two people: nothing is changed, but a difference may mean that both gave it. */
static int answer_already(struct engine *engine, const struct live_dose *live, const struct record_options *options,
                          usec_t now_usec, struct record_answer *answer) {
        const struct entry *recorded = &live->dose->recorded;
        usec_t taken_usec = options->at_usec == USEC_NONE ? now_usec : options->at_usec;
        usec_t apart_usec = taken_usec > recorded->taken_usec ? taken_usec - recorded->taken_usec
                                                              : recorded->taken_usec - taken_usec;
        bool other_amount = options->amount && !text_equal(options->amount, recorded->amount);
        bool other_hand = !text_equal(options->given_by ? options->given_by : options->recorded_by,
                                      recorded->given_by ? recorded->given_by : recorded->recorded_by);
        int r;

        if (other_amount || (options->at_usec != USEC_NONE && apart_usec >= USEC_PER_MINUTE) ||
            (other_hand && apart_usec >= USEC_PER_MINUTE)) {
                r = text_copy("it had been recorded before, with another time, amount or person: make sure that it was "
                              "not given twice",
                              &answer->warning);
                if (r < 0)
                        return r;
        }
        answer->already = true;
        return fill_answer(engine, live, answer);
}

/* The entry's texts stay the options'. */
static int enter(struct engine *engine, struct live_dose *live, enum entry_kind kind, enum dose_state state,
                 const struct record_options *options, bool later, usec_t taken_usec, usec_t now_usec) {
        const struct entry entry = {
                .kind = kind,
                .state = state,
                .recorded_usec = now_usec,
                .taken_usec = taken_usec,
                .later = later,
                .recorded_by = (char *) options->recorded_by,
                .given_by = (char *) options->given_by,
                .amount = (char *) options->amount,
                .measurement = (char *) options->measurement,
                .note = (char *) options->note,
        };
        int r;

        r = live_enter(engine, live, &entry);
        if (r < 0)
                return r;
        return live_set_timer(engine, live);
}

static int confirm(struct engine *engine, struct live_dose *live, const struct record_options *options, usec_t now_usec,
                   struct record_answer *answer, char **ret_reason) {
        const struct dose *dose = live->dose;
        usec_t taken_usec = options->at_usec == USEC_NONE ? now_usec : options->at_usec;
        bool later = options->at_usec != USEC_NONE && now_usec - taken_usec >= USEC_PER_MINUTE;
        bool corrects = dose->state == DOSE_TAKEN;
        _cleanup_(entry_done) struct entry former = {};
        struct record_options amended = *options;
        int r;

        /* What an amendment does not say stays as it was. */
        if (corrects && options->amend) {
                if (options->at_usec == USEC_NONE) {
                        taken_usec = dose->recorded.taken_usec;
                        later = dose->recorded.later;
                }
                r = entry_copy(&dose->recorded, &former);
                if (r < 0)
                        return r;
                amended.given_by = options->given_by ?: former.given_by;
                amended.amount = options->amount ?: former.amount;
                amended.measurement = options->measurement ?: former.measurement;
                amended.note = options->note ?: former.note;
        }

        if (taken_usec > now_usec + FUTURE_TOLERANCE)
                return refuse(ret_reason, ENGINE_BAD_OPTION, "the time lies in the future: give the time when it was taken");
        if (dose->state == DOSE_TAKEN && !options->amend)
                return answer_already(engine, live, options, now_usec, answer);
        /* What the plan passed over or took off, nobody has spoken of yet. */
        if (dose->state == DOSE_SKIPPED && !dose_is_off_plan(dose) && !options->amend)
                return refuse_recorded(live, ret_reason);
        if (dose->asks_amount && !options->amount && !corrects)
                return refuse(ret_reason, ENGINE_BAD_OPTION,
                              "its amount varies: say how much was taken");
        if (!options->force && !corrects) {
                if (!later)
                        r = may_take_now(engine, live, now_usec, ret_reason);
                else
                        r = refuse_before(live, taken_usec, ret_reason);
                if (r != 0)
                        return r;
        }

        return enter(engine, live, ENTRY_TAKEN, DOSE_TAKEN, &amended, later, taken_usec, now_usec);
}

static int skip(struct engine *engine, struct live_dose *live, const struct record_options *options, usec_t now_usec,
                struct record_answer *answer, char **ret_reason) {
        const struct dose *dose = live->dose;

        if (dose->state == DOSE_SKIPPED && !dose_is_off_plan(dose) && !options->amend) {
                answer->already = true;
                return fill_answer(engine, live, answer);
        }
        if (dose->state == DOSE_TAKEN && !options->amend)
                return refuse_recorded(live, ret_reason);

        return enter(engine, live, ENTRY_SKIPPED, DOSE_SKIPPED, options, now_usec >= dose->window_end_usec, USEC_NONE,
                     now_usec);
}

typedef int (*recording)(struct engine *engine, struct live_dose *live, const struct record_options *options,
                         usec_t now_usec, struct record_answer *answer, char **ret_reason);

/* Acquire, decide, write, tell; the answer says whether the ledger has it. */
static int record(struct engine *engine, const char *id, recording decide, const struct record_options *options,
                  usec_t now_usec, struct record_answer *ret, char **ret_reason) {
        _cleanup_(record_answer_done) struct record_answer answer = {};
        struct live_dose *live;
        int outcome, r;

        outcome = acquire(engine, id, &live, ret_reason);
        if (outcome != 0)
                return outcome;

        outcome = decide(engine, live, options, now_usec, &answer, ret_reason);
        if (outcome == 0 && !answer.already)
                outcome = fill_answer(engine, live, &answer);
        r = engine_finish(engine, now_usec); /* the dose is let go of in either case */
        if (outcome != 0)
                return outcome;
        if (r < 0)
                return r;

        answer.durable = is_durable(engine);
        *ret = answer;
        answer = (struct record_answer){};
        return 0;
}

int engine_confirm(struct engine *engine, const char *id, const struct record_options *options, usec_t now_usec,
                   struct record_answer *ret, char **ret_reason) {
        return record(engine, id, confirm, options, now_usec, ret, ret_reason);
}

int engine_skip(struct engine *engine, const char *id, const struct record_options *options, usec_t now_usec,
                struct record_answer *ret, char **ret_reason) {
        return record(engine, id, skip, options, now_usec, ret, ret_reason);
}

static int snooze(struct engine *engine, struct live_dose *live, usec_t snooze_usec, const char *recorded_by,
                  usec_t now_usec, usec_t *ret_until_usec, char **ret_reason) {
        usec_t wish_usec = snooze_usec > 0 ? snooze_usec : engine->snooze_usec;
        struct entry entry = {
                .kind = ENTRY_SNOOZED,
                .state = DOSE_SNOOZED,
                .recorded_usec = now_usec,
                .recorded_by = (char *) recorded_by,
        };
        char at[TIME_TEXT_SIZE];
        int r;

        if (live->dose->state == DOSE_UPCOMING) {
                format_time(live->person, live->dose->due_usec, at, sizeof(at));
                return refuse(ret_reason, ENGINE_NOT_OPEN, "it is not due yet: the reminder comes at %s", at);
        }
        if (!dose_is_open(live->dose))
                return refuse(ret_reason, ENGINE_NOT_OPEN, "it is %s: there is nothing to snooze",
                              dose_state_to_string(live->dose->state));

        entry.until_usec = snooze_clip(live->dose, wish_usec < USEC_PER_DAY ? now_usec + wish_usec : USEC_NEVER);
        if (entry.until_usec <= now_usec) {
                format_time(live->person, live->dose->window_end_usec, at, sizeof(at));
                return refuse(ret_reason, ENGINE_TOO_LATE,
                              "it cannot be put off any more: it counts as not confirmed at %s", at);
        }

        r = live_enter(engine, live, &entry);
        if (r < 0)
                return r;
        r = live_set_timer(engine, live);
        if (r < 0)
                return r;
        *ret_until_usec = entry.until_usec;
        return 0;
}

int engine_snooze(struct engine *engine, const char *id, usec_t snooze_usec, const char *recorded_by, usec_t now_usec,
                  usec_t *ret_until_usec, char **ret_reason) {
        struct live_dose *live;
        int outcome, r;

        outcome = acquire(engine, id, &live, ret_reason);
        if (outcome != 0)
                return outcome;
        outcome = snooze(engine, live, snooze_usec, recorded_by, now_usec, ret_until_usec, ret_reason);
        r = engine_finish(engine, now_usec);
        return outcome != 0 ? outcome : r;
}

/* One that only a wrong clock made is not to come by the right one. */
static int undo_in_chain(struct engine *engine, struct live_dose *live, struct slot *slot, usec_t now_usec) {
        char following[CIVIL_TEXT_SIZE];
        int r;

        if (live->dose->state != DOSE_UPCOMING)
                return 0;
        r = after_taken_following(engine, slot, now_usec, following);
        if (r < 0 || strcmp(live->dose->recurrence_id, following) == 0)
                return r;
        return live_withdraw(engine, live, "taken off the plan", now_usec);
}

/*
 * Undone, it is what the plan has: where an edit put it ahead while it was recorded, it is still to come, and what the
 * plan took off is not to be taken.
 */
static int undo(struct engine *engine, struct live_dose *live, const struct record_options *options, usec_t now_usec) {
        struct slot *slot = person_find_slot(live->person, live->dose->uid);
        struct occurrence occurrence;
        bool is_off = false;
        int r;

        r = enter(engine, live, ENTRY_UNDONE, live_state_by_time(engine, live, now_usec), options, false, USEC_NONE, now_usec);
        if (r >= 0 && !dose_is_settled_by_time(live->dose))
                r = is_taken_off(live->person, live->dose, &is_off);
        if (r >= 0 && is_off)
                return live_withdraw(engine, live, "taken off the plan", now_usec);
        if (r < 0 || !slot)
                return r;
        if (slot->schedule->after_taken_usec > 0)
                return undo_in_chain(engine, live, slot, now_usec);
        r = slot_find(slot, live->dose->recurrence_id, &occurrence);
        if (r != 0 || occurrence.due_usec <= now_usec || occurrence.due_usec == live->dose->due_usec)
                return r < 0 ? r : 0;
        return live_move(engine, live, slot, &occurrence, now_usec);
}

int engine_undo(struct engine *engine, const char *id, const char *recorded_by, usec_t now_usec,
                enum dose_state *ret_state, char **ret_reason) {
        struct record_options options = { .recorded_by = recorded_by };
        struct live_dose *live;
        enum dose_state state = _DOSE_STATE_MAX;
        int outcome, r;

        outcome = acquire(engine, id, &live, ret_reason);
        if (outcome != 0)
                return outcome;

        if (dose_is_off_plan(live->dose))
                outcome = refuse(ret_reason, ENGINE_NOT_OPEN, "the plan took it off, and nobody has recorded anything of it");
        else if (!dose_allows(live->dose->state, ENTRY_UNDONE))
                outcome = refuse(ret_reason, ENGINE_NOT_OPEN, "nothing is recorded of it that could be undone: it is %s",
                                 dose_state_to_string(live->dose->state));
        else
                outcome = undo(engine, live, &options, now_usec);
        if (outcome == 0)
                state = live->dose->state;
        r = engine_finish(engine, now_usec);
        if (outcome != 0)
                return outcome;
        if (r < 0)
                return r;

        *ret_state = state;
        return 0;
}
