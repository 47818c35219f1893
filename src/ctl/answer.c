/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An a{sv} from the bus as a struct, and that struct as JSON. */
#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/when.h"
#include "dosed/text.h"

static const char *const signatures[_ANSWER_TYPE_MAX] = {
        [ANSWER_TEXT] = "s",
        [ANSWER_TEXTS] = "as",
        [ANSWER_TIME] = "t",
        [ANSWER_FLAG] = "b",
        [ANSWER_COUNT] = "u",
};

char **texts_free(char **texts) {
        if (!texts)
                return NULL;
        for (size_t i = 0; texts[i]; i++)
                free(texts[i]);
        free(texts);
        return NULL;
}

int texts_read(sd_bus_message *message, char ***ret) {
        _cleanup_(texts_free_p) char **texts = NULL;
        size_t n = 0;
        int r;

        texts = calloc(1, sizeof(*texts));
        if (!texts)
                return -ENOMEM;

        r = sd_bus_message_enter_container(message, 'a', "s");
        if (r < 0)
                return r;

        for (;;) {
                const char *raw;
                char **more;

                r = sd_bus_message_read_basic(message, 's', &raw);
                if (r < 0)
                        return r;
                if (r == 0)
                        break;

                more = reallocarray(texts, n + 2, sizeof(*more));
                if (!more)
                        return -ENOMEM;
                texts = more;
                texts[n + 1] = NULL;
                r = text_clean(raw, &texts[n]);
                if (r < 0) {
                        texts[n] = NULL;
                        return r;
                }
                n++;
        }

        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;

        *ret = TAKE(texts);
        return 0;
}

static int read_text(sd_bus_message *message, char **field) {
        const char *raw;
        char *text;
        int r;

        r = sd_bus_message_read_basic(message, 's', &raw);
        if (r < 0)
                return r;
        r = text_clean(raw, &text);
        if (r < 0)
                return r;

        free(*field);
        *field = text;
        return 0;
}

static int read_time(sd_bus_message *message, usec_t *field) {
        uint64_t value;
        int r;

        r = sd_bus_message_read_basic(message, 't', &value);
        if (r < 0)
                return r;

        *field = value > INT64_MAX ? USEC_NEVER : (usec_t) value;
        return 0;
}

static int read_flag(sd_bus_message *message, bool *field) {
        int value, r;

        r = sd_bus_message_read_basic(message, 'b', &value);
        if (r < 0)
                return r;

        *field = value;
        return 0;
}

static int read_texts(sd_bus_message *message, char ***field) {
        char **texts;
        int r;

        r = texts_read(message, &texts);
        if (r < 0)
                return r;

        texts_free(*field);
        *field = texts;
        return 0;
}

static int read_value(sd_bus_message *message, enum answer_type type, void *field) {
        switch (type) {
        case ANSWER_TEXT:
                return read_text(message, field);
        case ANSWER_TEXTS:
                return read_texts(message, field);
        case ANSWER_TIME:
                return read_time(message, field);
        case ANSWER_FLAG:
                return read_flag(message, field);
        case ANSWER_COUNT:
                return sd_bus_message_read_basic(message, 'u', field);
        case _ANSWER_TYPE_MAX:
                break;
        }
        return -EINVAL;
}

static const struct answer_key *key_find(const struct answer_key *keys, size_t n_keys, const char *name) {
        for (size_t i = 0; i < n_keys; i++)
                if (strcmp(keys[i].name, name) == 0)
                        return &keys[i];
        return NULL;
}

static int read_entry(sd_bus_message *message, const struct answer_key *keys, size_t n_keys, void *object) {
        const struct answer_key *key;
        const char *name, *contents;
        int r;

        r = sd_bus_message_read_basic(message, 's', &name);
        if (r < 0)
                return r;
        r = sd_bus_message_peek_type(message, NULL, &contents);
        if (r < 0)
                return r;

        key = key_find(keys, n_keys, name);
        if (!key || strcmp(signatures[key->type], contents) != 0)
                return sd_bus_message_skip(message, "v");

        r = sd_bus_message_enter_container(message, 'v', contents);
        if (r < 0)
                return r;
        r = read_value(message, key->type, (char *) object + key->offset);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(message);
}

int answer_read(sd_bus_message *message, const struct answer_key *keys, size_t n_keys, void *object) {
        int r;

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = read_entry(message, keys, n_keys, object);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        r = sd_bus_message_exit_container(message);
        return r < 0 ? r : 0;
}

void answer_done(const struct answer_key *keys, size_t n_keys, void *object) {
        for (size_t i = 0; i < n_keys; i++) {
                void *field = (char *) object + keys[i].offset;

                if (keys[i].type == ANSWER_TEXT) {
                        free(*(char **) field);
                        *(char **) field = NULL;
                } else if (keys[i].type == ANSWER_TEXTS)
                        *(char ***) field = texts_free(*(char ***) field);
        }
}

json_t *json_text(const char *text) {
        return text ? json_string(text) : json_null();
}

json_t *json_time(usec_t at_usec) {
        char text[WHEN_TEXT_SIZE];

        if (at_usec == USEC_NONE || at_usec == USEC_NEVER)
                return json_null();
        return json_string(usec_format_utc(text, at_usec));
}

json_t *json_texts(char *const *texts) {
        _cleanup_(json_unref_p) json_t *array = json_array();

        for (size_t i = 0; array && texts && texts[i]; i++)
                if (json_array_append_new(array, json_text(texts[i])) < 0)
                        return NULL;
        return TAKE(array);
}

static json_t *value_to_json(enum answer_type type, const void *field) {
        switch (type) {
        case ANSWER_TEXT:
                return json_text(*(char *const *) field);
        case ANSWER_TEXTS:
                return json_texts(*(char *const *const *) field);
        case ANSWER_TIME:
                return json_time(*(const usec_t *) field);
        case ANSWER_FLAG:
                return json_boolean(*(const bool *) field);
        case ANSWER_COUNT:
                return json_integer(*(const uint32_t *) field);
        case _ANSWER_TYPE_MAX:
                break;
        }
        return NULL;
}

int answer_to_json(const struct answer_key *keys, size_t n_keys, const void *object, json_t *json) {
        for (size_t i = 0; i < n_keys; i++) {
                _cleanup_(free_p) char *name = strdup(keys[i].name);

                if (!name)
                        return -ENOMEM;
                for (char *p = name; *p; p++)
                        if (*p == '-')
                                *p = '_';
                if (json_object_set_new(json, name,
                                        value_to_json(keys[i].type, (const char *) object + keys[i].offset)) < 0)
                        return -ENOMEM;
        }
        return 0;
}
