/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A reload while it is being put together: intake.c decides what comes into force, plan-file.c reads. */
#pragma once

#include "engine/private.h"

/* Calendars of unchanged files stay in the old plan until the new one is believed. */
struct intake {
        struct engine *engine;
        struct person *person;
        enum engine_belief belief;
        const char *removed; /* path of a file that somebody had removed; NULL */
        usec_t now_usec;
        struct plan_file *plan;
        struct stored_file *put; /* files with a new good version */
        size_t n_put;
        const char **remove; /* paths in the old plan */
        size_t n_remove;
        const struct schedule **schedules;
        size_t n_schedules;
};

/* Sets what does not work with `what`, or that it does: `format` NULL. */
int intake_degrade(struct intake *intake, const char *what, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* plan-file.c: all folders of the person into `intake->plan`. */
int intake_take_folders(struct intake *intake);
/* The old plan once more, but for the file that somebody had removed. */
int intake_keep_folders(struct intake *intake);
/* What a file of the new plan says: its new version, else what it was in the old plan. */
const struct calendar *file_calendar(const struct plan_file *file);
