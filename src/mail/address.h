/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mail addresses: what may go into an SMTP command, and finding them in To, Cc and Bcc. */
#pragma once

#include <stddef.h>

/* Why an address is not used. RFC 5321 would allow more of them; what this lets through is safe everywhere. */
enum address_fault {
        ADDRESS_GOOD = 0,
        ADDRESS_EMPTY,
        ADDRESS_TOO_LONG,
        ADDRESS_NOT_ASCII,
        ADDRESS_NO_DOMAIN,
        ADDRESS_BAD_CHARACTER,
        ADDRESS_BAD_DOTS,
        ADDRESS_LEADING_HYPHEN,
        ADDRESS_BAD_DOMAIN,
        ADDRESS_BAD_LIST, /* of a list: a quote, a comment or a bracket is not closed, or stands where none may */
        ADDRESS_TOO_MANY, /* of a list: past LIMIT_MAIL_RECIPIENTS */
        _ADDRESS_FAULT_MAX,
};

/* What is wrong, as the end of a sentence: "this address has no @". NULL for ADDRESS_GOOD. */
const char *address_fault_to_string(enum address_fault fault);

/* A plain "name@domain": dot-atom (RFC 5322, 3.4.1), domain of letters, digits and hyphens. */
enum address_fault address_check(const char *address);

/* Good addresses, each once. */
struct address_list {
        char **items;
        size_t n_items;
};

void address_list_done(struct address_list *list);

/* Adds one that was checked, unless it is there. Returns 0, ADDRESS_TOO_MANY or -ENOMEM. */
int address_list_add(struct address_list *list, const char *address);

/*
 * Adds the addresses of a To, Cc or Bcc (RFC 5322, 3.4): bare or in angle brackets, with display names, comments, folding
 * and groups. Nothing is guessed: returns 0, or the first enum address_fault found, or -ENOMEM; what came before stays.
 */
int address_list_read(struct address_list *list, const char *bytes, size_t size);
