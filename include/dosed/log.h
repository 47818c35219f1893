/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log: structured fields in the journal, plain lines on any other stderr. */
#pragma once

#include <stdbool.h>
#include <syslog.h>

/*
 * No medicine, no person and no file is named at LOG_INFO or above; what names them is LOG_DEBUG, or goes over the bus.
 * Rooms below the programs log at LOG_DEBUG only: who decides what happens logs it, once.
 */

/* What an operator acts on has a MESSAGE_ID, explained in the journal's catalog (data/dosed.catalog). */
#define MESSAGE_STARTED "8f4e1c0f5d6a4c0fa3b3d1b1f2c55a01"
#define MESSAGE_STOPPED "8f4e1c0f5d6a4c0fa3b3d1b1f2c55a02"
#define MESSAGE_DEGRADED "8f4e1c0f5d6a4c0fa3b3d1b1f2c55a03"
#define MESSAGE_RECOVERED "8f4e1c0f5d6a4c0fa3b3d1b1f2c55a04"
#define MESSAGE_ALREADY_RUNNING "8f4e1c0f5d6a4c0fa3b3d1b1f2c55a05"
#define MESSAGE_CONFIG_REFUSED "8f4e1c0f5d6a4c0fa3b3d1b1f2c55a06"
#define MESSAGE_BROKE_OFF "8f4e1c0f5d6a4c0fa3b3d1b1f2c55a07"

/* Lines of a lower priority than this (default LOG_INFO) are dropped. */
void log_set_level(int level);

void log_line(int level, const char *message_id, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* For whoever started the program in a terminal: may name files and people, and never goes to the journal. */
void log_private(const char *text);

#define log_error(...) log_line(LOG_ERR, NULL, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, NULL, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, NULL, __VA_ARGS__)
