/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Headers and bodies of mail as bytes that no mail program can misread: RFC 5322, 2045 and 2047. Lines end in CRLF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "dosed/clock.h"
#include "dosed/zone.h"

bool mime_address_is_valid(const char *address);
bool mime_host_is_valid(const char *host);

/* Each returns 0, -EINVAL for text with control characters (a line break would be another header), or -ENOMEM. */
int mime_put_text_header(FILE *out, const char *name, const char *text);
int mime_put_address_header(FILE *out, const char *name, const char *display_name, const char *address);

/* "Mon, 23 Nov 2026 12:00:00 +0100" (RFC 5322 3.3). */
void mime_put_date(FILE *out, usec_t at_usec, const struct zone *zone);

/* base64 in lines of 76 characters (RFC 2045 6.8). */
void mime_put_base64(FILE *out, const char *bytes, size_t size);
