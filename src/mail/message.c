/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message as SMTP takes it. */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "dosed/error.h"
#include "dosed/limits.h"
#include "mail/message.h"

static const char *const fault_texts[_MESSAGE_FAULT_MAX] = {
        [MESSAGE_EMPTY] = "the message is empty",
        [MESSAGE_TOO_LARGE] = "the message is too large",
        [MESSAGE_HAS_NUL] = "the message has a NUL byte in it",
        [MESSAGE_NO_HEADER] = "the message does not begin with header fields and an empty line",
};

const char *message_fault_to_string(enum message_fault fault) {
        return fault_texts[fault];
}

void message_done(struct message *message) {
        free(message->bytes);
        *message = (struct message){};
}

/* A field of the header, with its folded lines. */
struct field {
        const char *name;
        size_t n_name;
        const char *value; /* up to the CRLF that ends it, and with that */
        size_t n_value;
};

/* Returns false at the end of the header, or where no field begins. */
static bool next_field(const struct message *message, size_t *offset, struct field *ret) {
        const char *at = message->bytes + *offset, *end = message->bytes + message->header_size, *value;
        size_t n_name = 0;

        /* RFC 5322, 2.2: printable ASCII but the colon; 4.5 lets blanks follow. */
        while (at + n_name < end && at[n_name] > ' ' && at[n_name] < 0x7F && at[n_name] != ':')
                n_name++;
        for (value = at + n_name; value < end && (*value == ' ' || *value == '\t');)
                value++;
        if (n_name == 0 || value == end || *value != ':')
                return false;

        for (at = ++value; at < end;) {
                at = (const char *) memchr(at, '\n', (size_t) (end - at)) + 1;
                if (at == end || (*at != ' ' && *at != '\t'))
                        break;
        }
        *ret = (struct field){
                .name = message->bytes + *offset,
                .n_name = n_name,
                .value = value,
                .n_value = (size_t) (at - value),
        };
        *offset = (size_t) (at - message->bytes);
        return true;
}

/* Lines end in CRLF in `out`, which has room for two bytes for each and two more. Returns the size; notes the header's. */
static size_t end_lines(const char *bytes, size_t size, char *out, size_t *ret_header_size) {
        bool in_header = true;
        size_t n = 0, line = 0;

        for (size_t i = 0; i <= size; i++) {
                bool at_end = i == size;

                if (at_end && n == line)
                        break; /* the last line has its end */
                if (!at_end && bytes[i] != '\r' && bytes[i] != '\n') {
                        out[n++] = bytes[i];
                        continue;
                }
                if (!at_end && bytes[i] == '\r' && (i + 1 == size || bytes[i + 1] != '\n') && in_header) {
                        out[n++] = ' ';
                        continue;
                }
                if (!at_end && bytes[i] == '\r' && i + 1 < size && bytes[i + 1] == '\n')
                        i++;
                if (n == line && in_header) {
                        in_header = false;
                        *ret_header_size = n;
                }
                out[n++] = '\r';
                out[n++] = '\n';
                line = n;
        }
        if (in_header)
                *ret_header_size = n;
        return n;
}

int message_take(const char *bytes, size_t size, struct message *ret) {
        _cleanup_(message_done) struct message message = {};
        struct field field;
        size_t offset = 0;

        if (size == 0)
                return MESSAGE_EMPTY;
        if (size > LIMIT_MAIL_BYTES)
                return MESSAGE_TOO_LARGE;
        if (memchr(bytes, '\0', size))
                return MESSAGE_HAS_NUL;

        message.bytes = malloc(2 * size + 2);
        if (!message.bytes)
                return -ENOMEM;
        message.size = end_lines(bytes, size, message.bytes, &message.header_size);

        while (next_field(&message, &offset, &field))
                ;
        if (offset == 0 || offset < message.header_size)
                return MESSAGE_NO_HEADER;

        *ret = message;
        message = (struct message){};
        return 0;
}

int message_read(int fd, struct message *ret) {
        _cleanup_(free_p) char *bytes = NULL;
        size_t size = 0, room = LIMIT_MAIL_BYTES + 1;

        bytes = malloc(room);
        if (!bytes)
                return -ENOMEM;
        while (size < room) {
                ssize_t n = read(fd, bytes + size, room - size);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        break;
                if (n > 0)
                        size += (size_t) n;
        }
        return message_take(bytes, size, ret);
}

static bool is_named(const struct field *field, const char *const *names) {
        for (; *names; names++)
                if (strlen(*names) == field->n_name && strncasecmp(*names, field->name, field->n_name) == 0)
                        return true;
        return false;
}

int message_recipients(const struct message *message, struct address_list *list) {
        static const char *const names[] = { "To", "Cc", "Bcc", NULL };
        struct field field;

        for (size_t offset = 0; next_field(message, &offset, &field);) {
                int r;

                if (!is_named(&field, names))
                        continue;
                r = address_list_read(list, field.value, field.n_value);
                if (r != 0)
                        return r;
        }
        return 0;
}

void message_hide_bcc(struct message *message) {
        static const char *const names[] = { "Bcc", "Resent-Bcc", NULL };
        struct field field;

        for (size_t offset = 0, start = 0; next_field(message, &offset, &field); start = offset) {
                if (!is_named(&field, names))
                        continue;
                memmove(message->bytes + start, message->bytes + offset, message->size - offset);
                message->size -= offset - start;
                message->header_size -= offset - start;
                offset = start;
        }
}
