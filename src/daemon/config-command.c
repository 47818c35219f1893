/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command in a configuration: a program and its arguments, as words. No shell ever sees it. */
#include <string.h>

#include "daemon/config-parse.h"
#include "dosed/limits.h"
#include "dosed/text.h"

/* What a shell would take for more than a word. */
static bool is_for_a_shell(const char *word) {
        static const char *const signs[] = { "|", "||", "&", "&&", ">", ">>", "<", "2>&1" };

        for (size_t i = 0; i < ELEMENTS(signs); i++)
                if (strcmp(word, signs[i]) == 0)
                        return true;
        return false;
}

/*
 * The word that begins at *text, without its quotes: '…' keeps everything as it is, in "…" and outside a backslash keeps the
 * character after it. Moves *text behind it. False where a quote does not end. `word` is as long as the text.
 */
static bool cut_word(const char **text, char *word, bool *ret_is_plain) {
        const char *p = *text;
        char quote = '\0';

        *ret_is_plain = true;
        for (; *p && (quote || !strchr(CONFIG_BLANKS, *p)); p++) {
                if (*p == quote)
                        quote = '\0';
                else if (!quote && (*p == '\'' || *p == '"')) {
                        quote = *p;
                        *ret_is_plain = false;
                } else if (*p == '\\' && quote != '\'' && p[1])
                        *word++ = *++p;
                else
                        *word++ = *p;
        }
        *word = '\0';
        *text = p;
        return !quote;
}

static int add_word(struct config_parse *parse, const struct config_key *key, struct config_words *words,
                    const char *word) {
        if (words->n_items == 0 && word[0] != '/') {
                config_complain(parse, "%s: '%s' must be a program's full path", key->name, word);
                return 0;
        }
        if (words->n_items == LIMIT_COMMAND_WORDS) {
                config_complain(parse, "%s can have at most %u words: put them into a script, and call that", key->name,
                                LIMIT_COMMAND_WORDS);
                return 0;
        }
        return config_words_add(words, word);
}

int config_set_command(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        _cleanup_(free_p) char *word = malloc(strlen(value) + 1);
        struct config_words *words = target;
        bool is_plain;
        int r;

        if (!word)
                return -ENOMEM;
        while (!parse->is_continued && words->n_items > 0) /* that of an earlier file */
                free(words->items[--words->n_items]);
        for (const char *p = value + strspn(value, CONFIG_BLANKS); *p; p += strspn(p, CONFIG_BLANKS)) {
                if (!cut_word(&p, word, &is_plain)) {
                        config_complain(
                                parse,
                                "%s has a quote that does not end; where a semicolon follows a blank, a comment "
                                "begins: write \\; for one",
                                key->name);
                        return 0;
                }
                if (is_plain && is_for_a_shell(word))
                        config_warn(parse,
                                    "%s: no shell sees it, so '%s' is handed to the program like any other word: where "
                                    "you want a shell, write a script and call that",
                                    key->name, word);
                r = add_word(parse, key, words, word);
                if (r < 0 || words->n_items == 0)
                        return r;
        }
        return 0;
}
