/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs take, skip, snooze and undo: one call a dose, and what came of it in words. */
#include "ctl/answer.h"
#include "ctl/client.h"
#include "ctl/listing.h"
#include "ctl/output.h"
#include "ctl/verb.h"
#include "ctl/what.h"
#include "dosed/span.h"
#include "dosed/text.h"

/* What Confirm and Skip answer, and what Snooze and Undo do. */
struct record_answer {
        char *state, *recorded_by, *grade, *warning;
        usec_t recorded_at_usec, taken_at_usec, snoozed_until_usec;
        bool durable, already;
};

static const struct answer_key record_keys[] = {
        { "state", ANSWER_TEXT, offsetof(struct record_answer, state) },
        { "recorded-by", ANSWER_TEXT, offsetof(struct record_answer, recorded_by) },
        { "recorded-at", ANSWER_TIME, offsetof(struct record_answer, recorded_at_usec) },
        { "taken-at", ANSWER_TIME, offsetof(struct record_answer, taken_at_usec) },
        { "grade", ANSWER_TEXT, offsetof(struct record_answer, grade) },
        { "durable", ANSWER_FLAG, offsetof(struct record_answer, durable) },
        { "already", ANSWER_FLAG, offsetof(struct record_answer, already) },
        { "warning", ANSWER_TEXT, offsetof(struct record_answer, warning) },
        { "snoozed-until", ANSWER_TIME, offsetof(struct record_answer, snoozed_until_usec) },
};

static void record_answer_done(struct record_answer *answer) {
        answer_done(record_keys, ELEMENTS(record_keys), answer);
}

struct recording {
        const struct request *request;
        sd_bus *bus;
        const struct listed_dose *dose;
        const char *reason; /* skip */
        usec_t span_usec;   /* snooze; 0: as configured */
};

/* One verb: the call, and the sentence. */
struct act {
        const char *member;
        int (*append)(const struct recording *recording, sd_bus_message *call);
        int (*read)(sd_bus_message *reply, struct record_answer *answer);
        void (*say)(const struct recording *recording, const struct record_answer *answer);
};

/* The options that the daemon takes under the same name. */
static const struct {
        enum option_id id;
        const char *name;
        bool is_flag;
} passed_on[] = {
        { OPTION_AMOUNT, "amount", false }, { OPTION_BY, "by", false },
        { OPTION_NOTE, "note", false },     { OPTION_MEASUREMENT, "measurement", false },
        { OPTION_FORCE, "force", true },    { OPTION_AMEND, "amend", true },
};

static int append_option(const struct request *request, sd_bus_message *call, size_t i) {
        if (!request_has(request, passed_on[i].id))
                return 0;
        if (passed_on[i].is_flag)
                return sd_bus_message_append(call, "{sv}", passed_on[i].name, "b", 1);
        return sd_bus_message_append(call, "{sv}", passed_on[i].name, "s", request->options[passed_on[i].id]);
}

static int append_take(const struct recording *recording, sd_bus_message *call) {
        const struct request *request = recording->request;
        usec_t at_usec;
        int r;

        r = sd_bus_message_open_container(call, 'a', "{sv}");
        for (size_t i = 0; r >= 0 && i < ELEMENTS(passed_on); i++)
                r = append_option(request, call, i);
        if (r >= 0 && request_has(request, OPTION_AT)) {
                if (what_time(request, recording->dose, &at_usec) != 0)
                        return -EINVAL;
                r = sd_bus_message_append(call, "{sv}", "at", "t", (uint64_t) at_usec);
        }
        return r < 0 ? r : sd_bus_message_close_container(call);
}

static int append_skip(const struct recording *recording, sd_bus_message *call) {
        const struct request *request = recording->request;
        int r;

        r = sd_bus_message_append(call, "s", recording->reason ? recording->reason : "");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "{sv}");
        for (size_t i = 0; r >= 0 && i < ELEMENTS(passed_on); i++)
                if (passed_on[i].id != OPTION_NOTE)
                        r = append_option(request, call, i);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

static int append_snooze(const struct recording *recording, sd_bus_message *call) {
        return sd_bus_message_append(call, "t", (uint64_t) recording->span_usec);
}

static int append_nothing(const struct recording *recording, sd_bus_message *call) {
        (void) recording;
        (void) call;
        return 0;
}

static int read_recorded(sd_bus_message *reply, struct record_answer *answer) {
        /* A daemon that does not speak of durability has none to complain of. */
        answer->durable = true;
        return answer_read(reply, record_keys, ELEMENTS(record_keys), answer);
}

static int read_snoozed(sd_bus_message *reply, struct record_answer *answer) {
        uint64_t until;
        int r;

        r = sd_bus_message_read_basic(reply, 't', &until);
        if (r < 0)
                return r;

        answer->durable = true;
        answer->snoozed_until_usec = until > INT64_MAX ? USEC_NEVER : (usec_t) until;
        return text_set(&answer->state, "snoozed");
}

static int read_undone(sd_bus_message *reply, struct record_answer *answer) {
        const char *state;
        int r;

        r = sd_bus_message_read_basic(reply, 's', &state);
        if (r < 0)
                return r;

        answer->durable = true;
        return text_clean(state, &answer->state);
}

/* "08:03", on the clock of the dose's person. */
static char *say_time(const struct recording *recording, usec_t at_usec, char *text) {
        const struct listed_dose *dose = recording->dose;

        return wall_format_day_time(text, listed_dose_wall(dose, recording->request, at_usec),
                                    listed_dose_wall(dose, recording->request, recording->request->now_usec));
}

static void say_which(const struct recording *recording, const char *before) {
        char due[WHEN_TEXT_SIZE];

        printf("%s: %s", before, recording->dose->medication);
        if (recording->dose->due_usec != USEC_NONE)
                printf(" of %s", say_time(recording, recording->dose->due_usec, due));
}

static void say_already(const struct recording *recording, const struct record_answer *answer) {
        char at[WHEN_TEXT_SIZE];

        say_which(recording, "Nothing changed");
        printf(" was %s", answer->state ? answer->state : "recorded");
        if (answer->taken_at_usec != USEC_NONE)
                printf(" at %s", say_time(recording, answer->taken_at_usec, at));
        if (answer->recorded_by)
                printf(", recorded by %s", answer->recorded_by);
        if (answer->recorded_at_usec != USEC_NONE)
                printf(" at %s", say_time(recording, answer->recorded_at_usec, at));
        printf(". --amend corrects it.\n");
}

/* Whoever says it again with --force may mean the next one, which is not guessed. */
static int say_next(const struct recording *recording) {
        _cleanup_(listed_dose_done) struct listed_dose next = {};
        const char *at = recording->request->options[OPTION_AT];
        char due[WHEN_TEXT_SIZE];
        int r;

        r = what_next(recording->bus, recording->request, recording->dose, &next);
        if (r == 0)
                printf("  If it was the one of %s: dosectl take %s%s%s%s --force\n", say_time(recording, next.due_usec, due),
                       next.id, at ? " --at \"" : "", at ?: "", at ? "\"" : "");
        return r == WHAT_NONE ? 0 : r;
}

static void say_taken(const struct recording *recording, const struct record_answer *answer) {
        char at[WHEN_TEXT_SIZE];

        say_which(recording, "Taken");
        if (answer->taken_at_usec != USEC_NONE)
                printf(", at %s", say_time(recording, answer->taken_at_usec, at));
        if (answer->grade)
                printf(" (%s)", text_equal(answer->grade, "on-time") ? "on time" : answer->grade);
        printf(".\n");
}

static void say_skipped(const struct recording *recording, const struct record_answer *answer) {
        (void) answer;
        say_which(recording, "Skipped");
        if (recording->reason)
                printf(" (%s)", recording->reason);
        printf(".\n");
}

static void say_snoozed(const struct recording *recording, const struct record_answer *answer) {
        char until[WHEN_TEXT_SIZE];

        say_which(recording, "Snoozed");
        printf(", until %s.\n", say_time(recording, answer->snoozed_until_usec, until));
}

static void say_undone(const struct recording *recording, const struct record_answer *answer) {
        say_which(recording, "Taken back");
        printf(" is %s now.\n", text_equal(answer->state, "missed") ? "not confirmed" : answer->state);
}

static const struct act take = { "Confirm", append_take, read_recorded, say_taken };
static const struct act skip = { "Skip", append_skip, read_recorded, say_skipped };
static const struct act snooze = { "Snooze", append_snooze, read_snoozed, say_snoozed };
static const struct act undo = { "Undo", append_nothing, read_undone, say_undone };

static enum what_purpose act_purpose(const struct act *act, const struct request *request) {
        if (act == &undo || request_has(request, OPTION_AMEND))
                return WHAT_TO_CORRECT;
        return request_has(request, OPTION_AT) ? WHAT_TO_RECORD : WHAT_TO_ANSWER;
}

static json_t *answer_json(const struct listed_dose *dose, const struct record_answer *answer) {
        _cleanup_(json_unref_p) json_t *json = json_object();

        if (json_object_set_new(json, "id", json_text(dose->id)) < 0 ||
            json_object_set_new(json, "person", json_text(dose->person)) < 0 ||
            json_object_set_new(json, "medication", json_text(dose->medication)) < 0 ||
            json_object_set_new(json, "due", json_time(dose->due_usec)) < 0 ||
            answer_to_json(record_keys, ELEMENTS(record_keys), answer, json) < 0)
                return NULL;
        return TAKE(json);
}

static int report(const struct act *act, const struct recording *recording, const struct record_answer *answer,
                  json_t *done) {
        if (done)
                return json_array_append_new(done, answer_json(recording->dose, answer)) < 0 ? -ENOMEM : 0;

        if (answer->already)
                say_already(recording, answer);
        else
                act->say(recording, answer);
        if (answer->warning)
                printf("  Look: %s.\n", answer->warning);
        if (!answer->durable)
                printf("  It is not yet safely in the ledger: see dosectl status.\n");
        return answer->already && request_has(recording->request, OPTION_FORCE) ? say_next(recording) : 0;
}

/* What lies ahead was not taken yet. */
static int check_time(const struct recording *recording) {
        const struct request *request = recording->request;
        usec_t at_usec;

        if (!request_has(request, OPTION_AT))
                return 0;
        if (what_time(request, recording->dose, &at_usec) != 0 || at_usec <= 0) {
                complain("--at '%s' is no time of day: 08:10, \"yesterday 21:00\" and \"2026-11-23 08:10\" are",
                         request->options[OPTION_AT]);
                return REQUEST_USAGE;
        }
        if (at_usec > request->now_usec) {
                complain("%s has not come yet: \"yesterday %s\" if it was then", request->options[OPTION_AT],
                         request->options[OPTION_AT]);
                return REQUEST_REFUSED;
        }
        return 0;
}

static int act_on(const struct act *act, const struct recording *recording, json_t *done) {
        const struct listed_dose *dose = recording->dose;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        int r;

        r = client_new_call(recording->bus, dose->path, CLIENT_DOSE, act->member, &call);
        if (r >= 0)
                r = act->append(recording, call);
        if (r < 0)
                return r;
        r = sd_bus_call(recording->bus, call, 0, &error, &reply);
        if (r < 0)
                return client_refused(recording->request, dose->medication, r, &error);
        r = act->read(reply, &answer);
        if (r < 0)
                return r;
        return report(act, recording, &answer, done);
}

/* Each of them is tried, whatever dosed said to the others. */
static int act_on_doses(const struct act *act, struct recording recording, const struct listed_doses *doses,
                        json_t *done) {
        int worst = 0;

        for (size_t i = 0; i < doses->n_items; i++) {
                int r;

                recording.dose = &doses->items[i];
                r = act_on(act, &recording, done);
                if (r < 0)
                        return r;
                if (r > worst)
                        worst = r;
        }
        return worst;
}

/* What was perhaps meant as something else than a name. */
static void say_hint(const struct act *act, const struct request *request, const char *what) {
        usec_t span_usec;
        struct when when;

        if (span_parse(what, &span_usec) == SPAN_INVALID && when_parse(what, request->zone, request->now_usec, &when) != 0)
                return;
        if (act == &snooze)
                complain("if '%s' says for how long: that is one word, and the last: dosectl snooze WHAT 10min", what);
        if (act == &take)
                complain("if '%s' is no name: --at TIME says when it was taken, --amount how much", what);
}

/* All of them, before anything is recorded: where one is not found, something else was meant than what was said. */
static int find_doses(const struct act *act, const struct recording *recording, size_t n_whats,
                      struct listed_doses *ret) {
        const struct request *request = recording->request;
        int worst = 0;

        ret->items = calloc(n_whats, sizeof(*ret->items));
        if (!ret->items)
                return -ENOMEM;
        for (size_t i = 0; i < n_whats; i++) {
                struct recording one = *recording;
                int r;

                one.dose = &ret->items[ret->n_items];
                r = what_find(recording->bus, request, request->arguments[i], act_purpose(act, request),
                              &ret->items[ret->n_items++]);
                if (r == REQUEST_REFUSED)
                        say_hint(act, request, request->arguments[i]);
                if (r == 0)
                        r = check_time(&one);
                if (r < 0)
                        return r;
                if (r > worst)
                        worst = r;
        }
        if (worst > 0 && n_whats > 1)
                complain("nothing is recorded of any of them");
        return worst;
}

/* As "$MED" is in a script where nobody set it: the beginning of every name. */
static int check_whats(const struct request *request, size_t n_whats) {
        for (size_t i = 0; i < n_whats; i++)
                if (text_is_blank(request->arguments[i])) {
                        complain("WHAT is empty: give a medication's name or the beginning of it, or a dose's id");
                        return REQUEST_USAGE;
                }
        return 0;
}

static int act_on_all(const struct act *act, const struct request *request, size_t n_whats, const char *reason,
                      usec_t span_usec) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(listed_doses_done) struct listed_doses doses = {};
        _cleanup_(json_unref_p) json_t *done = request_has(request, OPTION_JSON) ? json_array() : NULL;
        struct recording recording = { .request = request, .reason = reason, .span_usec = span_usec };
        int outcome, r;

        r = check_whats(request, n_whats);
        if (r == 0)
                r = client_open(request, &bus);
        if (r != 0)
                return r;

        recording.bus = bus;
        outcome = find_doses(act, &recording, n_whats, &doses);
        if (outcome == 0)
                outcome = act_on_doses(act, recording, &doses, done);
        if (outcome < 0)
                return outcome;

        r = done ? output_json(TAKE(done)) : 0;
        return r < 0 ? r : outcome;
}

int take_run(struct request *request) {
        struct when when;
        int r;

        /* Before any dose is looked for: a time that means nothing is one mistake, not one for each dose. */
        r = request_has(request, OPTION_AT) ? request_time(request, OPTION_AT, NULL, request->zone, &when) : 0;
        return r != 0 ? r : act_on_all(&take, request, request->n_arguments, NULL, 0);
}

int skip_run(struct request *request) {
        if (request_has(request, OPTION_NOTE))
                return act_on_all(&skip, request, request->n_arguments, request->options[OPTION_NOTE], 0);
        if (request->n_arguments > 2) {
                complain("more than one WHAT: say why with --note REASON");
                return REQUEST_USAGE;
        }
        return act_on_all(&skip, request, 1, request->n_arguments > 1 ? request->arguments[1] : NULL, 0);
}

int snooze_run(struct request *request) {
        size_t n = request->n_arguments;
        const char *last = request->arguments[n - 1];
        usec_t span_usec = 0;
        int r;

        r = n > 1 ? span_parse(last, &span_usec) : SPAN_INVALID;
        if (r == SPAN_WITHOUT_UNIT) {
                complain("snooze '%s' has no unit: say %smin, or %sh", last, last, last);
                return REQUEST_USAGE;
        }
        if (r == 0)
                n--;
        return act_on_all(&snooze, request, n, NULL, span_usec);
}

int undo_run(struct request *request) {
        return act_on_all(&undo, request, request->n_arguments, NULL, 0);
}
