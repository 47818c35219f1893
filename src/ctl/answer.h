/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An a{sv} from the bus as a struct, and that struct as JSON, by one table of its keys. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

#include "dosed/clock.h"
#include "dosed/error.h"

/* What a key's value becomes. Zero, NULL and false stand for a key that was not there. */
enum answer_type {
        ANSWER_TEXT,   /* s: char *, cleaned for a terminal */
        ANSWER_TEXTS,  /* as: char **, ending with NULL, cleaned */
        ANSWER_TIME,   /* t: usec_t */
        ANSWER_FLAG,   /* b: bool */
        ANSWER_COUNT,  /* u: uint32_t */
        ANSWER_NUMBER, /* t: uint64_t, 0 being none */
        ANSWER_LIST,   /* aa{sv}: struct answer_list, of the shape's `inner` */
        _ANSWER_TYPE_MAX,
};

struct answer_key {
        const char *name; /* as on the bus: "window-end" */
        enum answer_type type;
        size_t offset;
};

/*
 * Reads the a{sv} that comes next in the message into `object`, which starts zeroed. What the table does not know, and
 * values of another type than it says, are passed over: the daemon may be newer. Returns 0 or a negative errno, and then
 * `object` is half filled.
 */
int answer_read(sd_bus_message *message, const struct answer_key *keys, size_t n_keys, void *object);

/* Frees the texts. */
void answer_done(const struct answer_key *keys, size_t n_keys, void *object);

/*
 * Adds every key of the table to the JSON object, named with underscores: "window_end". Times are RFC 3339 in UTC, and a
 * text, time or number that is not there is null, so that the keys are always the same. Returns 0 or -ENOMEM.
 */
int answer_to_json(const struct answer_key *keys, size_t n_keys, const void *object, json_t *json);

/* What each object of a list is like: a struct of `size` bytes, by this table. */
struct answer_shape {
        const struct answer_key *keys;
        size_t n_keys;
        size_t size;
        const struct answer_shape *inner; /* of the list in it; NULL where it has none */
};
struct answer_list {
        void *items;
        size_t n_items;
};
/* Reads the aa{sv} that comes next. Returns 0 or a negative errno, and then `list` is half filled. */
int answer_list_read(sd_bus_message *message, const struct answer_shape *shape, struct answer_list *list);
void answer_list_done(const struct answer_shape *shape, struct answer_list *list);
/* A new array, NULL without memory. */
json_t *answer_list_to_json(const struct answer_shape *shape, const struct answer_list *list);

/* An array of strings that comes next in the message, cleaned, ending with NULL. */
int texts_read(sd_bus_message *message, char ***ret);
char **texts_free(char **texts);
DEFINE_CLEANUP(char **, texts_free);

/* New JSON values: null where there is no text or time. NULL without memory. */
json_t *json_text(const char *text);
json_t *json_time(usec_t at_usec);
json_t *json_texts(char *const *texts);

static inline void json_unref_p(json_t **json) {
        json_decref(*json);
}
