/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A timer for each heartbeat hook. */
#include "dosed/heartbeat.h"

#include <systemd/sd-id128.h>

#include "deliver/parcel.h"
#include "dosed/limits.h"
#include "dosed/text.h"

struct beat {
        struct heartbeat *heartbeat;
        struct command command;
        const struct deliver_form *form;
        void *userdata; /* of the form */
        struct wall_clock clock;
        usec_t every_usec;
        usec_t next_usec; /* by CLOCK_BOOTTIME: who was suspended for longer than a beat is late as it wakes up */
        sd_event_source *timer;
        bool is_running;
        bool is_owed; /* it was left out */
        unsigned n_failures;
};

struct beats {
        struct beat *items;
        size_t n_items;
        struct runner *runner; /* not that of the messages: four mails that hang must not look like a dead dosed */
};

struct heartbeat {
        sd_event *event;
        const struct heartbeat_host *host;
        void *userdata;
        struct beats beats;
};

static void beats_done(struct beats *beats) {
        runner_free(beats->runner);
        for (size_t i = 0; i < beats->n_items; i++) {
                sd_event_source_disable_unref(beats->items[i].timer);
                command_done(&beats->items[i].command);
        }
        free(beats->items);
}

static int beat_end(struct beat *beat, enum delivery delivery, const char *answer) {
        const struct heartbeat *heartbeat = beat->heartbeat;

        beat->is_running = false;
        beat->n_failures = delivery == DELIVERY_DONE ? 0 : beat->n_failures + 1;
        return heartbeat->host->ended(heartbeat->userdata, beat->command.name, delivery, answer, beat->n_failures);
}

static int on_ended(void *userdata, const struct runner_result *result) {
        struct beat *beat = userdata;
        _cleanup_(free_p) char *answer = NULL;
        int r;

        r = runner_result_describe(result, command_program(&beat->command), &answer);
        if (r >= 0)
                r = beat_end(beat, delivery_from_result(result), answer);
        return r < 0 ? r : heartbeat_look(beat->heartbeat);
}

/* A message that was never in the outbox. */
static int beat_pack(const struct beat *beat, struct parcel *ret) {
        const struct heartbeat *heartbeat = beat->heartbeat;
        char token[SD_ID128_STRING_MAX];
        sd_id128_t id;
        struct telling telling = { .recipient = beat->command.name, .event = EVENT_HEARTBEAT };
        struct message message = { .recipient = beat->command.name, .token = token };
        const struct message_item item = { .telling = &telling, .clock = &beat->clock };
        const struct message_view view = { .message = &message, .items = &item, .n_items = 1 };
        int r;

        r = sd_id128_randomize(&id);
        if (r < 0)
                return r;
        (void) sd_id128_to_string(id, token);
        telling.happened_usec = message.made_usec = heartbeat->host->now(heartbeat->userdata);
        return parcel_pack(beat->form, beat->userdata, &beat->command, &view, ret);
}

/* One that cannot be composed now may be so next time: there is always a next time. */
static int beat_start(struct beat *beat) {
        _cleanup_(parcel_done) struct parcel parcel = {};
        struct runner_command command;
        int r;

        beat->is_owed = false;
        r = beat_pack(beat, &parcel);
        if (r != 0)
                return beat_end(beat, r < 0 ? DELIVERY_LATER : DELIVERY_NEVER, "it could not be composed");
        command = parcel_command(&parcel, &beat->command);
        r = runner_start(beat->heartbeat->beats.runner, &command, on_ended, beat);
        if (r < 0)
                return r;
        beat->is_running = r == 0;
        beat->is_owed = r == RUNNER_BUSY;
        return 0;
}

int heartbeat_look(struct heartbeat *heartbeat) {
        struct beats *beats = &heartbeat->beats;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < beats->n_items; i++) {
                struct beat *beat = &beats->items[i];

                if (beat->is_owed && !beat->is_running && runner_can_start(beats->runner) &&
                    heartbeat->host->is_healthy(heartbeat->userdata))
                        r = beat_start(beat);
        }
        return r;
}

static int plan(struct beat *beat, usec_t in_usec) {
        uint64_t now_usec;
        int r;

        r = sd_event_now(beat->heartbeat->event, CLOCK_BOOTTIME, &now_usec);
        if (r < 0)
                return r;
        beat->next_usec = (usec_t) now_usec + in_usec;
        return 0;
}

static int beat_arm(struct beat *beat) {
        int r;

        r = sd_event_source_set_time(beat->timer, (uint64_t) beat->next_usec);
        return r < 0 ? r : sd_event_source_set_enabled(beat->timer, SD_EVENT_ONESHOT);
}

/* One that still runs is the beat; the next is a whole pace away, whatever was missed. */
static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        struct beat *beat = userdata;
        int r;

        (void) source;
        (void) usec;
        r = plan(beat, beat->every_usec);
        if (r >= 0)
                r = beat_arm(beat);
        if (r < 0)
                return r;
        beat->is_owed = !beat->is_running;
        return heartbeat_look(beat->heartbeat);
}

static const struct beat *find_beat(const struct beats *beats, const char *name, usec_t every_usec) {
        for (size_t i = 0; i < beats->n_items; i++)
                if (text_equal(beats->items[i].command.name, name) && beats->items[i].every_usec == every_usec)
                        return &beats->items[i];
        return NULL;
}

/* The pace of one that is there already; what it runs is to be ended. */
static int beat_take_pace(struct beat *beat, const struct beat *before) {
        const usec_t first_usec = LIMIT_HEARTBEAT_FIRST_SEC * USEC_PER_SEC;

        if (!before)
                return plan(beat, beat->every_usec < first_usec ? beat->every_usec : first_usec);
        beat->next_usec = before->next_usec;
        beat->n_failures = before->n_failures;
        beat->is_owed = before->is_owed || before->is_running;
        return 0;
}

static int beat_init(struct beat *beat, struct heartbeat *heartbeat, const struct heartbeat_hook *hook) {
        const struct runner_command command = {
                .name = hook->recipient.name,
                .arguments = hook->recipient.arguments,
                .environment = hook->recipient.environment,
                .timeout_usec = hook->recipient.timeout_usec,
        };
        int r;

        beat->heartbeat = heartbeat;
        beat->form = hook->recipient.form;
        beat->userdata = hook->recipient.userdata;
        beat->clock = hook->clock;
        beat->every_usec = hook->every_usec;
        r = beat_take_pace(beat, find_beat(&heartbeat->beats, hook->recipient.name, hook->every_usec));
        if (r >= 0)
                r = command_copy(&command, &beat->command);
        if (r >= 0)
                r = sd_event_add_time(heartbeat->event, &beat->timer, CLOCK_BOOTTIME, (uint64_t) beat->next_usec, 0,
                                      on_timer, beat);
        return r < 0 ? r : sd_event_source_set_exit_on_failure(beat->timer, 1);
}

int heartbeat_set(struct heartbeat *heartbeat, const struct heartbeat_hook *hooks, size_t n_hooks) {
        _cleanup_(beats_done) struct beats beats = {}, old = {};
        int r;

        beats.items = calloc(n_hooks + 1, sizeof(*beats.items));
        if (!beats.items)
                return -ENOMEM;
        r = runner_new(heartbeat->event, &beats.runner);
        for (size_t i = 0; r >= 0 && i < n_hooks; i++) {
                beats.n_items = i + 1;
                r = beat_init(&beats.items[i], heartbeat, &hooks[i]);
        }
        if (r < 0)
                return r;

        /* What still runs is ended with what it was started for, and owed. */
        old = heartbeat->beats;
        heartbeat->beats = beats;
        beats = (struct beats){};
        return heartbeat_look(heartbeat);
}

int heartbeat_new(sd_event *event, const struct heartbeat_host *host, void *userdata, struct heartbeat **ret) {
        _cleanup_(heartbeat_free_p) struct heartbeat *heartbeat = calloc(1, sizeof(*heartbeat));
        int r;

        if (!heartbeat)
                return -ENOMEM;
        heartbeat->event = sd_event_ref(event);
        heartbeat->host = host;
        heartbeat->userdata = userdata;
        r = runner_new(event, &heartbeat->beats.runner);
        if (r < 0)
                return r;

        *ret = TAKE(heartbeat);
        return 0;
}

struct heartbeat *heartbeat_free(struct heartbeat *heartbeat) {
        if (!heartbeat)
                return NULL;

        beats_done(&heartbeat->beats);
        sd_event_unref(heartbeat->event);
        free(heartbeat);
        return NULL;
}
