/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both judges of what is told use. */
#pragma once

#include "simulate.h"

bool listener_is_caregiver(const struct listener *listener);
bool listener_cares_for(const struct listener *listener, const char *person);
/* What a listener heard of a dose, or may have; NULL where it is nothing. */
struct hearing *hearing_find(struct world *world, size_t listener, const char *id);
/* The same; made where there is none. */
struct hearing *hearing_make(struct world *world, size_t listener, const char *id);
/* The dose is not what that says of it. */
bool hearing_contradicts(const struct world *world, const struct hearing *hearing, enum opinion opinion);
/* What an event makes somebody think. */
enum opinion opinion_of(enum telling_event event);
