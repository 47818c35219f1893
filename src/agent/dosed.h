/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dosed of the machine, as a client sees it: whether it is there, what it lists, and what is asked of it. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "agent/listed.h"
#include "dosed/error.h"
#include "dosed/notify.h"

struct dosed;

/* Only whoever owns the name is heard. */
struct dosed_observer {
        /* Another dosed, or none: what was asked of the former one is not answered any more. */
        void (*changed)(void *userdata);
        /* What is to stand on the desktop now. The doses may be taken over; what is left of them is freed. */
        void (*listed)(void *userdata, struct listed_doses *doses);
        /* Somebody has taken or skipped the dose of that path. */
        void (*recorded)(void *userdata, const char *path);
};

/* The bus stays the caller's. Returns 0 or a negative errno. */
int dosed_new(sd_bus *bus, const struct dosed_observer *observer, void *userdata, struct dosed **ret);
struct dosed *dosed_free(struct dosed *dosed);
DEFINE_CLEANUP(struct dosed *, dosed_free);

bool dosed_is_there(const struct dosed *dosed);
/* So many people the caller may see, as of the last list; two where that is not known. */
unsigned dosed_count_people(const struct dosed *dosed);

/*
 * Records or snoozes the dose of that path; asked without waiting, and answered to `handler`, which may get an error instead: as
 * any handler of sd-bus it is called once, unless the slot is dropped before. Returns 0, -ENOTCONN where there is no dosed, or
 * a negative errno.
 */
int dosed_answer(struct dosed *dosed, const char *path, enum notify_answer answer, sd_bus_message_handler_t handler,
                 void *userdata, sd_bus_slot **ret);
