/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a rule ends, and what looking for its times costs. */
#include "calendar/expand.h"
#include "calendar/rule-end.h"

#define MINUTES_PER_DAY (24 * 60u)
#define STRIDE_SEC (INT64_C(3653) * SEC_PER_DAY) /* ten years; what lies closer together is found at little cost */
#define SEARCHED_UNTIL_YEAR 2100                 /* searches begin at the present: nobody who reads this file begins one later */

static void find_last(struct expansion *expansion, struct rule *rule, bool counts_start) {
        uint32_t count = rule->count;
        int64_t wall_sec;

        if (counts_start && (!expansion_next(expansion, &wall_sec) || wall_sec != expansion->start_wall_sec))
                count--;

        if (count == 0)
                rule->last_wall_sec = expansion->start_wall_sec - 1;
        else if (expansion_find_nth(expansion, count, &wall_sec))
                rule->last_wall_sec = wall_sec;
}

/* Long stretches without a time are what costs: each that a search may begin in is walked through once. */
static void walk_in_strides(struct expansion *expansion, const struct rule *rule) {
        const int64_t end_sec = (int64_t) civil_day(SEARCHED_UNTIL_YEAR, 1, 1) * SEC_PER_DAY;
        int64_t wall_sec = expansion->start_wall_sec;

        if (rule->has_until)
                expansion_limit(expansion, rule->until_wall_sec + 2 * SEC_PER_DAY);
        do
                expansion_seek(expansion, wall_sec + STRIDE_SEC);
        while (expansion_next(expansion, &wall_sec) && wall_sec < end_sec);
}

uint64_t rule_end(struct rule *rule, const struct stamp *start, bool counts_start) {
        struct expansion expansion;
        int64_t wall_sec;

        if (rule->has_last)
                return 0;
        rule->has_last = true;
        rule->last_wall_sec = INT64_MAX;

        expansion_init(&expansion, rule, start->wall_sec, start->is_date);
        rule->is_never_due = !expansion_next(&expansion, &wall_sec);
        if (rule->is_never_due) {
                rule->last_wall_sec = start->wall_sec - 1;
                return expansion.work;
        }

        if (rule->count > 0) {
                expansion_seek(&expansion, start->wall_sec);
                find_last(&expansion, rule, counts_start);
        }
        expansion_limit(&expansion, rule->last_wall_sec);
        walk_in_strides(&expansion, rule);
        return expansion.work;
}

bool rule_first(const struct rule *rule, const struct stamp *start, int64_t *ret_wall_sec, uint64_t *work) {
        struct expansion expansion;
        bool found;

        expansion_init(&expansion, rule, start->wall_sec, start->is_date);
        found = expansion_next(&expansion, ret_wall_sec);
        *work += expansion.work;
        return found;
}

bool rules_count_start(struct rule *const *rules, size_t n_rules, const struct stamp *start, uint64_t *work) {
        bool is_of_one = false;

        for (size_t i = 0; n_rules > 1 && i < n_rules && !rules[i]->has_last && !is_of_one; i++) {
                int64_t first;

                is_of_one = rule_first(rules[i], start, &first, work) && first == start->wall_sec;
        }
        return !is_of_one;
}

static unsigned set_size(uint64_t set, unsigned all) {
        return set ? (unsigned) __builtin_popcountll(set) : all;
}

static unsigned least(unsigned a, unsigned b) {
        return a < b ? a : b;
}

unsigned rule_times_per_day(const struct rule *rule) {
        bool by_minute = rule->frequency == FREQUENCY_MINUTELY;
        unsigned hours = set_size(rule->hours, rule_is_below_a_day(rule) ? 24 : 1);
        unsigned minutes = set_size(rule->minutes, by_minute ? 60 : 1);
        unsigned units = (by_minute ? 24 * 60 : 24) / rule->interval + 1;

        if (by_minute)
                return least(hours * minutes, units);
        return (rule_is_below_a_day(rule) ? least(hours, units) : hours) * minutes;
}

/* Spread evenly are as many times as there are places, each in one of its own: they leave the same rest. */
static bool are_even(uint64_t hours, uint64_t minutes, unsigned apart_minutes) {
        unsigned rest = MINUTES_PER_DAY;

        for (unsigned minute = 0; minute < MINUTES_PER_DAY; minute++) {
                if (!(hours >> minute / 60 & 1) || !(minutes >> minute % 60 & 1))
                        continue;
                if (rest == MINUTES_PER_DAY)
                        rest = minute % apart_minutes;
                if (minute % apart_minutes != rest)
                        return false;
        }
        return true;
}

usec_t rule_spacing(const struct rule *rule) {
        unsigned n = rule_times_per_day(rule);

        if (rule_is_below_a_day(rule))
                return rule->interval * (rule->frequency == FREQUENCY_HOURLY ? USEC_PER_HOUR : USEC_PER_MINUTE);
        /* Morning and evening are no spacing. An hour or a minute that DTSTART fills in moves all times alike. */
        if (n < 3 || MINUTES_PER_DAY % n != 0 || !are_even(rule->hours ?: 1, rule->minutes ?: 1, MINUTES_PER_DAY / n))
                return 0;
        return MINUTES_PER_DAY / n * USEC_PER_MINUTE;
}
