/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A text in somebody's editor: a file of one's own, for as long as it is written on. It knows nothing of what the text means. */
#pragma once

#include <stddef.h>

#include "ctl/request.h"

struct editing {
        char *folder; /* readable for nobody else */
        char *path;
        bool is_kept;
};

/*
 * Puts the text into a file of that name. It has line feeds where a plan file has CRLF (RFC 5545 3.1), which not every editor can
 * bear. Returns 0 or a negative errno.
 */
int editing_begin(struct editing *editing, const char *name, const char *text, size_t size);
/* Removes the file. */
void editing_done(struct editing *editing);

/*
 * Runs $VISUAL, $EDITOR or what there is, and waits for its end. The caller frees the text, which has a NUL behind it. Returns 0;
 * REQUEST_REFUSED (said by then), and then the file is kept unless the editor itself said that nothing is meant; or a negative
 * errno.
 */
int editing_run(struct editing *editing, char **ret_text, size_t *ret_size);

/* Says where the file is, and leaves it there, where it still is: nobody's work is thrown away. */
void editing_keep(struct editing *editing);

/* A text with CRLF as one with line feeds, and back; the caller frees, a NUL stands behind. Return 0 or -ENOMEM. */
int text_from_crlf(const char *text, size_t size, char **ret, size_t *ret_size);
int text_to_crlf(const char *text, size_t size, char **ret, size_t *ret_size);
