/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a message, from what was said: conversations as text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <cmocka.h>

#include "dosed/error.h"
#include "dosed/text.h"
#include "mail/verdict.h"

#define HELLO "<220 hi\n>EHLO x\n<250-hi\n<250 AUTH PLAIN\n"
#define SENDER HELLO ">MAIL FROM:<f@x>\n<250 ok\n"
#define FIRST SENDER ">RCPT TO:<a@x>\n"
#define SECOND ">RCPT TO:<b@x>\n"
#define DATA FIRST "<250 ok\n" SECOND "<250 ok\n>DATA\n"
#define GIVEN DATA "<354 go\n="
#define QUIT ">QUIT\n<221 bye\n"

/* ">" was sent, "<" was heard, "=" is the end of the message. */
static const struct {
        const char *said;
        enum ending ending;
        const char *detail;
        int code;
        const char *text;
} conversations[] = {
        { GIVEN "<250 ok\n" QUIT, ENDING_GOOD, NULL, EX_OK, "h says: 250 ok" },
        { GIVEN "<250 ok\n", ENDING_LOST, NULL, EX_OK, "h says: 250 ok" }, /* what comes after that is of no account */
        { GIVEN "<250 ok\n>QUIT\n<500 no\n", ENDING_TIMEOUT, NULL, EX_OK, "h says: 250 ok" },
        { GIVEN "<250 ok\n>QUIT\n", ENDING_SYSTEM, NULL, EX_OK, "h says: 250 ok" },

        { GIVEN, ENDING_LOST, NULL, EX_IOERR, "h broke the connection before it said whether it took the message: it may have arrived" },
        { GIVEN, ENDING_TIMEOUT, NULL, EX_IOERR, "h did not say within 9 seconds whether it took the message: it may have arrived" },
        { GIVEN, ENDING_SYSTEM, "no memory", EX_IOERR, "h broke the connection before it said whether it took the message: it may have arrived" },
        { GIVEN "<250-half\n", ENDING_LOST, NULL, EX_IOERR, "h broke the connection before it said whether it took the message: it may have arrived" },
        { GIVEN ">QUIT\n<250 too late\n", ENDING_TIMEOUT, NULL, EX_IOERR, "h did not say within 9 seconds whether it took the message: it may have arrived" },
        { GIVEN "<250 ok\n<550 no\n", ENDING_GOOD, NULL, EX_OK, "h says: 250 ok" },
        { GIVEN "<451 later\n" QUIT, ENDING_OTHER, NULL, EX_TEMPFAIL, "h says: 451 later" },
        { GIVEN "<554 never\n" QUIT, ENDING_OTHER, NULL, EX_UNAVAILABLE, "h says: 554 never" },

        { DATA "<354 go\n", ENDING_LOST, NULL, EX_TEMPFAIL, "h broke the connection before it had the message" },
        { DATA "<354 go\n", ENDING_TIMEOUT, NULL, EX_TEMPFAIL, "h did not answer in time, and was not given the message" },
        { DATA "<554 no\n" QUIT, ENDING_LOST, NULL, EX_UNAVAILABLE, "h says: 554 no" },
        { DATA "<250 what\n" QUIT, ENDING_LOST, NULL, EX_TEMPFAIL, "h broke the connection before it had the message" },

        { FIRST "<250 ok\n" SECOND "<550 no\n>DATA\n<354 go\n=<250 ok\n", ENDING_GOOD, NULL, EX_UNAVAILABLE,
          "h took it for 1 of 2 recipients, but says for b@x: 550 no" },
        { FIRST "<450 wait\n" SECOND "<250 ok\n>DATA\n<354 go\n=<250 ok\n", ENDING_GOOD, NULL, EX_TEMPFAIL,
          "h took it for 1 of 2 recipients, but says for a@x: 450 wait" },
        { FIRST "<550 no\n" SECOND "<250 ok\n>DATA\n<354 go\n=<451 later\n", ENDING_GOOD, NULL, EX_TEMPFAIL, "h says: 451 later" },
        { FIRST "<550 no\n" SECOND "<250 ok\n>DATA\n<354 go\n=", ENDING_LOST, NULL, EX_IOERR,
          "h broke the connection before it said whether it took the message: it may have arrived" },
        { FIRST "<550 no\n" SECOND "<250 ok\n>DATA\n", ENDING_LOST, NULL, EX_TEMPFAIL, "h broke the connection before it had the message" },
        { FIRST "<550 no\n" SECOND "<550 no\n" QUIT, ENDING_LOST, NULL, EX_NOUSER,
          "h takes it for none of 2 recipients, and says for a@x: 550 no" },
        { FIRST "<550 no\n" SECOND "<554 no\n" QUIT, ENDING_LOST, NULL, EX_UNAVAILABLE,
          "h takes it for none of 2 recipients, and says for a@x: 550 no" },
        { FIRST "<550 no\n" SECOND "<421 bye\n", ENDING_LOST, NULL, EX_TEMPFAIL,
          "h takes it for none of 2 recipients, and says for a@x: 550 no" },
        { FIRST "<550 no\n" SECOND, ENDING_LOST, NULL, EX_TEMPFAIL, "h says: 550 no" }, /* it never heard of the second */

        { SENDER "<", ENDING_LOST, NULL, EX_TEMPFAIL, "h broke the connection before it had the message" },
        { HELLO ">AUTH PLAIN\n<334 \n>c2VjcmV0\n<535 5.7.8 no\n" QUIT, ENDING_LOGIN, NULL, EX_NOPERM, "h refuses the login: 535 5.7.8 no" },
        { HELLO ">AUTH PLAIN\n<334 \n>c2VjcmV0\n<454 busy\n" QUIT, ENDING_LOGIN, NULL, EX_TEMPFAIL, "h refuses the login: 454 busy" },
        { HELLO ">AUTH PLAIN\n<334 \n>c2VjcmV0\n<535 not c2VjcmV0, secret!\n", ENDING_LOGIN, NULL, EX_NOPERM,
          "h refuses the login: 535 not ***, ***!" },
        { HELLO ">AUTH PLAIN c2VjcmV0\n<535 not c2VjcmV0\n", ENDING_LOGIN, NULL, EX_NOPERM, "h refuses the login: 535 not ***" },
        { HELLO QUIT, ENDING_LOGIN, NULL, EX_NOPERM, "h knows no way to log in that dosed-mail knows" },
        { HELLO ">STARTTLS\n<454 later\n", ENDING_NO_ENCRYPTION, NULL, EX_TEMPFAIL,
          "h refuses to encrypt the connection, and nothing is sent without: 454 later" },
        { HELLO, ENDING_NO_ENCRYPTION, NULL, EX_TEMPFAIL, "h offers no encryption (STARTTLS), and nothing is sent without" },
        { "<220 hi\n>EHLO x\n<502 what\n>HELO x\n", ENDING_LOST, NULL, EX_TEMPFAIL, "h broke the connection before it had the message" },
        { "<554 not here\n", ENDING_NOT_SMTP, NULL, EX_UNAVAILABLE, "h says: 554 not here" },
        { "<SSH-2.0-x\n", ENDING_TIMEOUT, NULL, EX_TEMPFAIL, "h does not answer as a mail server does: SSH-2.0-x" },
        { "", ENDING_UNREACHABLE, "No route to host", EX_TEMPFAIL, "h cannot be reached: No route to host" },
        { "", ENDING_UNKNOWN_HOST, NULL, EX_TEMPFAIL, "h is not found: is its name right, and the network up?" },
        { "", ENDING_BAD_CERTIFICATE, "self-signed", EX_TEMPFAIL, "h does not prove by its certificate who it is: self-signed" },
        { "", ENDING_BAD_AUTHORITY, NULL, EX_CONFIG, "h cannot be checked by the certificates in the file named for it" },
        { SENDER, ENDING_SYSTEM, "Out of memory", EX_TEMPFAIL, "h was not asked: Out of memory" },
};

static void play(struct conversation *conversation, const char *said) {
        while (*said != '\0') {
                size_t size = strcspn(said, "\n") + 1;

                if (*said == '=') {
                        conversation_hand_over(conversation);
                        said++;
                        continue;
                }
                if (said[size - 1] == '\0')
                        size--;
                if (*said == '>')
                        conversation_sent(conversation, said + 1, size - 1);
                else
                        conversation_heard(conversation, said + 1, size - 1);
                said += size;
        }
}

static void what_was_said_decides(void **state) {
        char *items[] = { (char *) "a@x", (char *) "b@x" };
        const struct address_list recipients = { .items = items, .n_items = ELEMENTS(items) };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(conversations); i++) {
                const struct transfer_end end = { .ending = conversations[i].ending, .detail = conversations[i].detail };
                _cleanup_(conversation_done) struct conversation conversation = {};
                _cleanup_(verdict_done) struct verdict verdict = {};

                assert_int_equal(conversation_init(&conversation, recipients.n_items, "secret", NULL), 0);
                play(&conversation, conversations[i].said);
                assert_int_equal(verdict_reach(&conversation, &end, "h", &recipients, 9, &verdict), 0);
                if (verdict.code != conversations[i].code || !text_equal(verdict.text, conversations[i].text))
                        fail_msg("%s\nends in %d, %s", conversations[i].said, verdict.code, verdict.text ? verdict.text : "(null)");
        }
}

/* Whoever runs this sends it again, or does not, by these alone. */
static void only_an_answer_that_never_came_means_perhaps(void **state) {
        char *items[] = { (char *) "a@x", (char *) "b@x" };
        const struct address_list recipients = { .items = items, .n_items = ELEMENTS(items) };
        const char *const before[] = { "", HELLO, SENDER, FIRST, FIRST "<250 ok\n" SECOND, DATA, DATA "<354 go\n" };

        (void) state;
        for (unsigned ending = 0; ending < _ENDING_MAX; ending++) {
                const struct transfer_end end = { .ending = (enum ending) ending };

                for (size_t i = 0; i <= ELEMENTS(before); i++) {
                        _cleanup_(conversation_done) struct conversation conversation = {};
                        _cleanup_(verdict_done) struct verdict verdict = {};

                        assert_int_equal(conversation_init(&conversation, recipients.n_items, NULL, NULL), 0);
                        play(&conversation, i < ELEMENTS(before) ? before[i] : GIVEN);
                        assert_int_equal(verdict_reach(&conversation, &end, "h", &recipients, 9, &verdict), 0);
                        assert_non_null(verdict.text);
                        assert_int_not_equal(verdict.code, EX_OK);
                        assert_int_equal(verdict.code == EX_IOERR, i == ELEMENTS(before));
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_said_decides),
                cmocka_unit_test(only_an_answer_that_never_came_means_perhaps),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
