/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a schedule: what it owns, and making it ready for searches. */
#include <string.h>
#include <strings.h>

#include "calendar/period.h"
#include "calendar/rule-end.h"
#include "calendar/source.h"
#include "calendar/stamp.h"
#include "dosed/schedule.h"
#include "dosed/text.h"

static const char *const kind_names[_KIND_MAX] = {
        [KIND_PRESCRIPTION] = "PRESCRIPTION", [KIND_OTC] = "OTC",       [KIND_SUPPLEMENT] = "SUPPLEMENT",
        [KIND_VITAMIN] = "VITAMIN",           [KIND_HERBAL] = "HERBAL", [KIND_REVIEW] = "REVIEW",
        [KIND_CHECKIN] = "CHECKIN",
};

const char *kind_to_string(enum schedule_kind kind) {
        return kind_names[kind];
}

int kind_from_string(const char *text, enum schedule_kind *ret) {
        for (enum schedule_kind kind = 0; kind < _KIND_MAX; kind++)
                if (strcasecmp(kind_names[kind], text) == 0) {
                        *ret = kind;
                        return 0;
                }
        return -EINVAL;
}

bool schedule_has_category(const struct schedule *schedule, const char *category) {
        size_t length;

        for (const char *name = schedule->categories; name && *name; name += length + (name[length] == '\n')) {
                _cleanup_(free_p) char *copy = NULL;

                length = strcspn(name, "\n");
                copy = strndup(name, length);
                if (copy && text_starts_caseless(copy, category) && text_starts_caseless(category, copy))
                        return true;
        }
        return false;
}

void details_done(struct details *details) {
        if (!details)
                return;

        free(details->summary);
        free(details->instructions);
        free(details->amount);
        free(details->purpose);
        free(details->if_missed);
        free(details->alarms);
        for (size_t i = 0; i < details->n_mails; i++) {
                for (size_t j = 0; j < details->mails[i].n_addresses; j++)
                        free(details->mails[i].addresses[j]);
                free(details->mails[i].addresses);
        }
        free(details->mails);
        *details = (struct details){};
}

void override_done(struct override *override) {
        if (!override)
                return;

        details_done(&override->details);
}

static void rules_free(struct rule **rules, size_t n_rules) {
        if (!rules)
                return;

        for (size_t i = 0; i < n_rules; i++)
                rule_free(rules[i]);
        free(rules);
}

struct schedule *schedule_free(struct schedule *schedule) {
        if (!schedule)
                return NULL;

        free(schedule->uid);
        free(schedule->medication);
        free(schedule->categories);
        free(schedule->file);
        details_done(&schedule->details);
        rules_free(schedule->rules, schedule->n_rules);
        rules_free(schedule->exception_rules, schedule->n_exception_rules);
        free(schedule->extra_dates);
        free(schedule->exception_dates);
        free(schedule->periods);
        for (size_t i = 0; schedule->overrides && i < schedule->n_overrides; i++)
                override_done(&schedule->overrides[i]);
        free(schedule->overrides);
        free(schedule);
        return NULL;
}

int schedule_compare_versions(const struct schedule *a, const struct schedule *b) {
        if (a->has_master != b->has_master)
                return a->has_master ? -1 : 1;
        if (a->sequence != b->sequence)
                return a->sequence > b->sequence ? -1 : 1;
        return (b->stamped_usec > a->stamped_usec) - (b->stamped_usec < a->stamped_usec);
}

static void sort_dates(struct stamp *dates, size_t *n_dates) {
        size_t n = 0;

        if (*n_dates == 0)
                return;

        qsort(dates, *n_dates, sizeof(*dates), stamp_compare);
        for (size_t i = 0; i < *n_dates; i++)
                if (n == 0 || stamp_compare(&dates[n - 1], &dates[i]) != 0)
                        dates[n++] = dates[i];
        *n_dates = n;
}

/*
 * A RECURRENCE-ID in another form than DTSTART names the same dose as one in DTSTART's. Where one floats and the other does not,
 * only a search knows (occurrence.c).
 */
static void settle_forms(struct schedule *schedule) {
        bool floats = schedule->start.kind == STAMP_FLOATING && !schedule->start.is_date;

        for (size_t i = 0; i < schedule->n_overrides; i++) {
                struct stamp *id = &schedule->overrides[i].recurrence_id;

                if (id->is_date || schedule->start.is_date || (id->kind == STAMP_FLOATING) == floats)
                        *id = schedule_original(schedule, id, NULL);
        }
}

/* By the dose that they stand for, the newest of it last. */
static int override_compare(const struct override *a, const struct override *b) {
        int r = stamp_compare(&a->recurrence_id, &b->recurrence_id);

        if (r == 0)
                r = (a->sequence > b->sequence) - (a->sequence < b->sequence);
        if (r == 0)
                r = (a->stamped_usec > b->stamped_usec) - (a->stamped_usec < b->stamped_usec);
        return r;
}

static void sort_overrides(struct schedule *schedule) {
        struct override *overrides = schedule->overrides;
        size_t n = schedule->n_overrides, kept = 0;

        /* Insertion keeps the order of equals, and costs nothing where they are in order, as most files have them. */
        for (size_t i = 1; i < n; i++) {
                struct override override = overrides[i];
                size_t j = i;

                for (; j > 0 && override_compare(&overrides[j - 1], &override) > 0; j--)
                        overrides[j] = overrides[j - 1];
                overrides[j] = override;
        }

        for (size_t i = 0; i < n; i++) {
                if (kept > 0 && stamp_compare(&overrides[kept - 1].recurrence_id, &overrides[i].recurrence_id) == 0)
                        override_done(&overrides[--kept]);
                overrides[kept++] = overrides[i];
        }
        schedule->n_overrides = kept;
}

int schedule_finish(struct schedule *schedule) {
        bool count_start;

        sort_dates(schedule->extra_dates, &schedule->n_extra_dates);
        sort_dates(schedule->exception_dates, &schedule->n_exception_dates);
        periods_sort(schedule->periods, &schedule->n_periods);

        count_start = rules_count_start(schedule->rules, schedule->n_rules, &schedule->start, &(uint64_t){ 0 });
        for (size_t i = 0; i < schedule->n_rules; i++)
                (void) rule_end(schedule->rules[i], &schedule->start, count_start);
        for (size_t i = 0; i < schedule->n_exception_rules; i++)
                (void) rule_end(schedule->exception_rules[i], &schedule->start, false);
        settle_forms(schedule);
        sort_overrides(schedule);
        return 0;
}
