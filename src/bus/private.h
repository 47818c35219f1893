/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside the bus room. */
#pragma once

#include <sys/types.h>
#include <uthash.h>

#include "dosed/bus.h"

#define ERROR_PREFIX BUS_NAME ".Error."
#define DOSE_PREFIX BUS_ROOT "/dose"
#define MEDICATION_PREFIX BUS_ROOT "/medication"
#define PERSON_PREFIX BUS_ROOT "/person"

/* Somebody on the system bus (peers.c). */
struct peer {
        char *name; /* unique, and never given to another one */
        char *user; /* NULL: it is not known who that is */
        bool is_root;
        bool is_sure; /* else whoever knows the users did not answer: to be asked again */
        bool is_subscribed;
        sd_bus_slot *gone; /* hears when the name leaves */
        struct bus *bus;
        UT_hash_handle hh;
};

struct bus {
        sd_bus *connection;
        enum bus_scope scope;
        struct engine *engine;
        struct bus_host host;
        void *userdata;
        char *user;              /* who calls on a session bus: it is one user's own */
        struct peer *peers;      /* on the system bus, by name; who called last is last */
        struct bus_grant *grants; /* on the system bus, by user */
        size_t n_grants;
        sd_bus_slot *slots[4];
        unsigned n_mail_tests; /* under way */
};

int bus_add_manager(struct bus *bus);
int bus_add_dose(struct bus *bus);
int bus_add_person(struct bus *bus);
int bus_add_outbox(struct bus *bus);

/*
 * The one door (access.c). Every method, property, lookup of an object and signal asks here who is calling (or is to be
 * told), and what that one may do. `message` is what the bus is handing in; whom nobody can name may do nothing.
 */
enum access { ACCESS_VIEW = BUS_MAY_VIEW, ACCESS_RECORD = BUS_MAY_RECORD, ACCESS_MANAGE = BUS_MAY_MANAGE };
/*
 * Whether the caller may do that for `person`; NULL: for anybody. Who is hidden from the caller does not exist. Returns 0,
 * or fills `error` and returns negative. `ret_user` may be NULL; it lives until the handler returns.
 */
int access_check(struct bus *bus, sd_bus_message *message, enum access access, const char *person,
                 const char **ret_user, sd_bus_error *error);
/* The same without words. */
bool access_may(struct bus *bus, sd_bus_message *message, enum access access, const char *person);
/* Of everybody in dosed.conf. */
bool access_may_every(struct bus *bus, sd_bus_message *message, enum access access);
/* Whether the caller may see what is of that person: what is confidential is hidden from caregivers. */
bool access_may_see(struct bus *bus, sd_bus_message *message, const char *person, bool is_confidential);
/* The same of a subscriber. */
bool access_may_be_told(const struct peer *peer, const char *person, bool is_confidential);
/* Whether the caller may know of what happens to that person, also one who is in dosed.conf no more. NULL: of the whole house. */
bool access_may_know(struct bus *bus, sd_bus_message *message, const char *person);
/*
 * Whether the caller takes medicines as that person: is one of the Unix users that dosed.conf gives the person. Who may only
 * look after somebody is not.
 */
bool access_is_own(struct bus *bus, sd_bus_message *message, const char *person);
/* The only person whom the caller may see, so that nobody else's doses are looked at; NULL: nobody, or several. */
const char *access_only_person(struct bus *bus, sd_bus_message *message);

/* A sentence of what does not work, as the caller may read it; NULL: not at all (degraded.c). */
const char *degraded_for(struct bus *bus, sd_bus_message *message, const char *key, const char *sentence);

/* Who may do what (grants.c). `user` NULL has none. `person` NULL: for anybody. */
bool grants_allow(const struct bus *bus, const char *user, enum access access, const char *person, bool is_confidential);
bool grants_are_own(const struct bus *bus, const char *user, const char *person);
void grants_done(struct bus *bus);

/* Who sent it; NULL where that cannot be found out. The peer lives until the handler returns. */
struct peer *peers_find(struct bus *bus, sd_bus_message *message);
void peers_done(struct bus *bus);

/* Who is told (subscribers.c). */
int subscribers_add(sd_bus_message *message, void *userdata, sd_bus_error *error);
int subscribers_remove(sd_bus_message *message, void *userdata, sd_bus_error *error);
/* Writes what is in a signal. Returns 0 or a negative errno. */
typedef int (*signal_filler)(sd_bus_message *signal, const void *data);
/* A signal of the Manager, of something of that person. */
int subscribers_tell(struct bus *bus, const char *signal, const char *person, bool is_confidential, signal_filler fill,
                     const void *data);

/* What the engine refused becomes the D-Bus error of that name; negative errnos go through. Returns negative. */
int error_from_outcome(sd_bus_error *error, int outcome, const char *reason);
/* What cannot be had as things stand, whoever asks. `reason` says what to do. Returns negative. */
int error_degraded(sd_bus_error *error, const char *reason);
/*
 * Whether what is recorded now can have a time: before dosed existed nothing was taken. Every method that changes ledger or plan
 * asks. Returns 0, or fills `error` and returns negative.
 */
int clock_check(struct bus *bus, sd_bus_error *error);

/* Object paths (path.c). The caller frees. */
int path_of_dose(const struct dose *dose, char **ret);
int path_of_medication(const char *person, const char *key, char **ret);
/* Decodes what stands behind the prefix. Returns 1, 0 where it is not below the prefix, or a negative errno. */
int path_decode(const char *path, const char *prefix, char **ret);

/* Answers of any length, up to what the bus carries (listing.c). */
struct listing {
        struct bus *bus;
        sd_bus_message *reply;
        size_t bytes; /* of what is in it, about */
};
/* Returns 0, or ENGINE_BAD_OPTION where it is more than the bus carries. */
int listing_grow(struct listing *listing, size_t bytes);
/* Appends to the array. Returns 0, an outcome of the engine, or a negative errno. */
typedef int (*listing_filler)(struct listing *listing, const void *request);
/* Answers an array of `type`; ENGINE_BAD_OPTION is told in the words of `too_much`. */
int listing_reply(struct bus *bus, sd_bus_message *message, const char *type, listing_filler fill, const void *request,
                  const char *too_much, sd_bus_error *error);
usec_t time_from_bus(uint64_t time);

/* The methods that answer lists (listing.c, messages.c). */
int listing_doses(sd_bus_message *message, void *userdata, sd_bus_error *error);
int listing_medications(sd_bus_message *message, void *userdata, sd_bus_error *error);
int listing_messages(sd_bus_message *message, void *userdata, sd_bus_error *error);
#define LISTING_OVERHEAD 32u /* bytes that a value takes in a message beyond its own, with its key, at most */

/* Everything of a dose as a{sv}, keys without a value left out (details.c). */
int details_append(sd_bus_message *message, const struct dose_view *view);
/* About how many bytes that takes, and never less. */
size_t details_size(const struct dose_view *view);
/* One property of the Dose interface. */
int details_append_property(sd_bus_message *message, const struct dose_view *view, const char *property);
int variant_append_text(sd_bus_message *message, const char *key, const char *text);
int variant_append_time(sd_bus_message *message, const char *key, usec_t usec);
int variant_append_flag(sd_bus_message *message, const char *key, bool flag);

/*
 * Whose object the call is for, where the caller may manage that person (person.c). What changes anything asks clock_check() too.
 * The caller frees. Returns 0, or fills `error` and returns negative.
 */
int person_of(struct bus *bus, sd_bus_message *message, char **ret_person, sd_bus_error *error);

/* The methods of plan files (calendars.c). */
int calendars_list(sd_bus_message *message, void *userdata, sd_bus_error *error);
int calendars_get(sd_bus_message *message, void *userdata, sd_bus_error *error);
int calendars_put(sd_bus_message *message, void *userdata, sd_bus_error *error);
int calendars_remove(sd_bus_message *message, void *userdata, sd_bus_error *error);
/* Whether the caller may hear of a plan file of that name. */
bool calendars_may_name(struct bus *bus, sd_bus_message *message, const char *person, const char *name);

/* Reads a{sv}: each key once, known, of its type, its text clean and short enough (options.c). */
struct option {
        const char *key;
        char type;   /* 's', 't', 'b' */
        void *value; /* char **, usec_t *, bool * */
};
int options_read(sd_bus_message *message, const struct option *options, size_t n_options, sd_bus_error *error);
int option_text_check(const char *key, const char *text, sd_bus_error *error);
