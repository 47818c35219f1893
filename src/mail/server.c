/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server as it was named. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "dosed/error.h"
#include "dosed/text.h"
#include "mail/server.h"

static const char *const fault_texts[_SERVER_FAULT_MAX] = {
        [SERVER_NOT_A_URL] = "it should look like smtps://mail.example.org or smtp://mail.example.org:587",
        [SERVER_OTHER_PROTOCOL] = "only smtp:// and smtps:// are spoken here",
        [SERVER_HAS_USER] = "name the user by --user or DOSED_MAIL_USER, and the password in a file",
        [SERVER_BAD_HELLO] = "only the name for EHLO may follow the host",
        [SERVER_BAD_PORT] = "there is no port 0",
};

const char *server_fault_to_string(enum server_fault fault) {
        return fault_texts[fault];
}

void server_done(struct server *server) {
        free(server->url);
        free(server->host);
        *server = (struct server){};
}

DEFINE_CLEANUP(CURLU *, curl_url_cleanup);

static void curl_free_p(char **text) {
        curl_free(*text);
}

/* Returns 0, SERVER_NOT_A_URL or -ENOMEM; *ret is NULL where the URL has no such part. */
static int get_part(CURLU *url, CURLUPart part, unsigned flags, char **ret) {
        char *text = NULL;

        switch (curl_url_get(url, part, &text, flags)) {
        case CURLUE_OK:
                *ret = text;
                return 0;
        case CURLUE_NO_USER:
        case CURLUE_NO_PASSWORD:
        case CURLUE_NO_OPTIONS:
        case CURLUE_NO_QUERY:
        case CURLUE_NO_FRAGMENT:
        case CURLUE_NO_PORT:
        case CURLUE_NO_ZONEID:
                *ret = NULL;
                return 0;
        case CURLUE_OUT_OF_MEMORY:
                return -ENOMEM;
        default:
                return SERVER_NOT_A_URL;
        }
}

/* libcurl has made "127.1" and "0x7f000001" plain by now, and looks "localhost" up nowhere. */
static bool is_loopback(const char *host) {
        char bare[INET6_ADDRSTRLEN];
        struct in6_addr six;
        struct in_addr four;
        size_t size = strlen(host);

        if (strcasecmp(host, "localhost") == 0)
                return true;
        if (inet_pton(AF_INET, host, &four) == 1)
                return ntohl(four.s_addr) >> 24 == 127;
        if (size < 2 || host[0] != '[' || host[size - 1] != ']' || size - 2 >= sizeof(bare))
                return false;
        memcpy(bare, host + 1, size - 2);
        bare[size - 2] = '\0';
        return inet_pton(AF_INET6, bare, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* Parts that a server has no use for, and that would be sent or looked at all the same. */
static int check_rest(CURLU *url) {
        static const struct {
                CURLUPart part;
                enum server_fault fault;
        } unwanted[] = {
                { CURLUPART_USER, SERVER_HAS_USER },      { CURLUPART_PASSWORD, SERVER_HAS_USER },
                { CURLUPART_OPTIONS, SERVER_HAS_USER },   { CURLUPART_QUERY, SERVER_BAD_HELLO },
                { CURLUPART_FRAGMENT, SERVER_BAD_HELLO },
        };
        _cleanup_(curl_free_p) char *path = NULL, *port = NULL;
        int r;

        for (size_t i = 0; i < ELEMENTS(unwanted); i++) {
                _cleanup_(curl_free_p) char *text = NULL;

                r = get_part(url, unwanted[i].part, 0, &text);
                if (r != 0)
                        return r;
                if (text)
                        return unwanted[i].fault;
        }

        r = get_part(url, CURLUPART_PATH, 0, &path);
        if (r == 0)
                r = get_part(url, CURLUPART_PORT, 0, &port);
        if (r != 0)
                return r;
        if (port && strcmp(port, "0") == 0)
                return SERVER_BAD_PORT;
        if (path && path[strspn(path, "/")] != '\0' &&
            path[1 + strspn(path + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] != '\0')
                return SERVER_BAD_HELLO;
        return 0;
}

int server_read(const char *url, struct server *ret) {
        _cleanup_(server_done) struct server server = {};
        _cleanup_(curl_url_cleanup_p) CURLU *parts = curl_url();
        _cleanup_(curl_free_p) char *scheme = NULL, *host = NULL, *whole = NULL;
        CURLUcode code;
        int r;

        if (!parts)
                return -ENOMEM;
        code = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
        if (code != CURLUE_OK)
                return code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : SERVER_NOT_A_URL;

        r = get_part(parts, CURLUPART_SCHEME, 0, &scheme);
        if (r == 0)
                r = get_part(parts, CURLUPART_HOST, 0, &host);
        if (r == 0)
                r = get_part(parts, CURLUPART_URL, 0, &whole);
        if (r != 0)
                return r;
        if (!scheme || !whole || !host || host[0] == '\0')
                return SERVER_NOT_A_URL;
        server.is_smtps = strcasecmp(scheme, "smtps") == 0;
        if (!server.is_smtps && strcasecmp(scheme, "smtp") != 0)
                return SERVER_OTHER_PROTOCOL;
        r = check_rest(parts);
        if (r != 0)
                return r;

        server.is_loopback = is_loopback(host);
        r = text_clean(host, &server.host);
        if (r >= 0)
                r = text_copy(whole, &server.url);
        if (r < 0)
                return r;
        *ret = server;
        server = (struct server){};
        return 0;
}

enum encryption server_encryption(const struct server *server, bool has_authority) {
        if (server->is_smtps)
                return ENCRYPTION_AT_ONCE;
        return server->is_loopback && !has_authority ? ENCRYPTION_NONE : ENCRYPTION_STARTTLS;
}
