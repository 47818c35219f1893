/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list that waits to be read. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "dosed/unread.h"

#define LINES_SHOWN 10 /* of one notice */

static void line_done(struct unread_line *line) {
        free(line->id);
        free(line->text);
}

void unread_done(struct unread *unread) {
        for (size_t i = 0; i < unread->n_lines; i++)
                line_done(&unread->lines[i]);
        free(unread->lines);
        *unread = (struct unread){};
}

static void unread_drop(struct unread *unread, size_t i) {
        line_done(&unread->lines[i]);
        memmove(unread->lines + i, unread->lines + i + 1, (--unread->n_lines - i) * sizeof(*unread->lines));
}

/* The newest ones first: what changes is rarely old. */
static bool unread_find(const struct unread *unread, const char *id, size_t *ret) {
        for (size_t i = unread->n_lines; i-- > 0;)
                if (strcmp(unread->lines[i].id, id) == 0) {
                        *ret = i;
                        return true;
                }
        return false;
}

int unread_put(struct unread *unread, const char *id, const char *text, bool critical) {
        struct unread_line *lines, line = { .critical = critical };
        size_t former;
        int r;

        lines = reallocarray(unread->lines, unread->n_lines + 1, sizeof(*lines));
        if (!lines)
                return -ENOMEM;
        unread->lines = lines;

        r = text_copy(id, &line.id);
        if (r >= 0)
                r = text_copy(text, &line.text);
        if (r < 0) {
                line_done(&line);
                return r;
        }

        if (unread_find(unread, id, &former))
                unread_drop(unread, former);
        else if (unread->n_lines == LIMIT_UNREAD_LINES) {
                unread_drop(unread, 0);
                unread->n_forgotten++;
        }
        unread->lines[unread->n_lines++] = line;
        unread->is_changed = unread->is_longer = true;
        return 0;
}

void unread_remove(struct unread *unread, const char *id) {
        size_t i;

        if (!unread_find(unread, id, &i))
                return;
        unread_drop(unread, i);
        /* Which ones these were is not known; but where all that was known of is settled, so are they. */
        if (unread->n_lines == 0)
                unread->n_forgotten = 0;
        unread->is_changed = true;
}

void unread_clear(struct unread *unread) {
        bool was_empty = unread->n_lines == 0;

        unread_done(unread);
        unread->is_changed = !was_empty;
}

size_t unread_count(const struct unread *unread) {
        return unread->n_lines + unread->n_forgotten;
}

bool unread_is_critical(const struct unread *unread) {
        for (size_t i = 0; i < unread->n_lines; i++)
                if (unread->lines[i].critical)
                        return true;
        return false;
}

int unread_format(const struct unread *unread, const char *heading, char **ret) {
        size_t n_shown = unread->n_lines < LINES_SHOWN ? unread->n_lines : LINES_SHOWN, size;
        _cleanup_(free_p) char *text = NULL;
        FILE *stream;

        stream = open_memstream(&text, &size);
        if (!stream)
                return -ENOMEM;
        (void) fputs(heading, stream);
        for (size_t i = 0; i < n_shown; i++)
                (void) fprintf(stream, "%s%s", ftell(stream) > 0 ? "\n" : "",
                               unread->lines[unread->n_lines - 1 - i].text);
        if (n_shown < unread_count(unread))
                (void) fprintf(stream, "\nand %zu before: see dosectl history", unread_count(unread) - n_shown);
        if (fclose(stream) != 0)
                return -ENOMEM;

        *ret = TAKE(text);
        return 0;
}

int unread_show(struct unread *unread, struct notify *notify, const char *key, const char *title, const char *heading) {
        _cleanup_(free_p) char *text = NULL;
        int r;

        if (!unread->is_changed)
                return 0;
        if (unread->n_lines > 0) {
                r = unread_format(unread, heading, &text);
                if (r < 0)
                        return r;
        }
        r = notify_set_notice(notify, &(struct notify_notice){
                                              .key = key,
                                              .title = title,
                                              .text = text,
                                              .critical = unread_is_critical(unread),
                                              .quietly = !unread->is_longer,
                                      });
        if (r < 0)
                return r;
        unread->is_changed = unread->is_longer = false;
        return 0;
}

int unread_put_press(struct unread *unread, const char *id, const char *name, const struct press *press) {
        _cleanup_(free_p) char *text = NULL;
        int r = 0;

        if (!name)
                name = "A medicine";
        switch (press->end) {
        case PRESS_DONE:
                if (press->said && press->answer != NOTIFY_SNOOZE)
                        r = text_format(&text, "%s: %s", name, press->said);
                break;
        case PRESS_REFUSED:
                /* What is not open any more cannot be put off, and need not be. */
                if (press->said && press->answer != NOTIFY_SNOOZE)
                        r = text_format(&text, "%s: not recorded, %s", name, press->said);
                break;
        case PRESS_TOO_LATE:
                if (press->said)
                        r = text_format(&text, press->answer == NOTIFY_SNOOZE ? "%s: %s" : "%s: not recorded, %s", name,
                                        press->said);
                break;
        case PRESS_IN_VAIN:
                r = text_format(&text, press->answer == NOTIFY_SNOOZE ? "%s: not put off, %s" : "%s: not recorded, %s",
                                name, press->said);
                break;
        case PRESS_FAILED:
                r = text_format(&text,
                                "%s: something went wrong, and the button may not have worked. Please see in dosectl "
                                "status what is recorded",
                                name);
                break;
        case _PRESS_END_MAX:
                return -EINVAL;
        }
        if (r < 0 || !text)
                return r;
        return unread_put(unread, id, text, false);
}
