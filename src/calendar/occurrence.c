/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When is a schedule due next? Its DTSTART, rules, dates and overrides as one series of instants. */
#include <string.h>

#include "calendar/occurrence.h"
#include "calendar/period.h"
#include "calendar/source.h"
#include "calendar/stamp.h"
#include "dosed/limits.h"
#include "dosed/schedule.h"

/* Seven thousand years from the epoch there is nothing more to look for; before that the arithmetic is safe. */
#define FROM_MAX_USEC (INT64_C(7000) * 366 * USEC_PER_DAY)

/* No gap was longer than Samoa's of 2011: one day. */
#define GAP_MAX_SEC (SEC_PER_DAY + 3600)

/*
 * A stretch of original starts, in the wall clock of DTSTART, that the same RANGE=THISANDFUTURE override moves; without
 * one, they stay. RFC 5545 3.2.13.
 */
struct stretch {
        const struct override *override;
        struct stamp form; /* in which its occurrences are due */
        int64_t first_wall_sec, end_wall_sec; /* the latter no longer belongs to it */
        int64_t shift_sec;
};

struct search {
        const struct schedule *schedule;
        const struct wall_clock *clock;
        usec_t from_usec, until_usec; /* what is due later need not be found */
        struct source exceptions[LIMIT_SCHEDULE_RULES];
        unsigned n_excluded; /* in a row */
        bool is_mixed; /* some RECURRENCE-IDs float and DTSTART does not, or the other way round (settle_forms()) */

        bool found;
        bool moved; /* its due time is not that of its recurrence id */
        struct occurrence best;
};

static int64_t wall_in(const struct search *search, const struct stamp *form, const struct stamp *stamp,
                       usec_t at_usec) {
        return stamp_has_form(stamp, form) ? stamp->wall_sec : stamp_wall_of(form, at_usec, search->clock);
}

/* The wall-clock time of an original start in DTSTART's form, by which the stretches and EXRULE count. */
static int64_t master_wall(const struct search *search, const struct stamp *original, usec_t original_usec) {
        return wall_in(search, &search->schedule->start, original, original_usec);
}

static bool is_newer(const struct override *a, const struct override *b) {
        if (a->sequence != b->sequence)
                return a->sequence > b->sequence;
        return a->stamped_usec != b->stamped_usec ? a->stamped_usec > b->stamped_usec : a > b;
}

/* For the same dose there is a newer one, in another form: by the person's zone it names the same original start. */
static bool is_superseded(const struct search *search, const struct override *override, const struct stamp *original) {
        const struct schedule *schedule = search->schedule;
        const struct override *other = schedule->overrides, *end = other + schedule->n_overrides;
        usec_t original_usec;

        if (!search->is_mixed)
                return false;
        original_usec = stamp_to_usec(original, search->clock, NULL);
        for (; (other = stamps_find(other, (size_t) (end - other), sizeof(*other), original, original_usec,
                                    search->clock));
             other++) {
                struct stamp other_original;

                if (other == override || !is_newer(other, override))
                        continue;
                other_original = schedule_original(schedule, &other->recurrence_id, search->clock);
                if (stamp_compare(&other_original, original) == 0)
                        return true;
        }
        return false;
}

/* Whether a stretch begins with it, and where. */
static bool starts_stretch(const struct search *search, const struct override *override, int64_t *ret_wall_sec) {
        struct stamp original;

        if (!override->this_and_future)
                return false;
        original = schedule_original(search->schedule, &override->recurrence_id, search->clock);
        *ret_wall_sec = master_wall(search, &original, stamp_to_usec(&original, search->clock, NULL));
        return !is_superseded(search, override, &original);
}

/* RFC 5545 3.2.13: the same time difference for all. Whatever zone the override is in, the series stays in its own. */
static struct stamp moved_form(const struct search *search, const struct stamp *start) {
        struct stamp form = start->is_date ? *start : search->schedule->start;

        form.is_date = start->is_date;
        return form;
}

/* The stretch that begins at `first_wall_sec`, moved by `override` (NULL: not moved). */
static struct stretch stretch_from(const struct search *search, const struct override *override,
                                   int64_t first_wall_sec) {
        const struct schedule *schedule = search->schedule;
        struct stretch stretch = { override, schedule->start, first_wall_sec, INT64_MAX, 0 };

        if (override) {
                const struct stamp *start = &override->start;

                stretch.form = moved_form(search, start);
                stretch.shift_sec = wall_in(search, &stretch.form, start, stamp_to_usec(start, search->clock, NULL)) -
                                    first_wall_sec;
        }
        for (size_t i = 0; i < schedule->n_overrides; i++) {
                int64_t wall_sec;

                if (starts_stretch(search, &schedule->overrides[i], &wall_sec) && wall_sec > first_wall_sec &&
                    wall_sec < stretch.end_wall_sec)
                        stretch.end_wall_sec = wall_sec;
        }
        return stretch;
}

static struct stretch first_stretch(const struct search *search) {
        return stretch_from(search, NULL, INT64_MIN);
}

/* False after the last one. */
static bool next_stretch(const struct search *search, struct stretch *stretch) {
        const struct schedule *schedule = search->schedule;

        for (size_t i = 0; i < schedule->n_overrides; i++) {
                const struct override *override = &schedule->overrides[i];
                int64_t wall_sec;

                if (stretch->end_wall_sec != INT64_MAX && starts_stretch(search, override, &wall_sec) &&
                    wall_sec == stretch->end_wall_sec) {
                        *stretch = stretch_from(search, override, wall_sec);
                        return true;
                }
        }
        return false;
}

static bool is_cancelled(const struct stretch *stretch) {
        return stretch->override && stretch->override->cancelled;
}

static bool is_excluded_by_rule(struct search *search, int64_t wall_sec, usec_t original_usec) {
        const struct schedule *schedule = search->schedule;

        for (size_t i = 0; i < schedule->n_exception_rules; i++) {
                struct source *exception = &search->exceptions[i];
                int64_t excluded_wall_sec;

                source_seek(exception, wall_sec);
                if (source_next(exception, &excluded_wall_sec) && excluded_wall_sec == wall_sec &&
                    original_usec <= exception->last_usec)
                        return true;
        }
        return false;
}

/* Taken away by EXRULE or EXDATE, or given over to an override. */
static bool is_excluded(struct search *search, const struct stamp *original, usec_t original_usec) {
        const struct schedule *schedule = search->schedule;

        return is_excluded_by_rule(search, master_wall(search, original, original_usec), original_usec) ||
               stamps_find(schedule->exception_dates, schedule->n_exception_dates, sizeof(struct stamp), original,
                           original_usec, search->clock) ||
               stamps_find(schedule->overrides, schedule->n_overrides, sizeof(struct override), original, original_usec,
                           search->clock);
}

/* Of what is due at the same instant, the one that is there by right names the dose: not moved, and in no gap. */
static bool is_better(const struct search *search, const struct occurrence *occurrence, bool moved) {
        const struct occurrence *best = &search->best;

        if (!search->found || occurrence->due_usec != best->due_usec)
                return !search->found || occurrence->due_usec < best->due_usec;
        if (moved != search->moved)
                return !moved;
        if ((occurrence->fit == ZONE_FIT_GAP) != (best->fit == ZONE_FIT_GAP))
                return occurrence->fit != ZONE_FIT_GAP;
        return stamp_compare(&occurrence->recurrence_id, &best->recurrence_id) < 0;
}

static void offer(struct search *search, const struct stamp *original, usec_t original_usec, const struct stamp *due,
                  const struct details *details) {
        struct occurrence occurrence = {
                .schedule = search->schedule,
                .details = details,
                .recurrence_id = *original,
                .asked = *due,
        };
        bool moved;

        occurrence.due_usec = stamp_to_usec(due, search->clock, &occurrence.fit);
        moved = occurrence.due_usec != original_usec;
        if (occurrence.due_usec < search->from_usec || !is_better(search, &occurrence, moved))
                return;

        occurrence.span = occurrence_span(&occurrence, original_usec, search->clock);
        occurrence.end_usec = usec_add_duration(occurrence.due_usec, occurrence.span, stamp_zone(due, search->clock));
        search->best = occurrence;
        search->moved = moved;
        search->found = true;
}

static void offer_in_stretch(struct search *search, const struct stretch *stretch, const struct stamp *original,
                             usec_t original_usec) {
        struct stamp due = *original;

        if (stretch->override)
                due = stamp_at(&stretch->form, master_wall(search, original, original_usec) + stretch->shift_sec);
        offer(search, original, original_usec, &due,
              stretch->override ? &stretch->override->details : &search->schedule->details);
}

static void offer_override(struct search *search, const struct override *override) {
        struct stamp original = schedule_original(search->schedule, &override->recurrence_id, search->clock);

        if (is_superseded(search, override, &original))
                return;
        offer(search, &original, stamp_to_usec(&original, search->clock, NULL), &override->start, &override->details);
}

/* The first wall-clock time of a stretch's own whose instant may be due at from_usec or later. */
static int64_t first_wall(const struct search *search, const struct stretch *stretch) {
        const struct stamp *form = &stretch->form;
        const struct zone *zone = stamp_zone(form, search->clock);
        int64_t wall_sec;

        wall_sec = zone_to_wall(zone, search->from_usec) - zone_disorder_sec(zone, search->from_usec) -
                   stretch->shift_sec - (form->is_date ? search->clock->all_day_sec : 0);
        return wall_sec > stretch->first_wall_sec ? wall_sec : stretch->first_wall_sec;
}

/*
 * Offers the first of a source that is due, within a stretch. Wall clock order is the order of instants but for the
 * times of a gap, which fall behind those after it: where one of these was found, as much as a day more is looked at.
 */
static void search_source(struct search *search, const struct stretch *stretch, struct source *source) {
        const struct schedule *schedule = search->schedule;
        int64_t wall_sec, end_wall_sec = stretch->end_wall_sec;

        search->n_excluded = 0;
        source_seek(source, first_wall(search, stretch));
        while (source_next(source, &wall_sec) && wall_sec < end_wall_sec) {
                const struct stamp original = stamp_at(&schedule->start, wall_sec);
                const struct stamp due = stamp_at(&stretch->form, wall_sec + stretch->shift_sec);
                usec_t original_usec, due_usec;
                enum zone_fit fit;

                due_usec = stamp_to_usec(&due, search->clock, &fit);
                if ((due_usec > search->until_usec || (search->found && due_usec > search->best.due_usec)) &&
                    fit != ZONE_FIT_GAP)
                        return;

                original_usec = stamp_to_usec(&original, search->clock, NULL);
                if (due_usec < search->from_usec || original_usec > source->last_usec)
                        continue;
                if (is_excluded(search, &original, original_usec)) {
                        if (++search->n_excluded >= LIMIT_SCHEDULE_EXCLUDED)
                                return;
                        source_seek(source, schedule_exception_end(schedule, &original, search->clock));
                        continue;
                }

                offer_in_stretch(search, stretch, &original, original_usec);
                if (fit != ZONE_FIT_GAP)
                        return;
                if (end_wall_sec > wall_sec + GAP_MAX_SEC)
                        end_wall_sec = wall_sec + GAP_MAX_SEC;
        }
}

/* RDATEs in another form than DTSTART are few: each is looked at. */
static void search_foreign_dates(struct search *search, const struct stretch *stretch) {
        const struct schedule *schedule = search->schedule;

        for (size_t i = 0; i < schedule->n_extra_dates; i++) {
                struct stamp original;
                usec_t at_usec;
                int64_t wall_sec;

                if (stamp_has_form(&schedule->extra_dates[i], &schedule->start))
                        continue;
                at_usec = stamp_to_usec(&schedule->extra_dates[i], search->clock, NULL);
                original = stamp_utc(at_usec);
                wall_sec = master_wall(search, &original, at_usec);
                if (wall_sec >= stretch->first_wall_sec && wall_sec < stretch->end_wall_sec &&
                    !is_excluded(search, &original, at_usec))
                        offer_in_stretch(search, stretch, &original, at_usec);
        }
}

static const struct override *override_of(const struct schedule *schedule, const struct details *details) {
        if (details == &schedule->details)
                return NULL;
        return (const struct override *) ((const char *) details - offsetof(struct override, details));
}

static bool has_occurrences(const struct schedule *schedule) {
        return !schedule->as_needed && !schedule->stopped && !schedule->on_hold;
}

static void search_init(struct search *search, const struct schedule *schedule, const struct wall_clock *clock,
                        usec_t from_usec) {
        search->schedule = schedule;
        search->clock = clock;
        search->from_usec = from_usec > FROM_MAX_USEC    ? FROM_MAX_USEC
                            : from_usec < -FROM_MAX_USEC ? -FROM_MAX_USEC
                                                         : from_usec;
        search->until_usec = USEC_NEVER;
        search->n_excluded = 0;
        search->found = search->moved = search->is_mixed = false;
        for (size_t i = 0; schedule->has_master && i < schedule->n_overrides; i++)
                if (!stamp_has_form(&schedule->overrides[i].recurrence_id, &schedule->start))
                        search->is_mixed = true;
        for (size_t i = 0; i < schedule->n_exception_rules; i++)
                source_init_rule(&search->exceptions[i], schedule->exception_rules[i], &schedule->start, clock);
}

static int search_end(const struct search *search, struct occurrence *ret) {
        if (!search->found)
                return SCHEDULE_NO_OCCURRENCE;

        *ret = search->best;
        return 0;
}

static void search_stretch(struct search *search, const struct stretch *stretch) {
        struct source source;

        if (is_cancelled(stretch) || !search->schedule->has_master)
                return;
        for (size_t i = 0; i < schedule_n_sources(search->schedule); i++) {
                source_init(&source, search->schedule, i, search->clock);
                search_source(search, stretch, &source);
        }
        search_foreign_dates(search, stretch);
}

int schedule_next(const struct schedule *schedule, const struct wall_clock *clock, usec_t from_usec,
                  struct occurrence *ret) {
        struct search search;
        struct stretch stretch;

        if (!has_occurrences(schedule))
                return SCHEDULE_NO_OCCURRENCE;

        search_init(&search, schedule, clock, from_usec);
        for (size_t i = 0; i < schedule->n_overrides; i++)
                if (!schedule->overrides[i].cancelled)
                        offer_override(&search, &schedule->overrides[i]);

        stretch = first_stretch(&search);
        do
                search_stretch(&search, &stretch);
        while (next_stretch(&search, &stretch));

        return search_end(&search, ret);
}

int schedule_next_of(const struct schedule *schedule, const struct details *details, const struct wall_clock *clock,
                     usec_t from_usec, usec_t until_usec, struct occurrence *ret) {
        const struct override *override = override_of(schedule, details);
        struct search search;
        struct stretch stretch;
        int64_t wall_sec;

        if (!has_occurrences(schedule))
                return SCHEDULE_NO_OCCURRENCE;

        search_init(&search, schedule, clock, from_usec);
        search.until_usec = until_usec;
        if (override && !override->cancelled)
                offer_override(&search, override);
        if (!override || starts_stretch(&search, override, &wall_sec)) {
                stretch = override ? stretch_from(&search, override, wall_sec) : first_stretch(&search);
                search_stretch(&search, &stretch);
        }
        return search_end(&search, ret);
}

/* The original start that the text of a recurrence id names. Returns 0, or SCHEDULE_NO_OCCURRENCE for what none has. */
static int parse_id(const struct schedule *schedule, const char *text, struct stamp *ret) {
        struct stamp stamp = {};
        bool is_utc;

        if (civil_parse(text, strlen(text), &stamp.wall_sec, &stamp.is_date, &is_utc) < 0)
                return SCHEDULE_NO_OCCURRENCE;

        if (stamp.is_date == schedule->start.is_date && is_utc == (schedule->start.kind == STAMP_UTC))
                stamp = stamp_at(&schedule->start, stamp.wall_sec);
        else if (is_utc)
                stamp.kind = STAMP_UTC;
        else
                return SCHEDULE_NO_OCCURRENCE;

        *ret = stamp;
        return 0;
}

static const struct override *find_override(const struct search *search, const char *recurrence_id) {
        const struct schedule *schedule = search->schedule;

        for (size_t i = 0; i < schedule->n_overrides; i++) {
                struct occurrence occurrence = {
                        .schedule = schedule,
                        .recurrence_id =
                                schedule_original(schedule, &schedule->overrides[i].recurrence_id, search->clock),
                };
                char text[CIVIL_TEXT_SIZE];

                if (strcmp(occurrence_format_id(&occurrence, text), recurrence_id) == 0 &&
                    !is_superseded(search, &schedule->overrides[i], &occurrence.recurrence_id))
                        return &schedule->overrides[i];
        }
        return NULL;
}

/* Only what is moved, in a gap, or of another form can fall on the same instant as another. */
static bool may_coincide(const struct schedule *schedule, const struct wall_clock *clock,
                         const struct occurrence *occurrence) {
        if (schedule->n_overrides > 0 ||
            zone_disorder_sec(stamp_zone(&schedule->start, clock), occurrence->due_usec) > 0)
                return true;
        for (size_t i = 0; i < schedule->n_extra_dates; i++)
                if (!stamp_has_form(&schedule->extra_dates[i], &schedule->start))
                        return true;
        return false;
}

/* What is due at the same instant as another, which gives both their name, is no dose of its own. */
static int find_end(const struct search *search, struct occurrence *ret) {
        struct occurrence first;
        int r;

        if (!search->found)
                return SCHEDULE_NO_OCCURRENCE;
        if (may_coincide(search->schedule, search->clock, &search->best)) {
                r = schedule_next(search->schedule, search->clock, search->best.due_usec, &first);
                if (r != 0)
                        return r;
                if (stamp_compare(&first.recurrence_id, &search->best.recurrence_id) != 0)
                        return SCHEDULE_NO_OCCURRENCE;
        }
        *ret = search->best;
        return 0;
}

int schedule_find(const struct schedule *schedule, const struct wall_clock *clock, const char *recurrence_id,
                  struct occurrence *ret) {
        const struct override *override;
        struct search search;
        struct stretch stretch;
        struct stamp original;
        usec_t original_usec;
        int64_t wall_sec;
        int r;

        if (!has_occurrences(schedule))
                return SCHEDULE_NO_OCCURRENCE;

        search_init(&search, schedule, clock, INT64_MIN);
        override = find_override(&search, recurrence_id);
        if (override) {
                if (!override->cancelled)
                        offer_override(&search, override);
                return find_end(&search, ret);
        }
        if (!schedule->has_master)
                return SCHEDULE_NO_OCCURRENCE;

        r = parse_id(schedule, recurrence_id, &original);
        if (r != 0)
                return r;
        original_usec = stamp_to_usec(&original, clock, NULL);
        if (stamp_has_form(&original, &schedule->start) ? !schedule_generates(schedule, original.wall_sec, clock)
                                                        : !schedule_find_foreign_date(schedule, original_usec, clock))
                return SCHEDULE_NO_OCCURRENCE;
        if (is_excluded(&search, &original, original_usec))
                return SCHEDULE_NO_OCCURRENCE;

        wall_sec = master_wall(&search, &original, original_usec);
        stretch = first_stretch(&search);
        while (wall_sec >= stretch.end_wall_sec && next_stretch(&search, &stretch))
                ;
        if (!is_cancelled(&stretch))
                offer_in_stretch(&search, &stretch, &original, original_usec);
        return find_end(&search, ret);
}

char *occurrence_format_id(const struct occurrence *occurrence, char *text) {
        const struct stamp *id = &occurrence->recurrence_id;

        return civil_format(text, id->wall_sec, id->is_date, id->kind == STAMP_UTC);
}
