/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A page made of blocks, written once, shown as plain text and as HTML: both say the same, since there is nothing else to show.
 * It is a string: each block begins with PAGE_MARK and its kind, then comes its text, with the marks of prose.h in it.
 */
#pragma once

#include "deliver/prose.h"

#define PAGE_MARK '\003'

enum block {
        BLOCK_TITLE,
        BLOCK_HEADING,
        BLOCK_PARAGRAPH,
        BLOCK_NOTICE, /* a paragraph that nobody may overlook */
        BLOCK_ITEM,
        BLOCK_NOTE,  /* below an item */
        BLOCK_SMALL, /* at the end: who writes, and why */
        _BLOCK_MAX,
};

/* A block begins; what is put into the prose from now on belongs to it. */
void page_block(struct prose *prose, enum block block);

/*
 * Lines of at most 72 columns where words allow, ending in CRLF. Foreign text that runs from right to left is isolated (Unicode
 * TR 9, FSI and PDI), so that it cannot turn the numbers around it. Return 0 or -ENOMEM; the caller frees.
 */
int page_to_text(const char *page, char **ret);
/* One column without images, scripts, links or anything from elsewhere; foreign text is escaped and isolated (bdi). */
int page_to_html(const char *page, char **ret);
