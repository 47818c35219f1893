/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One SMTP conversation by libcurl. */
#include <curl/curl.h>
#include <string.h>
#include <sys/socket.h>

#include "dosed/error.h"
#include "dosed/limits.h"
#include "mail/transfer.h"

#define SEND_BUFFER_BYTES (16 * 1024) /* what the system holds has left us, but did not arrive: let it be little */
#define QUIT_SEC 2L                   /* for the answer to QUIT, when all is said: nobody needs it */

DEFINE_CLEANUP(CURL *, curl_easy_cleanup);
DEFINE_CLEANUP(struct curl_slist *, curl_slist_free_all);

struct transfer {
        struct conversation conversation;
        const struct message *message;
        size_t n_read;
};

static void transfer_done(struct transfer *transfer) {
        conversation_done(&transfer->conversation);
}

/* libcurl asks for more only when the system took what it had; the answer "no more" is followed by the end of the message. */
static size_t read_message(char *buffer, size_t size, size_t n, void *userdata) {
        struct transfer *transfer = userdata;
        size_t left = transfer->message->size - transfer->n_read, room = size * n;

        if (left == 0) {
                conversation_hand_over(&transfer->conversation);
                return 0;
        }
        if (left > room)
                left = room;
        memcpy(buffer, transfer->message->bytes + transfer->n_read, left);
        transfer->n_read += left;
        return left;
}

static size_t drop(char *bytes, size_t size, size_t n, void *userdata) {
        (void) bytes;
        (void) userdata;
        return size * n;
}

static void remark(struct conversation *conversation, const char *bytes, size_t size) {
        static const char *const wanted[] = { "Connected to ", "SSL connection using " };

        for (size_t i = 0; i < ELEMENTS(wanted); i++)
                if (size > strlen(wanted[i]) && memcmp(bytes, wanted[i], strlen(wanted[i])) == 0)
                        conversation_remark(conversation, bytes, size);
}

static int listen_in(CURL *curl, curl_infotype type, char *bytes, size_t size, void *userdata) {
        struct transfer *transfer = userdata;
        struct conversation *conversation = &transfer->conversation;

        switch (type) {
        case CURLINFO_TEXT:
                remark(conversation, bytes, size);
                break;
        case CURLINFO_HEADER_IN:
                conversation_heard(conversation, bytes, size);
                break;
        case CURLINFO_HEADER_OUT:
                conversation_sent(conversation, bytes, size);
                /* The time for the whole does not count for QUIT; without this libcurl would wait for two minutes. */
                if (conversation->step == STEP_QUIT)
                        (void) curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, QUIT_SEC);
                break;
        default:
                break;
        }
        return 0;
}

static int shrink_buffer(void *userdata, curl_socket_t fd, curlsocktype purpose) {
        int size = SEND_BUFFER_BYTES;

        (void) userdata;
        (void) purpose;
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        return CURL_SOCKOPT_OK;
}

static int make_recipients(const struct address_list *recipients, struct curl_slist **ret) {
        _cleanup_(curl_slist_free_all_p) struct curl_slist *list = NULL;

        for (size_t i = 0; i < recipients->n_items; i++) {
                struct curl_slist *longer = curl_slist_append(list, recipients->items[i]);

                if (!longer)
                        return -ENOMEM;
                list = longer;
        }
        *ret = TAKE(list);
        return 0;
}

/* One that libcurl does not know, or has no memory for, is an error of the whole. */
#define SET(option, value)                                              \
        do {                                                            \
                CURLcode _code = curl_easy_setopt(curl, option, value); \
                if (_code != CURLE_OK)                                  \
                        return _code;                                   \
        } while (false)

static CURLcode set_connection(CURL *curl, const struct settings *settings) {
        long sec = (long) settings->timeout_sec;

        SET(CURLOPT_URL, settings->server.url);
        SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        SET(CURLOPT_PROXY, ""); /* whatever the environment says */
        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_TIMEOUT, sec);
        SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, sec);
        SET(CURLOPT_CONNECTTIMEOUT, sec < LIMIT_MAIL_CONNECT_SEC ? sec : LIMIT_MAIL_CONNECT_SEC);
        SET(CURLOPT_QUICK_EXIT, 1L); /* no waiting for a name server that hangs */
        SET(CURLOPT_FORBID_REUSE,
            1L); /* QUIT is said now, not by curl_easy_cleanup(), which has no time limit of ours */
        SET(CURLOPT_SOCKOPTFUNCTION, shrink_buffer);
        return CURLE_OK;
}

static CURLcode set_encryption(CURL *curl, const struct settings *settings) {
        enum encryption encryption = server_encryption(&settings->server, settings->authority_file);

        SET(CURLOPT_USE_SSL, (long) (encryption == ENCRYPTION_NONE ? CURLUSESSL_NONE : CURLUSESSL_ALL));
        SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
        SET(CURLOPT_SSL_VERIFYPEER, 1L);
        SET(CURLOPT_SSL_VERIFYHOST, 2L);
        if (settings->authority_file) {
                SET(CURLOPT_CAINFO, settings->authority_file);
                SET(CURLOPT_CAPATH, NULL);
        }
        return CURLE_OK;
}

/* Inside TLS the two simple ways are as good as any, and every server knows one of them. */
static CURLcode set_login(CURL *curl, const struct settings *settings) {
        if (!settings->password)
                return CURLE_OK;
        SET(CURLOPT_USERNAME, settings->user);
        SET(CURLOPT_PASSWORD, settings->password);
        SET(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
        return CURLE_OK;
}

static CURLcode set_mail(CURL *curl, const struct settings *settings, struct curl_slist *recipients,
                         struct transfer *transfer) {
        SET(CURLOPT_MAIL_FROM, settings->from);
        SET(CURLOPT_MAIL_RCPT, recipients);
        SET(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_READFUNCTION, read_message);
        SET(CURLOPT_READDATA, transfer);
        SET(CURLOPT_WRITEFUNCTION, drop);
        SET(CURLOPT_VERBOSE, 1L);
        SET(CURLOPT_DEBUGFUNCTION, listen_in);
        SET(CURLOPT_DEBUGDATA, transfer);
        return CURLE_OK;
}

static enum ending ending_of(CURLcode code) {
        static const struct {
                CURLcode code;
                enum ending ending;
        } endings[] = {
                { CURLE_OK, ENDING_GOOD },
                { CURLE_COULDNT_RESOLVE_HOST, ENDING_UNKNOWN_HOST },
                { CURLE_COULDNT_CONNECT, ENDING_UNREACHABLE },
                { CURLE_OPERATION_TIMEDOUT, ENDING_TIMEOUT },
                { CURLE_SEND_ERROR, ENDING_LOST },
                { CURLE_RECV_ERROR, ENDING_LOST },
                { CURLE_GOT_NOTHING, ENDING_LOST },
                { CURLE_USE_SSL_FAILED, ENDING_NO_ENCRYPTION },
                { CURLE_SSL_CONNECT_ERROR, ENDING_BAD_ENCRYPTION },
                { CURLE_SSL_CIPHER, ENDING_BAD_ENCRYPTION },
                { CURLE_PEER_FAILED_VERIFICATION, ENDING_BAD_CERTIFICATE },
                { CURLE_SSL_ISSUER_ERROR, ENDING_BAD_CERTIFICATE },
                { CURLE_SSL_CACERT_BADFILE, ENDING_BAD_AUTHORITY },
                { CURLE_LOGIN_DENIED, ENDING_LOGIN },
                { CURLE_WEIRD_SERVER_REPLY, ENDING_NOT_SMTP },
                { CURLE_OUT_OF_MEMORY, ENDING_SYSTEM },
                { CURLE_FAILED_INIT, ENDING_SYSTEM },
                { CURLE_UNKNOWN_OPTION, ENDING_SYSTEM },
                { CURLE_NOT_BUILT_IN, ENDING_SYSTEM },
        };

        for (size_t i = 0; i < ELEMENTS(endings); i++)
                if (endings[i].code == code)
                        return endings[i].ending;
        return ENDING_OTHER;
}

/* What libcurl says more than our own words do. */
static const char *detail_of(CURL *curl, enum ending ending, CURLcode code, const char *error) {
        long system_error = 0;

        switch (ending) {
        case ENDING_UNREACHABLE:
                if (curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &system_error) == CURLE_OK && system_error > 0)
                        return strerror((int) system_error);
                return NULL;
        case ENDING_BAD_ENCRYPTION:
        case ENDING_BAD_CERTIFICATE:
        case ENDING_BAD_AUTHORITY:
        case ENDING_SYSTEM:
        case ENDING_OTHER:
                return error[0] != '\0' ? error : curl_easy_strerror(code);
        case ENDING_GOOD:
        case ENDING_UNKNOWN_HOST:
        case ENDING_TIMEOUT:
        case ENDING_LOST:
        case ENDING_NO_ENCRYPTION:
        case ENDING_LOGIN:
        case ENDING_NOT_SMTP:
        case _ENDING_MAX:
                break;
        }
        return NULL;
}

int transfer_run(const struct settings *settings, const struct address_list *recipients, const struct message *message,
                 struct verdict *ret) {
        _cleanup_(transfer_done) struct transfer transfer = { .message = message };
        _cleanup_(curl_slist_free_all_p) struct curl_slist *list = NULL;
        _cleanup_(curl_easy_cleanup_p) CURL *curl = NULL;
        char error[CURL_ERROR_SIZE] = "";
        struct transfer_end end;
        CURLcode code;
        int r;

        r = conversation_init(&transfer.conversation, recipients->n_items, settings->password,
                              settings->verbose ? stdout : NULL);
        if (r >= 0)
                r = make_recipients(recipients, &list);
        if (r < 0)
                return r;
        curl = curl_easy_init();
        if (!curl)
                return -ENOMEM;

        code = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
        if (code == CURLE_OK)
                code = set_connection(curl, settings);
        if (code == CURLE_OK)
                code = set_encryption(curl, settings);
        if (code == CURLE_OK)
                code = set_login(curl, settings);
        if (code == CURLE_OK)
                code = set_mail(curl, settings, list, &transfer);
        if (code == CURLE_OK)
                code = curl_easy_perform(curl);

        end.ending = ending_of(code);
        end.detail = detail_of(curl, end.ending, code, error);
        return verdict_reach(&transfer.conversation, &end, settings->server.host, recipients, settings->timeout_sec,
                             ret);
}
