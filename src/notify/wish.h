/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A copy of the doses that the caller said are open. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dosed/error.h"
#include "dosed/notify.h"

struct wish {
        struct notify_dose *doses; /* their texts belong to the wish */
        size_t n_doses;
};

void wish_done(struct wish *wish);

/* `ret` starts zeroed. Returns 0 or -ENOMEM. */
int wish_copy(const struct notify_dose *doses, size_t n_doses, struct wish *ret);

bool wish_equal(const struct wish *wish, const struct notify_dose *doses, size_t n_doses);
