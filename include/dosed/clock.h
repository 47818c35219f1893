/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instants, spans, and the only place that asks the system what time it is. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* An instant in microseconds since the epoch (UTC), or a span in microseconds. Signed: a DTSTART may lie before 1970. */
typedef int64_t usec_t;

#define USEC_PER_MSEC ((usec_t) 1000)
#define USEC_PER_SEC (1000 * USEC_PER_MSEC)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)

/* Later than anything that happens: "no such time", where a time is looked forward to. */
#define USEC_NEVER INT64_MAX
/* "No such time", where a time is looked back to, and on D-Bus. No dose is taken at the epoch. */
#define USEC_NONE ((usec_t) 0)

static inline usec_t usec_earlier(usec_t a, usec_t b) {
        return a < b ? a : b;
}

static inline usec_t usec_later(usec_t a, usec_t b) {
        return a > b ? a : b;
}

/* CLOCK_REALTIME. Programs ask; the rooms below them are told. */
usec_t clock_realtime_usec(void);

/* CLOCK_BOOTTIME: since the machine was started, suspends included. */
usec_t clock_boottime_usec(void);

/* The kernel's clock is disciplined by somebody who knows the time (adjtimex(2)); as far as can be seen. */
bool clock_is_synchronised(void);
