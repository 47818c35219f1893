/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An a{sv} from the bus as a struct, and that struct as JSON. */
#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/when.h"
#include "dosed/text.h"

static const char *const signatures[_ANSWER_TYPE_MAX] = {
        [ANSWER_TEXT] = "s",  [ANSWER_TEXTS] = "as", [ANSWER_TIME] = "t",      [ANSWER_FLAG] = "b",
        [ANSWER_COUNT] = "u", [ANSWER_NUMBER] = "t", [ANSWER_LIST] = "aa{sv}",
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

static int read_value(sd_bus_message *message, const struct answer_shape *shape, enum answer_type type, void *field) {
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
        case ANSWER_NUMBER:
                return sd_bus_message_read_basic(message, 't', field);
        case ANSWER_LIST:
                return shape->inner ? answer_list_read(message, shape->inner, field) : -EINVAL;
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

static int read_entry(sd_bus_message *message, const struct answer_shape *shape, void *object) {
        const struct answer_key *key;
        const char *name, *contents;
        int r;

        r = sd_bus_message_read_basic(message, 's', &name);
        if (r < 0)
                return r;
        r = sd_bus_message_peek_type(message, NULL, &contents);
        if (r < 0)
                return r;

        key = key_find(shape->keys, shape->n_keys, name);
        if (!key || strcmp(signatures[key->type], contents) != 0)
                return sd_bus_message_skip(message, "v");

        r = sd_bus_message_enter_container(message, 'v', contents);
        if (r < 0)
                return r;
        r = read_value(message, shape, key->type, (char *) object + key->offset);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(message);
}

static int read_object(sd_bus_message *message, const struct answer_shape *shape, void *object) {
        int r;

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = read_entry(message, shape, object);
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

int answer_read(sd_bus_message *message, const struct answer_key *keys, size_t n_keys, void *object) {
        return read_object(message, &(struct answer_shape){ .keys = keys, .n_keys = n_keys }, object);
}

int answer_list_read(sd_bus_message *message, const struct answer_shape *shape, struct answer_list *list) {
        int r;

        r = sd_bus_message_enter_container(message, 'a', "a{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_at_end(message, false)) == 0) {
                /* Grows at the powers of two. */
                if ((list->n_items & (list->n_items - 1)) == 0) {
                        void *items = reallocarray(list->items, list->n_items ? list->n_items * 2 : 1, shape->size);

                        if (!items)
                                return -ENOMEM;
                        list->items = items;
                }
                r = read_object(message, shape,
                                memset((char *) list->items + list->n_items++ * shape->size, 0, shape->size));
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(message);
        return r < 0 ? r : 0;
}

static void object_done(const struct answer_shape *shape, void *object) {
        for (size_t i = 0; i < shape->n_keys; i++) {
                void *field = (char *) object + shape->keys[i].offset;

                if (shape->keys[i].type == ANSWER_TEXT) {
                        free(*(char **) field);
                        *(char **) field = NULL;
                } else if (shape->keys[i].type == ANSWER_TEXTS)
                        *(char ***) field = texts_free(*(char ***) field);
                else if (shape->keys[i].type == ANSWER_LIST && shape->inner)
                        answer_list_done(shape->inner, field);
        }
}

void answer_done(const struct answer_key *keys, size_t n_keys, void *object) {
        object_done(&(struct answer_shape){ .keys = keys, .n_keys = n_keys }, object);
}

void answer_list_done(const struct answer_shape *shape, struct answer_list *list) {
        for (size_t i = 0; i < list->n_items; i++)
                object_done(shape, (char *) list->items + i * shape->size);
        free(list->items);
        *list = (struct answer_list){};
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

static json_t *value_to_json(const struct answer_shape *shape, enum answer_type type, const void *field) {
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
        case ANSWER_NUMBER:
                return json_integer((json_int_t) * (const uint64_t *) field);
        case ANSWER_LIST:
                return shape->inner ? answer_list_to_json(shape->inner, field) : NULL;
        case _ANSWER_TYPE_MAX:
                break;
        }
        return NULL;
}

static int object_to_json(const struct answer_shape *shape, const void *object, json_t *json) {
        for (size_t i = 0; i < shape->n_keys; i++) {
                const struct answer_key *key = &shape->keys[i];
                _cleanup_(free_p) char *name = strdup(key->name);

                if (!name)
                        return -ENOMEM;
                for (char *p = name; *p; p++)
                        if (*p == '-')
                                *p = '_';
                if (json_object_set_new(json, name,
                                        value_to_json(shape, key->type, (const char *) object + key->offset)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int answer_to_json(const struct answer_key *keys, size_t n_keys, const void *object, json_t *json) {
        return object_to_json(&(struct answer_shape){ .keys = keys, .n_keys = n_keys }, object, json);
}

json_t *answer_list_to_json(const struct answer_shape *shape, const struct answer_list *list) {
        _cleanup_(json_unref_p) json_t *array = json_array();

        for (size_t i = 0; array && i < list->n_items; i++) {
                _cleanup_(json_unref_p) json_t *object = json_object();

                if (!object || object_to_json(shape, (const char *) list->items + i * shape->size, object) < 0 ||
                    json_array_append(array, object) < 0)
                        return NULL;
        }
        return TAKE(array);
}
