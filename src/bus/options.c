/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a method: a{sv}, read strictly, since they decide what the ledger says. */
#include <string.h>

#include "bus/private.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define BAD_OPTION ERROR_PREFIX "BadOption"

int option_text_check(const char *key, const char *text, sd_bus_error *error) {
        _cleanup_(free_p) char *clean = NULL;
        int r;

        if (strlen(text) > LIMIT_OPTION_BYTES)
                return sd_bus_error_setf(error, BAD_OPTION, "'%s' is longer than %u bytes: shorten it", key,
                                         LIMIT_OPTION_BYTES);
        r = text_clean_lines(text, &clean);
        if (r < 0)
                return r;
        if (strcmp(clean, text) != 0)
                return sd_bus_error_setf(error, BAD_OPTION, "'%s' holds control characters: leave them out", key);
        return 0;
}

static int read_value(sd_bus_message *message, const struct option *option, sd_bus_error *error) {
        uint64_t number;
        const char *text;
        int flag, r;

        switch (option->type) {
        case 's':
                r = sd_bus_message_read(message, "v", "s", &text);
                if (r < 0)
                        return r;
                r = option_text_check(option->key, text, error);
                if (r < 0)
                        return r;
                return text_set(option->value, text_is_blank(text) ? NULL : text);
        case 't':
                r = sd_bus_message_read(message, "v", "t", &number);
                if (r < 0)
                        return r;
                if (number > INT64_MAX / 2)
                        return sd_bus_error_setf(error, BAD_OPTION, "'%s' is no time: give microseconds since 1970",
                                                 option->key);
                *(usec_t *) option->value = (usec_t) number;
                return 0;
        case 'b':
                r = sd_bus_message_read(message, "v", "b", &flag);
                if (r < 0)
                        return r;
                *(bool *) option->value = flag;
                return 0;
        }
        return -EINVAL;
}

static int read_option(sd_bus_message *message, const struct option *options, size_t n_options, uint64_t *seen,
                       sd_bus_error *error) {
        const char *key, *contents;
        int r;

        r = sd_bus_message_read(message, "s", &key);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_options; i++) {
                char type;

                if (strcmp(options[i].key, key) != 0)
                        continue;
                if (*seen & (UINT64_C(1) << i))
                        return sd_bus_error_setf(error, BAD_OPTION, "'%s' is given twice", key);
                *seen |= UINT64_C(1) << i;

                r = sd_bus_message_peek_type(message, &type, &contents);
                if (r < 0)
                        return r;
                if (!contents || contents[0] != options[i].type || contents[1] != '\0')
                        return sd_bus_error_setf(error, BAD_OPTION, "'%s' must be of type '%c'", key, options[i].type);
                return read_value(message, &options[i], error);
        }
        return sd_bus_error_setf(error, BAD_OPTION, "there is no option '%s' here", key);
}

int options_read(sd_bus_message *message, const struct option *options, size_t n_options, sd_bus_error *error) {
        uint64_t seen = 0;
        int r;

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = read_option(message, options, n_options, &seen, error);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(message);
}
