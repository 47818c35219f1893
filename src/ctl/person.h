/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose plan a verb is about. */
#pragma once

#include <systemd/sd-bus.h>

#include "ctl/request.h"

/*
 * The person named, else --person, else the only one there is; where there are several, they are listed and it is
 * refused. The caller frees. Returns 0, REQUEST_REFUSED or a negative errno.
 */
int person_choose(sd_bus *bus, const struct request *request, const char *name, char **ret);

/*
 * Believes what that person's folder holds now, and says so; of who is nobody of dosed.conf any more, that there is no plan. The
 * person as above. Returns 0, REQUEST_REFUSED or a negative errno.
 */
int person_accept_plan(sd_bus *bus, const struct request *request, const char *name);

/* The object of a person. The caller frees. Returns 0 or a negative errno. */
int person_path(const char *name, char **ret);
