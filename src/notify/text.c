/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a notification. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/span.h"
#include "dosed/text.h"
#include "notify/text.h"

#define WORD_MEDICINE "a medicine"
#define WORD_MEDICINE_TITLE "A medicine"
#define WORD_STILL "still not confirmed"
#define WORD_STILL_ALL "Still not confirmed"
#define WORD_NOT_DUE "not due yet"
#define WORD_NOT_DUE_ALL "Not due yet"
#define WORD_ASKS_AMOUNT "To record it, say how much was taken"
#define WORD_AHEAD "recorded as taken at a time that has not come by this clock"
#define WORD_LOST "The record cannot be read: check whether it was taken before taking it"
#define WORD_LOST_ALL "The record cannot be read: check whether these were taken before taking them"
#define SEPARATOR " · "

static const char *const button_labels[_BUTTON_MAX] = {
        [BUTTON_TAKEN] = "Taken",   [BUTTON_ALL_TAKEN] = "All taken", [BUTTON_ONE_BY_ONE] = "One by one",
        [BUTTON_SNOOZE] = "Snooze", [BUTTON_LATER] = "Later",         [BUTTON_SKIP] = "Skip",
};

const char *button_label(enum button button) {
        return button_labels[button];
}

/* Text that grows; what fails is found at its end. */
struct lines {
        FILE *file;
        char *text;
        size_t size;
};

static int lines_init(struct lines *lines) {
        *lines = (struct lines){};
        lines->file = open_memstream(&lines->text, &lines->size);
        return lines->file ? 0 : -ENOMEM;
}

static void lines_done(struct lines *lines) {
        if (lines->file)
                (void) fclose(lines->file);
        free(lines->text);
}

static int lines_finish(struct lines *lines, char **ret) {
        int failed = ferror(lines->file);

        if (fclose(TAKE(lines->file)) != 0 || failed)
                return -ENOMEM;

        *ret = TAKE(lines->text);
        return 0;
}

/* Writes at most `limit` bytes of it, whole characters, and an ellipsis for the rest. */
static void put(struct lines *lines, const char *text, size_t limit) {
        size_t size = strlen(text);

        if (size > limit)
                for (size = limit; size > 0 && ((unsigned char) text[size] & 0xC0) == 0x80;)
                        size--;
        (void) fwrite(text, 1, size, lines->file);
        if (text[size] != '\0')
                (void) fputs("…", lines->file);
}

static void put_word(struct lines *lines, const char *text) {
        (void) fputs(text, lines->file);
}

static void put_name(struct lines *lines, const char *text) {
        put(lines, text, LIMIT_NOTIFY_NAME_BYTES);
}

static void put_person(struct lines *lines, const struct notify_dose *dose) {
        if (!dose->person)
                return;
        put_name(lines, dose->person);
        put_word(lines, ": ");
}

/* "taken 3 h ago" */
static int put_taken_ago(struct lines *lines, const struct notify_dose *dose) {
        _cleanup_(free_p) char *span = NULL;
        int r;

        if (dose->taken_ago_usec < USEC_PER_MINUTE) {
                put_word(lines, "taken just now");
                return 0;
        }

        r = span_format(dose->taken_ago_usec, &span);
        if (r < 0)
                return r;
        (void) fprintf(lines->file, "taken %s ago", span);
        return 0;
}

/* Why it is to be checked first, as a line of its own; NULL `name`: it is the only one. */
static int put_check(struct lines *lines, const struct notify_dose *dose, const char *name) {
        int r = 0;

        if (dose->check == NOTIFY_CHECK_NOTHING)
                return 0;
        if (dose->check == NOTIFY_CHECK_RECORD_LOST && !name) {
                put_word(lines, WORD_LOST "\n");
                return 0;
        }

        put_word(lines, "Check first: ");
        if (name) {
                put_name(lines, name);
                put_word(lines, ", ");
        }
        switch (dose->check) {
        case NOTIFY_CHECK_TAKEN:
                r = put_taken_ago(lines, dose);
                break;
        case NOTIFY_CHECK_TAKEN_AHEAD:
                put_word(lines, name ? WORD_AHEAD : "it is " WORD_AHEAD);
                break;
        case NOTIFY_CHECK_RECORD_LOST:
                put_word(lines, "its record cannot be read");
                break;
        case NOTIFY_CHECK_NOTHING:
        case _NOTIFY_CHECK_MAX:
                break;
        }
        put_word(lines, "\n");
        return r;
}

static bool is_still_open(const struct notify_dose *dose) {
        return dose->late && dose->reminders > 1;
}

static int single_title(const struct notify_dose *dose, char **ret) {
        _cleanup_(lines_done) struct lines lines;
        int r;

        r = lines_init(&lines);
        if (r < 0)
                return r;

        put_person(&lines, dose);
        if (dose->title)
                put_name(&lines, dose->title);
        else
                put_word(&lines, dose->person ? WORD_MEDICINE : WORD_MEDICINE_TITLE);

        return lines_finish(&lines, ret);
}

/* What would tell which medicine it is, is left out of a confidential dose. */
static const char *shown(const struct notify_dose *dose, const char *text) {
        return dose->title && text && text[0] != '\0' ? text : NULL;
}

static int single_body(const struct notify_dose *dose, char **ret) {
        const char *amount = shown(dose, dose->amount), *instructions = shown(dose, dose->instructions),
                   *if_missed = dose->late ? shown(dose, dose->if_missed) : NULL;
        _cleanup_(lines_done) struct lines lines;
        int r;

        r = lines_init(&lines);
        if (r < 0)
                return r;

        r = put_check(&lines, dose, NULL);
        if (r < 0)
                return r;
        if (amount) {
                put_name(&lines, amount);
                put_word(&lines, SEPARATOR);
                put_word(&lines, dose->upcoming ? WORD_NOT_DUE ": " : "due ");
        } else
                put_word(&lines, dose->upcoming ? WORD_NOT_DUE_ALL ": " : "Due ");
        put_name(&lines, dose->due_text);
        if (is_still_open(dose))
                put_word(&lines, SEPARATOR WORD_STILL);
        if (instructions) {
                put_word(&lines, "\n");
                put(&lines, instructions, LIMIT_NOTIFY_TEXT_BYTES);
        }
        if (if_missed) {
                put_word(&lines, "\nIf late or missed: ");
                put(&lines, if_missed, LIMIT_NOTIFY_TEXT_BYTES);
        }
        if (dose->asks_amount)
                put_word(&lines, "\n" WORD_ASKS_AMOUNT);

        return lines_finish(&lines, ret);
}

int text_make_single(const struct notify_dose *dose, char **ret_title, char **ret_body) {
        _cleanup_(free_p) char *title = NULL, *body = NULL;
        int r;

        r = single_title(dose, &title);
        if (r < 0)
                return r;
        r = single_body(dose, &body);
        if (r < 0)
                return r;

        *ret_title = TAKE(title);
        *ret_body = TAKE(body);
        return 0;
}

/* What all doses of a group have in common is said once. */
struct common {
        bool due, upcoming, still, lost;
};

static struct common group_common(const struct notify_dose *const *doses, size_t n_doses) {
        struct common common = { .due = true, .upcoming = true, .still = true, .lost = true };

        for (size_t i = 0; i < n_doses; i++) {
                common.due = common.due && strcmp(doses[i]->due_text, doses[0]->due_text) == 0;
                common.upcoming = common.upcoming && doses[i]->upcoming;
                common.still = common.still && is_still_open(doses[i]);
                common.lost = common.lost && doses[i]->check == NOTIFY_CHECK_RECORD_LOST;
        }
        return common;
}

static int group_title(const struct notify_dose *const *doses, size_t n_doses, struct common common, char **ret) {
        _cleanup_(lines_done) struct lines lines;
        int r;

        r = lines_init(&lines);
        if (r < 0)
                return r;

        put_person(&lines, doses[0]);
        (void) fprintf(lines.file, "%zu medicines ", n_doses);
        if (common.due) {
                put_word(&lines, "at ");
                put_name(&lines, doses[0]->due_text);
        } else
                put_word(&lines, "are due");

        return lines_finish(&lines, ret);
}

static void put_group_line(struct lines *lines, const struct notify_dose *dose, struct common common) {
        const char *amount = shown(dose, dose->amount);

        put_name(lines, dose->title ? dose->title : WORD_MEDICINE);
        if (amount) {
                put_word(lines, SEPARATOR);
                put_name(lines, amount);
        }
        if (!common.due) {
                put_word(lines, SEPARATOR "due ");
                put_name(lines, dose->due_text);
        }
        if (dose->upcoming && !common.upcoming)
                put_word(lines, SEPARATOR WORD_NOT_DUE);
        if (is_still_open(dose) && !common.still)
                put_word(lines, SEPARATOR WORD_STILL);
}

static int put_group_checks(struct lines *lines, const struct notify_dose *const *doses, size_t n_doses) {
        int r;

        for (size_t i = 0; i < n_doses; i++) {
                r = put_check(lines, doses[i], doses[i]->title ? doses[i]->title : WORD_MEDICINE);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int group_body(const struct notify_dose *const *doses, size_t n_doses, struct common common, char **ret) {
        size_t n_named = n_doses < LIMIT_NOTIFY_GROUP_LINES ? n_doses : LIMIT_NOTIFY_GROUP_LINES;
        _cleanup_(lines_done) struct lines lines;
        int r;

        r = lines_init(&lines);
        if (r < 0)
                return r;

        if (common.lost)
                put_word(&lines, WORD_LOST_ALL "\n");
        else {
                r = put_group_checks(&lines, doses, n_named);
                if (r < 0)
                        return r;
        }
        if (common.upcoming)
                put_word(&lines, WORD_NOT_DUE_ALL "\n");
        if (common.still)
                put_word(&lines, WORD_STILL_ALL "\n");
        for (size_t i = 0; i < n_named; i++) {
                if (i > 0)
                        put_word(&lines, "\n");
                put_group_line(&lines, doses[i], common);
        }
        if (n_named < n_doses)
                (void) fprintf(lines.file, "\nand %zu more", n_doses - n_named);

        return lines_finish(&lines, ret);
}

int text_make_group(const struct notify_dose *const *doses, size_t n_doses, char **ret_title, char **ret_body) {
        struct common common = group_common(doses, n_doses);
        _cleanup_(free_p) char *title = NULL, *body = NULL;
        int r;

        r = group_title(doses, n_doses, common, &title);
        if (r < 0)
                return r;
        r = group_body(doses, n_doses, common, &body);
        if (r < 0)
                return r;

        *ret_title = TAKE(title);
        *ret_body = TAKE(body);
        return 0;
}

int text_escape_markup(const char *text, char **ret) {
        _cleanup_(lines_done) struct lines lines;
        int r;

        r = lines_init(&lines);
        if (r < 0)
                return r;

        for (const char *p = text; *p != '\0'; p++)
                switch (*p) {
                case '&':
                        put_word(&lines, "&amp;");
                        break;
                case '<':
                        put_word(&lines, "&lt;");
                        break;
                case '>':
                        put_word(&lines, "&gt;");
                        break;
                default:
                        (void) fputc(*p, lines.file);
                }

        return lines_finish(&lines, ret);
}
