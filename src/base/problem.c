/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with an input. */
#include <stdarg.h>
#include <string.h>

#include "dosed/error.h"
#include "dosed/limits.h"
#include "dosed/problem.h"
#include "dosed/text.h"

static const char *const severity_names[_SEVERITY_MAX] = {
        [SEVERITY_WARNING] = "warning",
        [SEVERITY_ERROR] = "error",
};

const char *severity_to_string(enum severity severity) {
        return severity_names[severity];
}

static void problem_done(struct problem *problem) {
        free(problem->file);
        free(problem->text);
}

void problems_done(struct problems *problems) {
        for (size_t i = 0; i < problems->n_items; i++)
                problem_done(&problems->items[i]);
        free(problems->items);
        *problems = (struct problems){};
}

/* An error is worth more than the last warning. */
static bool drop_warning(struct problems *problems) {
        for (size_t i = problems->n_items; i > 0; i--)
                if (problems->items[i - 1].severity == SEVERITY_WARNING) {
                        problem_done(&problems->items[i - 1]);
                        problems->n_items--;
                        (void) memmove(&problems->items[i - 1], &problems->items[i],
                                       (problems->n_items - (i - 1)) * sizeof(*problems->items));
                        return true;
                }
        return false;
}

int problems_add(struct problems *problems, const char *file, unsigned line, enum severity severity,
                 const char *format, ...) {
        _cleanup_(free_p) char *raw = NULL;
        struct problem problem = { .line = line, .severity = severity };
        struct problem *items;
        va_list arguments;
        int r;

        if (severity == SEVERITY_ERROR)
                problems->n_errors++;
        if (problems->n_items >= LIMIT_FILE_PROBLEMS && !(severity == SEVERITY_ERROR && drop_warning(problems)))
                return 0;

        va_start(arguments, format);
        r = vasprintf(&raw, format, arguments);
        va_end(arguments);
        if (r < 0) {
                raw = NULL;
                return -ENOMEM;
        }

        items = reallocarray(problems->items, problems->n_items + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        problems->items = items;

        r = text_clean(file, &problem.file);
        if (r >= 0)
                r = text_clean(raw, &problem.text);
        if (r < 0) {
                problem_done(&problem);
                return r;
        }

        items[problems->n_items++] = problem;
        return 0;
}

int problem_format(const struct problem *problem, char **ret) {
        if (problem->line == 0)
                return text_format(ret, "%s: %s", problem->file, problem->text);
        return text_format(ret, "%s:%u: %s", problem->file, problem->line, problem->text);
}
