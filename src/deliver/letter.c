/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message as a letter: its headers and its two parts. */
#include "dosed/letter.h"

#include <ctype.h>
#include <string.h>

#include "deliver/letter-body.h"
#include "deliver/mime.h"
#include "deliver/page.h"
#include "deliver/topic.h"
#include "dosed/error.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define TOKEN_MOST 64u
#define HOST_NONE "dosed.invalid" /* RFC 2606: it is nobody's */
#define NAME_OF_SENDER "dosed"

bool letter_address_is_valid(const char *address) {
        return mime_address_is_valid(address);
}

static bool token_is_valid(const char *token) {
        size_t size = token ? strlen(token) : 0;

        for (size_t i = 0; i < size; i++)
                if (!isalnum((unsigned char) token[i]))
                        return false;
        return size > 0 && size <= TOKEN_MOST;
}

static int put_address(FILE *out, const char *header, const char *name, const char *address) {
        _cleanup_(free_p) char *clean = NULL;
        int r;

        r = text_clean(name ? name : "", &clean);
        if (r < 0)
                return r;
        text_cut(clean, LIMIT_TELL_NAME_BYTES);
        return mime_put_address_header(out, header, clean, address);
}

static int put_subject(FILE *out, const struct message_view *view, const struct letter_options *options) {
        _cleanup_(free_p) char *subject = NULL;
        struct prose prose;
        int r;

        r = prose_init(&prose, &options->disclosure, NULL);
        if (r < 0)
                return r;
        headline_put(&prose, view);
        r = prose_finish_plain(&prose, &subject);
        prose_done(&prose);
        return r < 0 ? r : mime_put_text_header(out, "Subject", subject);
}

static bool is_urgent(const struct message_view *view) {
        for (size_t i = 0; i < view->n_items; i++)
                if (view->items[i].dose && view->items[i].dose->critical && !view->items[i].telling->in_summary &&
                    topic_of(view->items[i].telling->event)->needs_advice)
                        return true;
        return false;
}

static int put_headers(FILE *out, const struct message_view *view, const struct letter_options *options) {
        const char *token = view->message->token;
        int r;

        (void) fputs("Date: ", out);
        mime_put_date(out, view->message->made_usec, options->zone);
        (void) fputs("\r\n", out);
        r = put_address(out, "From", options->from_name ? options->from_name : NAME_OF_SENDER, options->from_address);
        if (r < 0)
                return r;
        r = put_address(out, "To", options->to_name, options->to_address);
        if (r < 0)
                return r;
        r = put_subject(out, view, options);
        if (r < 0)
                return r;

        /* Not folded, however long the host's name is: some readers lose what stands on the next line alone. */
        fprintf(out, "Message-ID: <dosed.%s@%s>\r\n", token,
                options->host && mime_host_is_valid(options->host) ? options->host : HOST_NONE);
        if (is_urgent(view))
                (void) fputs("Importance: high\r\n", out);
        /* RFC 3834: no absence note comes back; the second is what Exchange understands. */
        fprintf(out,
                "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\nContent-Language: en\r\n"
                "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"=_%s\"\r\n\r\n",
                token);
        return 0;
}

/* No base64 holds the "=_" of the boundary. */
static void put_part(FILE *out, const char *token, const char *type, const char *text) {
        fprintf(out,
                "--=_%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
                "Content-Disposition: inline\r\n\r\n",
                token, type);
        mime_put_base64(out, text, strlen(text));
        (void) fputs("\r\n", out);
}

static int put_letter(FILE *out, const struct message_view *view, const struct letter_options *options) {
        _cleanup_(free_p) char *page = NULL, *text = NULL, *html = NULL;
        int r;

        r = letter_body(view, options, &page);
        if (r < 0)
                return r;
        r = page_to_text(page, &text);
        if (r < 0)
                return r;
        r = page_to_html(page, &html);
        if (r < 0)
                return r;

        r = put_headers(out, view, options);
        if (r < 0)
                return r;
        put_part(out, view->message->token, "text/plain", text);
        put_part(out, view->message->token, "text/html", html);
        fprintf(out, "--=_%s--\r\n", view->message->token);
        return ferror(out) ? -ENOMEM : 0;
}

int letter_compose(const struct message_view *view, const struct letter_options *options, char **ret,
                   size_t *ret_size) {
        char *letter = NULL;
        size_t size = 0;
        FILE *out;
        int r;

        if (view->n_items == 0 || !token_is_valid(view->message->token))
                return -EINVAL;
        if (!mime_address_is_valid(options->from_address) || !mime_address_is_valid(options->to_address))
                return LETTER_BAD_ADDRESS;

        out = open_memstream(&letter, &size);
        if (!out)
                return -ENOMEM;
        r = put_letter(out, view, options);
        if (fclose(out) != 0 && r >= 0)
                r = -ENOMEM;
        if (r < 0) {
                free(letter);
                return r;
        }

        *ret = letter;
        *ret_size = size;
        return 0;
}
