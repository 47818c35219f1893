/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A page made of blocks, shown as plain text and as HTML. */
#include "deliver/page.h"

#include <stdint.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "dosed/error.h"
#include "dosed/text.h"

#define COLUMNS 72u
#define CRLF "\r\n"
#define FIRST_STRONG_ISOLATE "\u2068"
#define POP_ISOLATE "\u2069"

/*
 * Colours are those of the reader's program, light or dark; ours are readable on both. Mail programs keep only style
 * attributes.
 */
static const struct look {
        char letter;
        const char *first, *next; /* plain text: before its first line, and before the others */
        bool is_close;            /* no empty line before it, but where the block before is of another kind */
        const char *open, *close;
} looks[_BLOCK_MAX] = {
        [BLOCK_TITLE] = { 'T', "", "", false, "<h1 style=\"font-size:25px;line-height:1.25;margin:0 0 18px\">",
                          "</h1>" },
        [BLOCK_HEADING] = { 'H', "", "", false, "<h2 style=\"font-size:21px;line-height:1.3;margin:30px 0 10px\">",
                            "</h2>" },
        [BLOCK_PARAGRAPH] = { 'P', "", "", false, "<p style=\"margin:0 0 14px\">", "</p>" },
        [BLOCK_NOTICE] = { 'W', "*** ", "    ", false,
                           "<p style=\"margin:0 0 18px;padding:10px 14px;border-left:6px solid #c2700a;"
                           "background:rgba(214,134,32,0.14)\"><strong>",
                           "</strong></p>" },
        [BLOCK_ITEM] = { 'I', "• ", "  ", true, "<li style=\"margin:0 0 10px\">", "</li>" },
        [BLOCK_NOTE] = { 'N', "  ", "  ", true,
                         "<div style=\"margin:6px 0 0;padding-left:12px;border-left:3px solid #888888\">", "</div>" },
        [BLOCK_SMALL] = { 'S', "", "", true, "<p style=\"font-size:15px;margin:0 0 8px\">", "</p>" },
};

#define LIST_OPEN "<ul style=\"margin:0 0 16px;padding-left:24px\">" CRLF
#define LIST_CLOSE "</ul>" CRLF
#define SMALL_RULE "<hr style=\"border:0;border-top:1px solid #888888;margin:28px 0 14px\">" CRLF

#define HTML_BEFORE                                                                    \
        "<!DOCTYPE html>" CRLF "<html lang=\"en\"><head><meta charset=\"utf-8\">" CRLF \
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">" CRLF \
        "<meta name=\"color-scheme\" content=\"light dark\">" CRLF                     \
        "<meta name=\"supported-color-schemes\" content=\"light dark\">" CRLF "<title>"
#define HTML_BETWEEN                                                                                        \
        "</title></head>" CRLF "<body style=\"margin:0;padding:18px;font-family:sans-serif;font-size:19px;" \
        "line-height:1.5\">" CRLF "<div style=\"max-width:36em;margin:0 auto;overflow-wrap:anywhere\">" CRLF
#define HTML_AFTER "</div>" CRLF "</body></html>" CRLF

void page_block(struct prose *prose, enum block block) {
        prose_format(prose, "%c%c", PAGE_MARK, looks[block].letter);
}

/* A walk through the blocks. */
struct block_text {
        enum block block;
        const char *text;
        size_t size;
};

static bool block_next(const char **p, struct block_text *ret) {
        const char *end;

        if (**p != PAGE_MARK)
                return false;
        ret->block = BLOCK_PARAGRAPH;
        for (enum block block = 0; block < _BLOCK_MAX; block++)
                if (looks[block].letter == (*p)[1])
                        ret->block = block;

        *p += 2;
        end = strchrnul(*p, PAGE_MARK);
        ret->text = *p;
        ret->size = (size_t) (end - *p);
        *p = end;
        return true;
}

/* Any character that is strong from right to left. */
static bool runs_leftward(const char *text, size_t size) {
        const uint8_t *p = (const uint8_t *) text;

        while (size > 0) {
                ucs4_t c;
                int n = u8_mbtoucr(&c, p, size), class;

                if (n <= 0)
                        return false;
                class = uc_bidi_class(c);
                if (class == UC_BIDI_R || class == UC_BIDI_AL)
                        return true;
                p += n;
                size -= (size_t) n;
        }
        return false;
}

/* Without marks. */
static int block_to_plain(const struct block_text *block, char **ret) {
        struct prose plain;
        bool isolated = false;
        int r;

        r = prose_init(&plain, NULL, NULL);
        if (r < 0)
                return r;

        for (const char *p = block->text, *end = p + block->size; p < end; p++)
                if (*p == MARK_OTHERS) {
                        const char *stop = memchr(p, MARK_OURS, (size_t) (end - p));

                        isolated = stop && runs_leftward(p + 1, (size_t) (stop - p - 1));
                        prose_put(&plain, isolated ? FIRST_STRONG_ISOLATE : "");
                } else if (*p == MARK_OURS) {
                        prose_put(&plain, isolated ? POP_ISOLATE : "");
                        isolated = false;
                } else
                        (void) fputc(*p, plain.out);

        r = prose_finish(&plain, ret);
        prose_done(&plain);
        return r;
}

/* Breaks between words; a longer word stays whole. */
static void put_wrapped(struct prose *prose, const char *first, const char *next, char *text) {
        size_t column = text_columns(first);
        bool begins = true;

        prose_put(prose, first);
        for (;;) {
                size_t size = strcspn(text, " "), columns;
                char end = text[size];

                text[size] = '\0';
                columns = text_columns(text);
                if (!begins && column + 1 + columns > COLUMNS) {
                        prose_format(prose, CRLF "%s", next);
                        column = text_columns(next);
                } else if (!begins) {
                        prose_put(prose, " ");
                        column++;
                }
                prose_put(prose, text);
                column += columns;
                begins = false;
                if (end == '\0')
                        break;
                text += size + 1;
        }
        prose_put(prose, CRLF);
}

static void put_rule(struct prose *prose, const char *text) {
        size_t columns = text_columns(text);

        for (size_t i = 0; i < columns && i < COLUMNS; i++)
                prose_put(prose, "-");
        prose_put(prose, CRLF);
}

int page_to_text(const char *page, char **ret) {
        _cleanup_(prose_done) struct prose prose;
        enum block before = _BLOCK_MAX;
        struct block_text block;
        int r;

        r = prose_init(&prose, NULL, NULL);
        if (r < 0)
                return r;

        while (block_next(&page, &block)) {
                const struct look *look = &looks[block.block];
                _cleanup_(free_p) char *text = NULL, *heading = NULL;

                r = block_to_plain(&block, &text);
                if (r >= 0 && block.block == BLOCK_HEADING)
                        r = text_copy(text, &heading);
                if (r < 0)
                        return r;

                if (before != _BLOCK_MAX && !(look->is_close && looks[before].is_close &&
                                              (block.block == BLOCK_SMALL) == (before == BLOCK_SMALL)))
                        prose_put(&prose, CRLF);
                /* What follows "-- " is shown as a signature. */
                if (block.block == BLOCK_SMALL && before != BLOCK_SMALL)
                        prose_put(&prose, "-- " CRLF);
                put_wrapped(&prose, look->first, look->next, text);
                if (heading)
                        put_rule(&prose, heading);
                before = block.block;
        }
        return prose_finish(&prose, ret);
}

static void put_escaped(struct prose *prose, const struct block_text *block) {
        for (const char *p = block->text, *end = p + block->size; p < end; p++)
                switch (*p) {
                case MARK_OTHERS:
                        prose_put(prose, "<bdi>");
                        break;
                case MARK_OURS:
                        prose_put(prose, "</bdi>");
                        break;
                case '&':
                        prose_put(prose, "&amp;");
                        break;
                case '<':
                        prose_put(prose, "&lt;");
                        break;
                case '>':
                        prose_put(prose, "&gt;");
                        break;
                case '"':
                        prose_put(prose, "&quot;");
                        break;
                default:
                        (void) fputc(*p, prose->out);
                }
}

int page_to_html(const char *page, char **ret) {
        _cleanup_(prose_done) struct prose prose;
        enum block before = _BLOCK_MAX;
        struct block_text block;
        bool in_item = false;
        int r;

        r = prose_init(&prose, NULL, NULL);
        if (r < 0)
                return r;

        prose_put(&prose, HTML_BEFORE);
        if (page[0] == PAGE_MARK && page[1] == looks[BLOCK_TITLE].letter) {
                const char *p = page;

                if (block_next(&p, &block))
                        put_escaped(&prose, &block);
        }
        prose_put(&prose, HTML_BETWEEN);

        while (block_next(&page, &block)) {
                bool is_item = block.block == BLOCK_ITEM, is_note = in_item && block.block == BLOCK_NOTE;

                if (in_item && !is_note)
                        prose_format(&prose, "%s" CRLF, looks[BLOCK_ITEM].close);
                if (in_item && !is_item && !is_note)
                        prose_put(&prose, LIST_CLOSE);
                if (is_item && !in_item)
                        prose_put(&prose, LIST_OPEN);
                if (block.block == BLOCK_SMALL && before != BLOCK_SMALL)
                        prose_put(&prose, SMALL_RULE);
                in_item = is_item || is_note;

                prose_put(&prose, looks[block.block].open);
                put_escaped(&prose, &block);
                if (!is_item)
                        prose_format(&prose, "%s" CRLF, looks[block.block].close);
                before = block.block;
        }
        if (in_item)
                prose_format(&prose, "%s" CRLF LIST_CLOSE, looks[BLOCK_ITEM].close);
        prose_put(&prose, HTML_AFTER);
        return prose_finish(&prose, ret);
}
