/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For tests of dosed.conf: the places of one person and those of a household, and what is said of a text there. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/config.h"

static const struct config_places places = {
        .file = "dosed.conf",
        .calendars = "/plans",
        .home = "/home/ana",
        .user = "ana",
};
static const struct config_places household = {
        .file = "dosed.conf",
        .calendars = "/plans",
        .home = "/var/lib/dosed",
        .is_system = true,
        .looks_around = true,
};

#define MAIL "[mail]\nfrom = dosed@example.org\nsmtp = smtp://localhost\n"
#define MARIA "[caregiver maria]\nemail = maria@example.org\n"

/* Every problem as "LINE severity: text", a line each. Not inline: GCC would warn of a dangling pointer. */
static char *problems_at(const struct config_places *at, const char *text, struct config *ret) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(config_done) struct config config = {};
        char *all = NULL;
        size_t size;
        FILE *stream = open_memstream(&all, &size);
        int r;

        assert_non_null(stream);
        r = config_parse(at, text, &config, &problems);
        assert_int_equal(r, problems.n_errors > 0 ? CONFIG_INVALID : 0);
        for (size_t i = 0; i < problems.n_items; i++) {
                assert_string_equal(problems.items[i].file, "dosed.conf");
                (void) fprintf(stream, "%u %s: %s\n", problems.items[i].line,
                               severity_to_string(problems.items[i].severity), problems.items[i].text);
        }
        assert_int_equal(fclose(stream), 0);
        if (ret) {
                assert_int_equal(r, 0);
                *ret = config;
                config = (struct config){};
        }
        return all;
}

static inline char *problems_of(const char *text, struct config *ret) {
        return problems_at(&places, text, ret);
}
