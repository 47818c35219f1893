/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What dosed lists goes up, and what is pressed goes to dosed. */
#include <string.h>
#include <systemd/sd-daemon.h>

#include "agent/agent.h"
#include "agent/dosed.h"
#include "agent/presses.h"
#include "dosed/log.h"
#include "dosed/notify.h"
#include "dosed/reminders.h"
#include "dosed/text.h"
#include "dosed/unread.h"

#define KEY_REFUSED "refused"
#define KEY_ABSENT "absent"

#define WORDS_ABSENT                                                                                             \
        "dosed is not running on this machine any more, and reminds of nothing until it is started again. What " \
        "stands on this screen may be out of date, and buttons record nothing"

struct agent {
        struct dosed *dosed;
        struct presses *presses;
        struct notify *notify;

        /* What was listed last, and before that: a button may still be pressed of what was just taken down. */
        struct listed_doses doses, former;
        struct hidden_doses hidden;
        struct unread refused; /* buttons that did not do what they say */
        bool shows_anew;       /* with the next list: a press has closed what stays open */
        bool has_listed;       /* by the dosed that is there, or was */

        sd_event_source *absence; /* enabled while dosed is away */
        usec_t patience_usec;
};

static bool names_people(const struct agent *agent) {
        return dosed_count_people(agent->dosed) > 1;
}

static const struct listed_dose *find_dose(const struct agent *agent, const char *name) {
        const struct listed_dose *dose = listed_doses_find(&agent->doses, name);

        return dose ? dose : listed_doses_find(&agent->former, name);
}

static int format_name(const struct agent *agent, const struct listed_dose *dose, char **ret) {
        return reminder_format_name(names_people(agent) ? dose->person : NULL, dose->confidential ? NULL : dose->title,
                                    ret);
}

static int show_refused(struct agent *agent) {
        return unread_show(&agent->refused, agent->notify, KEY_REFUSED, "Please check first", "");
}

static int show_absence(struct agent *agent, bool is_absent) {
        return notify_set_notice(agent->notify, &(struct notify_notice){
                                                        .key = KEY_ABSENT,
                                                        .title = "No more reminders of medicines",
                                                        .text = is_absent ? WORDS_ABSENT : NULL,
                                                        .critical = true,
                                                });
}

static int show_doses(struct agent *agent) {
        _cleanup_(reminders_done) struct reminders reminders = {
                .hidden = &agent->hidden,
                .now_usec = clock_realtime_usec(),
                .names_people = names_people(agent),
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < agent->doses.n_items; i++) {
                struct reminded_dose dose = listed_dose_reminded(&agent->doses.items[i]);

                r = reminders_add(&reminders, &dose);
        }
        if (r >= 0 && agent->shows_anew)
                r = notify_set_doses(agent->notify, NULL, 0);
        if (r < 0)
                return r;
        agent->shows_anew = false;
        return reminders_show(&reminders, agent->notify);
}

/* The next list shows what this one could not. */
static void note_failure(int r) {
        if (r < 0)
                log_error("What is open could not be shown: %s", strerror(-r));
}

static void on_listed(void *userdata, struct listed_doses *doses) {
        struct agent *agent = userdata;
        int r;

        listed_doses_done(&agent->former);
        agent->former = agent->doses;
        agent->doses = *doses;
        *doses = (struct listed_doses){};
        agent->has_listed = true;

        r = show_doses(agent);
        if (r >= 0)
                r = show_absence(agent, false);
        note_failure(r);
        (void) sd_notifyf(0, "STATUS=%zu dose%s to be answered", agent->doses.n_items,
                          agent->doses.n_items == 1 ? "" : "s");
}

/*
 * What is up stays up while dosed is away: it starts again within seconds, and what was recorded by then is taken down. Who was
 * never reminded of anything misses nothing.
 */
static void on_changed(void *userdata) {
        struct agent *agent = userdata;
        bool waits = !dosed_is_there(agent->dosed) && agent->has_listed;
        int r = 0;

        if (waits)
                r = sd_event_source_set_time_relative(agent->absence, (uint64_t) agent->patience_usec);
        if (r >= 0)
                r = sd_event_source_set_enabled(agent->absence, waits ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
        if (r < 0)
                log_error("It cannot be waited for dosed to come back: %s", strerror(-r));
        if (!dosed_is_there(agent->dosed))
                (void) sd_notify(0, "STATUS=Waiting for dosed");
}

static int on_absence(sd_event_source *source, uint64_t usec, void *userdata) {
        struct agent *agent = userdata;

        (void) source;
        (void) usec;
        log_warning("dosed went away and has not come back");
        agent->has_listed = false;
        note_failure(show_absence(agent, true));
        return 0;
}

static void on_recorded(void *userdata, const char *path) {
        struct agent *agent = userdata;

        /* Nothing is left to check of a button that did not record it. */
        unread_remove(&agent->refused, path);
        note_failure(show_refused(agent));
}

static const struct dosed_observer dosed_observer = {
        .changed = on_changed,
        .listed = on_listed,
        .recorded = on_recorded,
};

static void on_ended(void *userdata, bool is_to_be_shown_anew) {
        struct agent *agent = userdata;

        agent->shows_anew = agent->shows_anew || is_to_be_shown_anew;
        note_failure(show_refused(agent));
        if (agent->shows_anew && dosed_is_there(agent->dosed))
                note_failure(show_doses(agent));
}

static const struct presses_observer presses_observer = { .ended = on_ended };

static int answer_one(struct agent *agent, enum notify_answer answer, const char *id) {
        const struct listed_dose *dose = find_dose(agent, id);
        _cleanup_(free_p) char *name = NULL;
        int r;

        if (!dose)
                return 0;
        /* There is nothing to put off yet. */
        if (answer == NOTIFY_SNOOZE && text_equal(dose->state, "upcoming")) {
                r = hidden_doses_add(&agent->hidden, dose->id, dose->reminders);
                return r < 0 ? r : show_doses(agent);
        }
        r = format_name(agent, dose, &name);
        return r < 0 ? r : presses_begin(agent->presses, dose->path, name, answer);
}

static void on_answered(void *userdata, enum notify_answer answer, const char *const *ids, size_t n_ids) {
        struct agent *agent = userdata;

        for (size_t i = 0; i < n_ids; i++) {
                int r = answer_one(agent, answer, ids[i]);

                if (r < 0)
                        log_error("A button could not be acted on: %s", strerror(-r));
        }
}

/* Something else had settled the dose, perhaps the same button in another session. One that is heard twice did work. */
static int tell_too_late(struct agent *agent, enum notify_answer answer, const char *id) {
        const struct listed_dose *dose = find_dose(agent, id);
        _cleanup_(free_p) char *name = NULL;
        int r = 0;

        if (answer == NOTIFY_SNOOZE || (dose && presses_did(agent->presses, dose->path, answer)))
                return 0;
        if (dose)
                r = format_name(agent, dose, &name);
        if (r < 0)
                return r;
        return unread_put_press(
                &agent->refused, dose ? dose->path : id, name,
                &(struct press){
                        .answer = answer,
                        .end = PRESS_REFUSED,
                        .said = "its reminder had just been taken down. Please see in dosectl status what is recorded",
                });
}

static void on_too_late(void *userdata, enum notify_answer answer, const char *const *ids, size_t n_ids) {
        struct agent *agent = userdata;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n_ids; i++)
                r = tell_too_late(agent, answer, ids[i]);
        if (r >= 0)
                r = show_refused(agent);
        note_failure(r);
}

static void on_dismissed(void *userdata, const char *key) {
        struct agent *agent = userdata;

        if (strcmp(key, KEY_ABSENT) == 0) {
                note_failure(show_absence(agent, false));
                return;
        }
        /* What came since was not read. */
        if (agent->refused.is_longer)
                return;
        unread_clear(&agent->refused);
        note_failure(show_refused(agent));
}

static const struct notify_handlers handlers = {
        .answered = on_answered,
        .too_late = on_too_late,
        .dismissed = on_dismissed,
};

int agent_new(sd_event *event, sd_bus *system, sd_bus *session, const char *memory_path, usec_t patience_usec,
              struct agent **ret) {
        _cleanup_(agent_free_p) struct agent *agent = calloc(1, sizeof(*agent));
        int r;

        if (!agent)
                return -ENOMEM;
        agent->patience_usec = patience_usec;
        r = sd_event_add_time(event, &agent->absence, CLOCK_MONOTONIC, UINT64_MAX, 0, on_absence, agent);
        if (r >= 0)
                r = sd_event_source_set_enabled(agent->absence, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_exit_on_failure(agent->absence, 1);
        if (r >= 0)
                r = notify_new(session, memory_path, &handlers, agent, &agent->notify);
        if (r >= 0)
                r = dosed_new(system, &dosed_observer, agent, &agent->dosed);
        if (r >= 0)
                r = presses_new(agent->dosed, &agent->refused, &presses_observer, agent, &agent->presses);
        if (r < 0)
                return r;

        *ret = TAKE(agent);
        return 0;
}

struct agent *agent_free(struct agent *agent) {
        if (!agent)
                return NULL;
        sd_event_source_disable_unref(agent->absence);
        presses_free(agent->presses);
        dosed_free(agent->dosed);
        notify_free(agent->notify);
        listed_doses_done(&agent->doses);
        listed_doses_done(&agent->former);
        hidden_doses_done(&agent->hidden);
        unread_done(&agent->refused);
        free(agent);
        return NULL;
}
