/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed-mail: sends the message that it reads, by one SMTP conversation. */
#include <curl/curl.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>

#include "dosed/error.h"
#include "mail/complain.h"
#include "mail/transfer.h"

static int find_recipients(const struct settings *settings, const struct message *message, struct address_list *list) {
        int r = 0;

        if (settings->recipients_from_header)
                r = message_recipients(message, list);
        for (size_t i = 0; r == 0 && i < settings->n_recipients; i++) {
                r = (int) address_check(settings->recipients[i]);
                if (r == 0)
                        r = address_list_add(list, settings->recipients[i]);
                if (r > 0) {
                        complain("mail cannot be sent to '%s': %s", settings->recipients[i],
                                 address_fault_to_string((enum address_fault) r));
                        return EX_USAGE;
                }
        }
        if (r < 0)
                return complain_system("the mail cannot be sent", r);
        if (r > 0) {
                complain("whom To, Cc and Bcc of the message name is not clear: %s",
                         address_fault_to_string((enum address_fault) r));
                return EX_DATAERR;
        }
        if (list->n_items == 0) {
                complain("nobody is named in To, Cc or Bcc of the message");
                return EX_DATAERR;
        }
        return 0;
}

static int read_message(struct message *message) {
        int r;

        r = message_read(STDIN_FILENO, message);
        if (r < 0)
                return complain_system("the message cannot be read", r);
        if (r > 0) {
                complain("%s", message_fault_to_string((enum message_fault) r));
                return EX_DATAERR;
        }
        return 0;
}

static int run(int argc, char **argv) {
        _cleanup_(settings_done) struct settings settings = {};
        _cleanup_(address_list_done) struct address_list recipients = {};
        _cleanup_(message_done) struct message message = {};
        _cleanup_(verdict_done) struct verdict verdict = {};
        int r;

        r = settings_parse(&settings, argc, argv);
        if (r != 0)
                return r;
        if (settings.help) {
                settings_print_help();
                return EX_OK;
        }
        if (settings.version) {
                (void) puts("dosed-mail " DOSED_VERSION);
                return EX_OK;
        }
        r = settings_check(&settings);
        if (r == 0)
                r = read_message(&message);
        if (r == 0)
                r = find_recipients(&settings, &message, &recipients);
        if (r != 0)
                return r;

        message_hide_bcc(&message);
        r = transfer_run(&settings, &recipients, &message, &verdict);
        if (r < 0)
                return complain_system("the mail cannot be sent", r);
        /* Who tries the way wants to read what the server really said. */
        if (verdict.text && (verdict.code != EX_OK || settings.verbose))
                complain("%s", verdict.text);
        return verdict.code;
}

int main(int argc, char **argv) {
        int r;

        (void) signal(SIGPIPE, SIG_IGN); /* a server that hangs up is an error like others */
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return complain_system("the mail cannot be sent", ENOMEM);
        r = run(argc, argv);
        curl_global_cleanup();
        return r;
}
