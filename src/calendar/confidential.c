/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is not for everybody's eyes. */
#include "calendar/confidential.h"

#include "dosed/calendar.h"

/* A class that is not known is PRIVATE. */
bool class_is_confidential(struct slice value) {
        return value.size > 0 && !slice_equal(value, "PUBLIC");
}

int calendar_holds_confidential(const void *bytes, size_t size, bool *ret) {
        struct line_reader reader = { .bytes = bytes, .size = size };
        _cleanup_(free_p) char *out = NULL;
        bool is_confidential = false;
        struct slice text;
        unsigned number;

        out = malloc(size + 1);
        if (!out)
                return -ENOMEM;
        reader.out = out;
        while (!is_confidential && line_read(&reader, &text, &number)) {
                struct content_line line;
                const char *reason;

                is_confidential = line_split(text, &line, &reason) && slice_equal(line.name, "CLASS") &&
                                  class_is_confidential(line.value);
        }

        *ret = is_confidential;
        return 0;
}
