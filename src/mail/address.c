/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mail addresses. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "dosed/error.h"
#include "dosed/limits.h"
#include "dosed/text.h"
#include "mail/address.h"

static const char *const fault_texts[_ADDRESS_FAULT_MAX] = {
        [ADDRESS_EMPTY] = "this address is empty",
        [ADDRESS_TOO_LONG] = "this address is too long",
        [ADDRESS_NOT_ASCII] =
                "this address has letters beyond ASCII; write its domain with xn-- if it has one like that",
        [ADDRESS_NO_DOMAIN] = "this address has no @ with a name before and a domain after it",
        [ADDRESS_BAD_CHARACTER] = "this address has a character that no plain address has",
        [ADDRESS_BAD_DOTS] = "this address has a dot at an end of its name, or two in a row",
        [ADDRESS_LEADING_HYPHEN] = "this address begins with a hyphen",
        [ADDRESS_BAD_DOMAIN] = "what stands after the @ of this address is no domain",
        [ADDRESS_BAD_LIST] = "this list of addresses cannot be understood",
        [ADDRESS_TOO_MANY] = "there are too many recipients for one message",
};

const char *address_fault_to_string(enum address_fault fault) {
        return fault_texts[fault];
}

static bool is_letter_or_digit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 5322, 3.2.3: atext. */
static bool is_atom(char c) {
        return is_letter_or_digit(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static enum address_fault check_name(const char *name, size_t size) {
        if (size == 0)
                return ADDRESS_NO_DOMAIN;
        if (size > LIMIT_MAIL_LOCAL_BYTES)
                return ADDRESS_TOO_LONG;
        if (name[0] == '-') /* a program that this is handed to would take it for an option */
                return ADDRESS_LEADING_HYPHEN;
        for (size_t i = 0; i < size; i++)
                if (!is_atom(name[i]) && name[i] != '.')
                        return ADDRESS_BAD_CHARACTER;
        if (name[0] == '.' || name[size - 1] == '.')
                return ADDRESS_BAD_DOTS;
        for (size_t i = 1; i < size; i++)
                if (name[i - 1] == '.' && name[i] == '.')
                        return ADDRESS_BAD_DOTS;
        return ADDRESS_GOOD;
}

/* Labels as in RFC 1123, 2.1. One without dots is good: a home's own server has such. */
static enum address_fault check_domain(const char *domain) {
        if (*domain == '\0')
                return ADDRESS_NO_DOMAIN;
        while (true) {
                size_t size = strcspn(domain, ".");

                if (size == 0 || size > 63 || domain[0] == '-' || domain[size - 1] == '-')
                        return ADDRESS_BAD_DOMAIN;
                for (size_t i = 0; i < size; i++)
                        if (!is_letter_or_digit(domain[i]) && domain[i] != '-')
                                return ADDRESS_BAD_DOMAIN;
                if (domain[size] == '\0')
                        return ADDRESS_GOOD;
                domain += size + 1;
        }
}

enum address_fault address_check(const char *address) {
        const char *at;
        enum address_fault fault;

        if (address[0] == '\0')
                return ADDRESS_EMPTY;
        if (strlen(address) > LIMIT_MAIL_ADDRESS_BYTES)
                return ADDRESS_TOO_LONG;
        for (const char *p = address; *p; p++)
                if ((unsigned char) *p >= 0x80)
                        return ADDRESS_NOT_ASCII;
                else if ((unsigned char) *p <= ' ' || *p == 0x7F)
                        return ADDRESS_BAD_CHARACTER;

        at = strrchr(address, '@');
        if (!at)
                return ADDRESS_NO_DOMAIN;
        fault = check_name(address, (size_t) (at - address));
        return fault != ADDRESS_GOOD ? fault : check_domain(at + 1);
}

void address_list_done(struct address_list *list) {
        for (size_t i = 0; i < list->n_items; i++)
                free(list->items[i]);
        free(list->items);
        *list = (struct address_list){};
}

int address_list_add(struct address_list *list, const char *address) {
        _cleanup_(free_p) char *copy = NULL;
        char **items;
        int r;

        for (size_t i = 0; i < list->n_items; i++)
                if (text_equal(list->items[i], address))
                        return 0;
        if (list->n_items >= LIMIT_MAIL_RECIPIENTS)
                return ADDRESS_TOO_MANY;

        r = text_copy(address, &copy);
        if (r < 0)
                return r;
        items = reallocarray(list->items, list->n_items + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        list->items = items;
        items[list->n_items++] = TAKE(copy);
        return 0;
}

/* A list that is read. */
struct reader {
        const char *at, *end;
        struct address_list *list;
        bool in_group;

        /* Of the address that is read. */
        char word[LIMIT_MAIL_ADDRESS_BYTES + 2]; /* what may be the address: one byte too long is seen as too long */
        size_t n_word;
        bool gap;     /* blanks came after the word */
        bool spoiled; /* the word holds more than an address does: it can only be a name */
        bool bracket; /* the word is what stood in angle brackets */
};

static void forget_word(struct reader *reader) {
        reader->n_word = 0;
        reader->gap = reader->spoiled = reader->bracket = false;
}

static void add_to_word(struct reader *reader, char c) {
        if (reader->gap && reader->n_word > 0)
                reader->spoiled = true;
        reader->gap = false;
        if (reader->n_word < sizeof(reader->word) - 1)
                reader->word[reader->n_word++] = c;
}

/* Behind the comment that begins here; false where it has no end. */
static bool skip_comment(struct reader *reader) {
        unsigned depth = 0;

        for (; reader->at < reader->end; reader->at++)
                if (*reader->at == '\\' && reader->at + 1 < reader->end)
                        reader->at++;
                else if (*reader->at == '(' && ++depth > LIMIT_MAIL_COMMENT_DEPTH)
                        return false;
                else if (*reader->at == ')' && --depth == 0) {
                        reader->at++;
                        return true;
                }
        return false;
}

/* Behind the quoted name that begins here. Whatever it holds is no address, even where it looks like one. */
static bool skip_quoted(struct reader *reader) {
        for (reader->at++; reader->at < reader->end; reader->at++)
                if (*reader->at == '\\' && reader->at + 1 < reader->end)
                        reader->at++;
                else if (*reader->at == '"') {
                        reader->at++;
                        add_to_word(reader, '"');
                        return true;
                }
        return false;
}

/* The address in the brackets that begin here takes the place of the name before it. */
static bool read_bracket(struct reader *reader) {
        const char *close = memchr(reader->at, '>', (size_t) (reader->end - reader->at));

        /* "a@x <b@y>" may be meant either way. */
        if (!close || reader->bracket || memchr(reader->word, '@', reader->n_word))
                return false;
        forget_word(reader);
        reader->bracket = true;
        for (reader->at++; reader->at < close; reader->at++)
                if (isspace((unsigned char) *reader->at))
                        reader->gap = true;
                else
                        add_to_word(reader, *reader->at);
        reader->at = close + 1;
        reader->gap = false;
        return true;
}

/* At a comma, at the end of a group or of all. */
static int end_word(struct reader *reader) {
        enum address_fault fault;

        if (reader->n_word == 0 && !reader->bracket)
                return 0; /* RFC 5322, 4.4: an empty place in a list */
        if (reader->spoiled)
                return ADDRESS_BAD_LIST;
        reader->word[reader->n_word] = '\0';
        fault = address_check(reader->word);
        if (fault != ADDRESS_GOOD)
                return (int) fault;
        forget_word(reader);
        return address_list_add(reader->list, reader->word);
}

/* One character or bracketed thing further. */
static int read_one(struct reader *reader) {
        char c = *reader->at;
        bool good = true;
        int r = 0;

        switch (c) {
        case '(':
                reader->gap = true;
                return skip_comment(reader) ? 0 : ADDRESS_BAD_LIST;
        case '"':
                return !reader->bracket && skip_quoted(reader) ? 0 : ADDRESS_BAD_LIST;
        case '<':
                return read_bracket(reader) ? 0 : ADDRESS_BAD_LIST;
        case ' ':
        case '\t':
        case '\r':
        case '\n':
                reader->gap = true;
                break;
        case ':': /* a group has a name, and no group in it */
                good = !reader->in_group && !reader->bracket && reader->n_word > 0 &&
                       !memchr(reader->word, '@', reader->n_word);
                reader->in_group = true;
                forget_word(reader);
                break;
        case ';':
                good = reader->in_group;
                reader->in_group = false;
                r = end_word(reader);
                break;
        case ',':
                r = end_word(reader);
                break;
        default:
                good = !reader->bracket;
                add_to_word(reader, c);
        }
        reader->at++;
        return good ? r : ADDRESS_BAD_LIST;
}

int address_list_read(struct address_list *list, const char *bytes, size_t size) {
        struct reader reader = { .at = bytes, .end = bytes + size, .list = list };

        while (reader.at < reader.end) {
                int r = read_one(&reader);

                if (r != 0)
                        return r;
        }
        return reader.in_group ? ADDRESS_BAD_LIST : end_word(&reader);
}
