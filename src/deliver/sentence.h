/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One event in one sentence, as a telephone shows it or a loudspeaker says it. */
#pragma once

#include "deliver/prose.h"

void sentence_put(struct prose *prose, const struct message_item *item);
