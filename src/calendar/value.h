/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the value of a used property into its line of the scan, by the form that property has. */
#pragma once

#include "calendar/scan.h"

enum value_outcome {
        VALUE_INVALID = 1, /* *ret_reason says what is wrong and what to write instead */
};

/* Returns 0, VALUE_INVALID or -ENOMEM. */
int value_read(struct scan *scan, const struct content_line *content, struct scan_line *line, const char **ret_reason);
