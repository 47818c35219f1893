/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses and servers of mail in a configuration. They go into headers and conversations, so nothing odd comes through. */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "daemon/config-parse.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Of RFC 1123 2.1, and at most 253 bytes: labels of letters, digits and inner hyphens, with dots between. */
static bool host_is_good(const char *host) {
        size_t length = strlen(host);

        if (length == 0 || length > 253 || host[strspn(host, LETTERS DIGITS "-.")] != '\0')
                return false;
        for (const char *label = host; *label;) {
                size_t size = strcspn(label, ".");

                if (size == 0 || size > 63 || label[0] == '-' || label[size - 1] == '-')
                        return false;
                label += size;
                if (*label == '.' && *++label == '\0')
                        return false;
        }
        return true;
}

/* A dot-atom of RFC 5322 3.2.3 before the @. Quoted ones exist on paper only. */
static bool address_is_good(const char *address) {
        static const char atom[] = LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~.";
        const char *at = strchr(address, '@');
        size_t size = at ? (size_t) (at - address) : 0;

        return size > 0 && size <= 64 && strlen(address) <= LIMIT_ADDRESS_BYTES && strspn(address, atom) == size &&
               address[0] != '.' && at[-1] != '.' && !strstr(address, "..") && host_is_good(at + 1);
}

int config_set_address(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        bool is_ascii = true;

        if (address_is_good(value))
                return text_set(target, value);
        for (const char *p = value; *p; p++)
                is_ascii = is_ascii && (unsigned char) *p < 0x80;
        if (strchr(value, '<') || strchr(value, ' '))
                config_complain(parse,
                                "%s '%s' must be an address alone, such as maria@example.org: how somebody is called "
                                "goes into name",
                                key->name, value);
        else if (!is_ascii)
                config_complain(parse, "%s '%s' has other than ASCII characters: write the domain as xn--…", key->name,
                                value);
        else
                config_complain(parse, "%s '%s' is no mail address: write it as maria@example.org", key->name, value);
        return 0;
}

static bool port_is_good(const char *port) {
        return port[0] != '\0' && strlen(port) <= 5 && port[strspn(port, DIGITS)] == '\0' && atoi(port) >= 1 &&
               atoi(port) <= 65535;
}

/* HOST, HOST:PORT, [IPV6] or [IPV6]:PORT. */
static bool server_is_good(char *server) {
        struct in6_addr address;
        char *port;

        if (server[0] == '[') {
                char *end = strchr(server, ']');

                if (!end || (end[1] != '\0' && end[1] != ':'))
                        return false;
                *end = '\0';
                return inet_pton(AF_INET6, server + 1, &address) == 1 && (end[1] == '\0' || port_is_good(end + 2));
        }
        port = strchr(server, ':');
        if (port)
                *port++ = '\0';
        return host_is_good(server) && (!port || port_is_good(port));
}

int config_set_smtp(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        _cleanup_(free_p) char *server = NULL;
        const char *host = strstr(value, "://");
        size_t length;
        int r;

        if (strncmp(value, "smtp://", 7) != 0 && strncmp(value, "smtps://", 8) != 0) {
                config_complain(parse, "%s '%s' must begin with smtp:// or smtps://", key->name, value);
                return 0;
        }
        r = text_copy(host + 3, &server);
        if (r < 0)
                return r;
        length = strlen(server);
        if (length > 0 && server[length - 1] == '/')
                server[length - 1] = '\0';
        if (strchr(server, '@')) {
                config_complain(parse,
                                "%s must not name a user: that goes into user, and the password into password-file",
                                key->name);
                return 0;
        }
        if (!server_is_good(server)) {
                config_complain(parse,
                                "%s '%s' names no server: write it as smtp://mail.example.org:587 or "
                                "smtps://mail.example.org",
                                key->name, value);
                return 0;
        }
        return text_set(target, value);
}
