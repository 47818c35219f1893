/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dose, and the table of its life. */
#include <string.h>

#include "dosed/dose.h"
#include "dosed/text.h"

static const char *const state_names[_DOSE_STATE_MAX] = {
        [DOSE_UPCOMING] = "upcoming", [DOSE_DUE] = "due",         [DOSE_SNOOZED] = "snoozed",
        [DOSE_TAKEN] = "taken",       [DOSE_SKIPPED] = "skipped", [DOSE_MISSED] = "missed",
        [DOSE_UNATTENDED] = "unattended", [DOSE_AWAY] = "away",   [DOSE_MOVED] = "moved",
};

static const char *const grade_names[_GRADE_MAX] = {
        [GRADE_EARLY] = "early",
        [GRADE_ON_TIME] = "on-time",
        [GRADE_LATE] = "late",
};

#define IN(state) (1u << (state))
#define UNRECORDED                                                                                        \
        (IN(DOSE_UPCOMING) | IN(DOSE_DUE) | IN(DOSE_SNOOZED) | IN(DOSE_MISSED) | IN(DOSE_UNATTENDED) | IN(DOSE_AWAY))
#define RECORDED (IN(DOSE_TAKEN) | IN(DOSE_SKIPPED))

/* The life of a dose: from which states each entry may follow, and to which it may lead. */
static const struct {
        const char *name;
        unsigned from, to;
} kinds[_ENTRY_KIND_MAX] = {
        [ENTRY_DUE] = { "due", IN(DOSE_UPCOMING), IN(DOSE_DUE) },
        [ENTRY_REMINDED] = { "reminded", IN(DOSE_UPCOMING) | IN(DOSE_DUE) | IN(DOSE_SNOOZED),
                             IN(DOSE_UPCOMING) | IN(DOSE_DUE) },
        [ENTRY_SNOOZED] = { "snoozed", IN(DOSE_DUE) | IN(DOSE_SNOOZED), IN(DOSE_SNOOZED) },
        [ENTRY_TAKEN] = { "taken", UNRECORDED | RECORDED, IN(DOSE_TAKEN) },
        [ENTRY_SKIPPED] = { "skipped", UNRECORDED | RECORDED, IN(DOSE_SKIPPED) },
        [ENTRY_MISSED] = { "missed", IN(DOSE_DUE) | IN(DOSE_SNOOZED), IN(DOSE_MISSED) },
        [ENTRY_UNATTENDED] = { "unattended", IN(DOSE_UPCOMING), IN(DOSE_UNATTENDED) },
        [ENTRY_UNDONE] = { "undone", RECORDED | IN(DOSE_MOVED),
                           IN(DOSE_UPCOMING) | IN(DOSE_DUE) | IN(DOSE_MISSED) | IN(DOSE_UNATTENDED) },
        [ENTRY_MOVED] = { "moved", UNRECORDED | RECORDED | IN(DOSE_MOVED),
                          IN(DOSE_MOVED) | IN(DOSE_UPCOMING) | IN(DOSE_DUE) },
        [ENTRY_TRAVELLED] = { "travelled", UNRECORDED | IN(DOSE_SKIPPED),
                              IN(DOSE_UPCOMING) | IN(DOSE_MISSED) | IN(DOSE_UNATTENDED) },
        [ENTRY_WITHDRAWN] = { "withdrawn", UNRECORDED, IN(DOSE_SKIPPED) },
        [ENTRY_CARRIED] = { "carried", UNRECORDED | IN(DOSE_MOVED), RECORDED },
        [ENTRY_CLOCK_CORRECTED] = { "clock-corrected",
                                    IN(DOSE_UPCOMING) | IN(DOSE_DUE) | IN(DOSE_SNOOZED) | IN(DOSE_MISSED) |
                                            IN(DOSE_UNATTENDED),
                                    IN(DOSE_UPCOMING) | IN(DOSE_DUE) },
};

const char *dose_state_to_string(enum dose_state state) {
        return state_names[state];
}

int dose_state_from_string(const char *text, enum dose_state *ret) {
        for (size_t i = 0; i < _DOSE_STATE_MAX; i++)
                if (strcmp(state_names[i], text) == 0) {
                        *ret = (enum dose_state) i;
                        return 0;
                }
        return -EINVAL;
}

const char *entry_kind_to_string(enum entry_kind kind) {
        return kinds[kind].name;
}

int entry_kind_from_string(const char *text, enum entry_kind *ret) {
        for (size_t i = 0; i < _ENTRY_KIND_MAX; i++)
                if (strcmp(kinds[i].name, text) == 0) {
                        *ret = (enum entry_kind) i;
                        return 0;
                }
        return -EINVAL;
}

const char *dose_grade_to_string(enum dose_grade grade) {
        return grade_names[grade];
}

void entry_done(struct entry *entry) {
        free(entry->recorded_by);
        free(entry->given_by);
        free(entry->amount);
        free(entry->measurement);
        free(entry->note);
        free(entry->other);
        *entry = (struct entry){};
}

int entry_copy(const struct entry *entry, struct entry *ret) {
        struct entry copy = *entry;
        int r;

        copy.recorded_by = copy.given_by = copy.amount = copy.measurement = copy.note = copy.other = NULL;

        r = text_copy(entry->recorded_by, &copy.recorded_by);
        if (r >= 0)
                r = text_copy(entry->given_by, &copy.given_by);
        if (r >= 0)
                r = text_copy(entry->amount, &copy.amount);
        if (r >= 0)
                r = text_copy(entry->measurement, &copy.measurement);
        if (r >= 0)
                r = text_copy(entry->note, &copy.note);
        if (r >= 0)
                r = text_copy(entry->other, &copy.other);
        if (r < 0) {
                entry_done(&copy);
                return r;
        }

        *ret = copy;
        return 0;
}

struct dose *dose_free(struct dose *dose) {
        if (!dose)
                return NULL;

        free(dose->person);
        free(dose->uid);
        free(dose->recurrence_id);
        free(dose->medication);
        free(dose->title);
        free(dose->amount);
        free(dose->instructions);
        free(dose->purpose);
        free(dose->if_missed);
        free(dose->moved_to);
        entry_done(&dose->recorded);
        free(dose);
        return NULL;
}

int dose_copy(const struct dose *dose, struct dose **ret) {
        _cleanup_(dose_free_p) struct dose *copy = NULL;
        static const size_t texts[] = {
                offsetof(struct dose, person),       offsetof(struct dose, uid),
                offsetof(struct dose, recurrence_id), offsetof(struct dose, medication),
                offsetof(struct dose, title),        offsetof(struct dose, amount),
                offsetof(struct dose, instructions), offsetof(struct dose, purpose),
                offsetof(struct dose, if_missed),    offsetof(struct dose, moved_to),
        };
        int r;

        copy = malloc(sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        *copy = *dose;
        copy->recorded = (struct entry){};
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                *(char **) ((char *) copy + texts[i]) = NULL;

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                r = text_copy(*(char *const *) ((const char *) dose + texts[i]), (char **) ((char *) copy + texts[i]));
                if (r < 0)
                        return r;
        }
        r = entry_copy(&dose->recorded, &copy->recorded);
        if (r < 0)
                return r;

        *ret = TAKE(copy);
        return 0;
}

bool dose_allows(enum dose_state state, enum entry_kind kind) {
        return kinds[kind].from & IN(state);
}

static void forget_reminders(struct dose *dose) {
        dose->reminders = 0;
        dose->reminded_usec = USEC_NONE;
        dose->was_unattended = false;
}

int dose_apply(struct dose *dose, const struct entry *entry) {
        _cleanup_(free_p) char *moved_to = NULL;
        int r;

        if (!dose_allows(dose->state, entry->kind) || !(kinds[entry->kind].to & IN(entry->state)))
                return DOSE_NOT_ALLOWED;
        if (entry->state == DOSE_MOVED) {
                r = text_copy(entry->other, &moved_to);
                if (r < 0)
                        return r;
        }

        switch (entry->kind) {
        case ENTRY_REMINDED:
                dose->reminders++;
                dose->reminded_usec = entry->recorded_usec;
                break;
        case ENTRY_TAKEN:
        case ENTRY_SKIPPED:
        case ENTRY_WITHDRAWN:
        case ENTRY_CARRIED: {
                struct entry copy;

                r = entry_copy(entry, &copy);
                if (r < 0)
                        return r;
                entry_done(&dose->recorded);
                dose->recorded = copy;
                dose->has_recorded = true;
                break;
        }
        case ENTRY_UNDONE:
                entry_done(&dose->recorded);
                dose->has_recorded = false;
                if (dose->reminded_usec > entry->recorded_usec) /* by a clock that was ahead */
                        dose->reminded_usec = entry->recorded_usec;
                break;
        case ENTRY_UNATTENDED:
                dose->was_unattended = true;
                break;
        case ENTRY_CLOCK_CORRECTED:
                /* What had come by the right clock, too, was reminded of; and never in its future. */
                if (entry->state == DOSE_UPCOMING && dose->state != DOSE_UPCOMING)
                        forget_reminders(dose);
                else if (dose->reminded_usec > entry->recorded_usec)
                        dose->reminded_usec = entry->recorded_usec;
                break;
        case ENTRY_MOVED:
        case ENTRY_TRAVELLED:
                if (entry->state == DOSE_MOVED)
                        break;
                forget_reminders(dose);
                dose->was_unattended = entry->state == DOSE_UNATTENDED;
                entry_done(&dose->recorded);
                dose->has_recorded = false;
                break;
        case ENTRY_DUE:
        case ENTRY_SNOOZED:
        case ENTRY_MISSED:
        case _ENTRY_KIND_MAX:
                break;
        }

        dose->state = entry->state;
        dose->snoozed_usec = entry->kind == ENTRY_SNOOZED ? entry->recorded_usec : USEC_NONE;
        dose->snoozed_until_usec = entry->kind == ENTRY_SNOOZED ? entry->until_usec : USEC_NONE;
        free(dose->moved_to);
        dose->moved_to = TAKE(moved_to);
        return 0;
}

void dose_set_times(struct dose *dose, const struct dose *times) {
        dose->due_usec = times->due_usec;
        dose->window_end_usec = times->window_end_usec;
        dose->early_usec = times->early_usec;
        dose->next_due_usec = times->next_due_usec;
        dose->spacing_usec = times->spacing_usec;
        dose->min_interval_usec = times->min_interval_usec;
        dose->first_due_usec = times->first_due_usec;
}

bool dose_is_recorded(const struct dose *dose) {
        return dose->state == DOSE_TAKEN || dose->state == DOSE_SKIPPED;
}

bool dose_is_off_plan(const struct dose *dose) {
        return dose->state == DOSE_SKIPPED && dose->has_recorded && dose->recorded.kind == ENTRY_WITHDRAWN;
}

bool dose_is_settled_by_time(const struct dose *dose) {
        return dose->state == DOSE_MISSED || dose->state == DOSE_UNATTENDED;
}

bool dose_is_open(const struct dose *dose) {
        return dose->state == DOSE_DUE || dose->state == DOSE_SNOOZED;
}

enum dose_state dose_state_by_time(const struct dose *dose, usec_t now_usec) {
        if (now_usec < dose->due_usec)
                return DOSE_UPCOMING;
        if (now_usec < dose->window_end_usec)
                return DOSE_DUE;
        return dose->was_unattended ? DOSE_UNATTENDED : DOSE_MISSED;
}

int dose_id_format(const char *person, const char *uid, const char *recurrence_id, char **ret) {
        return text_format(ret, "%s/%s/%s", person, uid, recurrence_id);
}

int dose_id(const struct dose *dose, char **ret) {
        return dose_id_format(dose->person, dose->uid, dose->recurrence_id, ret);
}

int dose_id_parse(const char *id, char **ret_person, char **ret_uid, char **ret_recurrence_id) {
        _cleanup_(free_p) char *person = NULL, *uid = NULL, *recurrence_id = NULL;
        const char *first = strchr(id, '/'), *last = strrchr(id, '/');

        if (!first || first == last || first == id || last == first + 1 || last[1] == '\0')
                return DOSE_BAD_ID;

        person = strndup(id, (size_t) (first - id));
        uid = strndup(first + 1, (size_t) (last - first - 1));
        recurrence_id = strdup(last + 1);
        if (!person || !uid || !recurrence_id)
                return -ENOMEM;

        *ret_person = TAKE(person);
        *ret_uid = TAKE(uid);
        *ret_recurrence_id = TAKE(recurrence_id);
        return 0;
}
