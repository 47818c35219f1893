/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A timer for each heartbeat hook. */
#include "dosed/heartbeat.h"

#include <string.h>

#include "deliver/command.h"
#include "dosed/limits.h"
#include "dosed/text.h"

struct beat {
        struct heartbeat *heartbeat;
        struct command command;
        usec_t every_usec;
        usec_t next_usec; /* by CLOCK_BOOTTIME: who was suspended for longer than a beat is late as it wakes up */
        sd_event_source *timer;
        bool is_running;
        bool is_owed; /* it was left out */
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

static int on_ended(void *userdata, const struct runner_result *result) {
        struct beat *beat = userdata;
        struct heartbeat *heartbeat = beat->heartbeat;
        _cleanup_(free_p) char *answer = NULL;
        int r;

        r = runner_result_describe(result, command_program(&beat->command), &answer);
        if (r < 0)
                return r;
        beat->is_running = false;
        r = heartbeat->host->ended(heartbeat->userdata, beat->command.name, delivery_from_result(result), answer);
        return r < 0 ? r : heartbeat_look(heartbeat);
}

static int beat_start(struct beat *beat) {
        const struct runner_command command = command_view(&beat->command);
        int r;

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
        beat->next_usec = clock_boottime_usec() + beat->every_usec;
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

static int beat_init(struct beat *beat, struct heartbeat *heartbeat, const struct heartbeat_hook *hook) {
        const usec_t first_usec = LIMIT_HEARTBEAT_FIRST_SEC * USEC_PER_SEC;
        const struct beat *before = find_beat(&heartbeat->beats, hook->command.name, hook->every_usec);
        int r;

        beat->heartbeat = heartbeat;
        beat->every_usec = hook->every_usec;
        if (before) {
                beat->next_usec = before->next_usec;
                beat->is_owed = before->is_owed || before->is_running;
        } else
                beat->next_usec =
                        clock_boottime_usec() + (hook->every_usec < first_usec ? hook->every_usec : first_usec);

        r = command_copy(&hook->command, &beat->command);
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
