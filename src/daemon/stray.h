/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan files that lie where nobody's are looked for, as after a first [person] was written. Nothing is moved or read here. */
#pragma once

#include "daemon/config.h"

/* What to do about them, in a sentence that the caller frees; NULL where there are none. Returns 0 or -ENOMEM. */
int stray_describe(const struct config_places *places, const struct config *config, char **ret_sentence);
