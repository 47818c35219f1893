/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a notification: everything here that a person reads. */
#pragma once

#include <stddef.h>

#include "dosed/notify.h"
#include "notify/content.h"

const char *button_label(enum button button); /* "One by one" */

/* Title and body, plain, for one dose and for several of one person. A confidential dose says "a medicine", and when.
 * Return 0 or -ENOMEM; the caller frees. */
int text_make_single(const struct notify_dose *dose, char **ret_title, char **ret_body);
int text_make_group(const struct notify_dose *const *doses, size_t n_doses, char **ret_title, char **ret_body);

/* As body markup of the Desktop Notifications Specification. Returns 0 or -ENOMEM; the caller frees. */
int text_escape_markup(const char *text, char **ret);
