/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes lines apart. They may hold what is nobody's business, and anything else that a program can write. */
#include "deliver/output.h"

#include <string.h>

#include "dosed/error.h"
#include "dosed/log.h"
#include "dosed/text.h"

void output_done(struct output *output) {
        free(output->last_line);
}

static void log_output(struct output *output) {
        if (output->n_logged > LIMIT_RUNNER_LINES)
                return;
        if (output->n_logged++ < LIMIT_RUNNER_LINES)
                log_debug("%s: %s", output->name, output->last_line);
        else
                log_debug("%s says more, which is not logged", output->name);
}

void output_finish(struct output *output) {
        char *clean = NULL;

        output->line[output->line_size] = '\0';
        output->line_size = 0;
        text_cut(output->line, LIMIT_RUNNER_LINE_BYTES);
        if (output->line[0] == '\0' || text_clean(output->line, &clean) < 0)
                return;
        if (clean[strspn(clean, " ")] == '\0') {
                free(clean);
                return;
        }
        free(output->last_line);
        output->last_line = clean;
        log_output(output);
}

/* A carriage return ends a line as well: progress is often shown so. */
static void output_take(struct output *output, const char *bytes, size_t size) {
        for (size_t i = 0; i < size; i++)
                if (bytes[i] == '\n' || bytes[i] == '\r')
                        output_finish(output);
                else if (bytes[i] != '\0' && output->line_size <= LIMIT_RUNNER_LINE_BYTES)
                        output->line[output->line_size++] = bytes[i];
}

bool output_read(struct output *output, int fd, size_t max) {
        char bytes[4096];

        while (max > 0) {
                ssize_t n = read(fd, bytes, max < sizeof(bytes) ? max : sizeof(bytes));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 && errno == EAGAIN;
                output_take(output, bytes, (size_t) n);
                max -= (size_t) n;
        }
        return true;
}
