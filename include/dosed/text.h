/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that came from outside: checking it, cleaning it, and comparing it. All text is UTF-8. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Valid UTF-8 without NUL. */
bool text_is_valid(const char *bytes, size_t size);

/*
 * Copies text so that it is harmless on a terminal, in a notification and on the bus: invalid UTF-8 becomes
 * U+FFFD; control characters and the bidirectional overrides (Unicode TR 36, 3.1.2) are dropped, and line
 * breaks and tabs become a space, or stay a line feed in text_clean_lines().
 * Returns 0 or -ENOMEM; the caller frees the result.
 */
int text_clean(const char *text, char **ret);
int text_clean_lines(const char *text, char **ret);

/* Columns that text takes on a terminal; the text must be clean. */
size_t text_columns(const char *text);

/* Cuts text in place to at most `size` bytes, between characters. */
void text_cut(char *text, size_t size);

/* Nothing is in it, or only spaces, tabs and line breaks. */
bool text_is_blank(const char *text);

/* Equal, where NULL equals only NULL. */
bool text_equal(const char *a, const char *b);

/* Equal but for the case of ASCII letters. */
bool text_equal_caseless(const char *a, const char *b);

/* The text begins so, but for the case of letters (of any script). */
bool text_starts_caseless(const char *text, const char *beginning);

/* Copies, NULL staying NULL. Returns 0 or -ENOMEM. */
int text_copy(const char *text, char **ret);

/* Replaces *target, freeing the old text. Returns 0 or -ENOMEM, and then leaves it. */
int text_set(char **target, const char *text);

/* printf into a new string. Returns 0 or -ENOMEM. */
int text_format(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));
