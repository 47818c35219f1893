/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One SMTP conversation by libcurl. */
#pragma once

#include "mail/address.h"
#include "mail/message.h"
#include "mail/settings.h"
#include "mail/verdict.h"

/* Returns 0 with what became of it, or -ENOMEM before anything was said. */
int transfer_run(const struct settings *settings, const struct address_list *recipients, const struct message *message,
                 struct verdict *ret);
