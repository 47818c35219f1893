/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stamps (DATE and DATE-TIME values) by their form: floating, in a zone, UTC, or a date. */
#pragma once

#include "dosed/schedule.h"

/* Both are dates, or times in the same zone: their wall-clock times can be compared. */
bool stamp_has_form(const struct stamp *stamp, const struct stamp *form);

/* The stamp's form at another wall-clock time. */
struct stamp stamp_at(const struct stamp *form, int64_t wall_sec);

const struct zone *stamp_zone(const struct stamp *stamp, const struct wall_clock *clock);

/* By form, then by time: for qsort(). */
int stamp_compare(const void *a, const void *b);

/*
 * Sorted stamps, each the first member of an element of `size` bytes. Finds the first element that means `original`,
 * due at `at_usec`: the same instant; where one of both is a date, the same day. NULL: none.
 */
const void *stamps_find(const void *elements, size_t n, size_t size, const struct stamp *original, usec_t at_usec,
                        const struct wall_clock *clock);

/* The stretch of sorted stamps that have that form. */
void stamps_of_form(const struct stamp *stamps, size_t n, const struct stamp *form, size_t *ret_first, size_t *ret_n);

/* How far an instant's wall clock may be from the order of instants around it: zero where no offset changes nearby. */
int64_t zone_disorder_sec(const struct zone *zone, usec_t at_usec);
