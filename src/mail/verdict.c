/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of the message. */
#include <string.h>
#include <sysexits.h>

#include "dosed/error.h"
#include "dosed/text.h"
#include "mail/verdict.h"

/* Where nothing that the server said decides. The text follows the host; a detail may follow the text. */
static const struct {
        int code;
        const char *text;
} endings[_ENDING_MAX] = {
        [ENDING_GOOD] = { EX_TEMPFAIL, "did not say that it took the message" },
        [ENDING_UNKNOWN_HOST] = { EX_TEMPFAIL, "is not found: is its name right, and the network up?" },
        [ENDING_UNREACHABLE] = { EX_TEMPFAIL, "cannot be reached" },
        [ENDING_TIMEOUT] = { EX_TEMPFAIL, "did not answer in time, and was not given the message" },
        [ENDING_LOST] = { EX_TEMPFAIL, "broke the connection before it had the message" },
        [ENDING_NO_ENCRYPTION] = { EX_TEMPFAIL, "offers no encryption (STARTTLS), and nothing is sent without" },
        [ENDING_BAD_ENCRYPTION] = { EX_TEMPFAIL, "cannot be spoken to encrypted" },
        [ENDING_BAD_CERTIFICATE] = { EX_TEMPFAIL, "does not prove by its certificate who it is" },
        [ENDING_BAD_AUTHORITY] = { EX_CONFIG, "cannot be checked by the certificates in the file named for it" },
        [ENDING_LOGIN] = { EX_NOPERM, "knows no way to log in that dosed-mail knows" },
        [ENDING_NOT_SMTP] = { EX_TEMPFAIL, "does not answer as a mail server does" },
        [ENDING_SYSTEM] = { EX_TEMPFAIL, "was not asked" },
        [ENDING_OTHER] = { EX_TEMPFAIL, "did not get the message" },
};

void verdict_done(struct verdict *verdict) {
        free(verdict->text);
        *verdict = (struct verdict){};
}

static bool is_good(const struct answer *answer) {
        return answer->code / 100 == 2;
}

static bool is_refusal(const struct answer *answer) {
        return answer->code >= 400;
}

/* RFC 4954, 4 and 6, and RFC 3207, 4.1: who you are is not known or not believed. */
static int code_of(const struct answer *answer) {
        static const unsigned login[] = { 530, 534, 535, 538 };

        if (answer->code / 100 == 4)
                return EX_TEMPFAIL;
        for (size_t i = 0; i < ELEMENTS(login); i++)
                if (answer->code == login[i])
                        return EX_NOPERM;
        return EX_UNAVAILABLE;
}

/* The recipients that an answer refused. */
struct refused {
        size_t n, first;
        bool for_now, no_user;
};

static struct refused count_refused(const struct conversation *conversation) {
        struct refused refused = { .no_user = true };

        for (size_t i = conversation->n_recipients; i-- > 0;) {
                const struct answer *answer = &conversation->recipients[i];

                if (answer->code == 0 || is_good(answer))
                        continue;
                refused.n++;
                refused.first = i;
                if (answer->code / 100 != 5)
                        refused.for_now = true;
                if (answer->code != 550)
                        refused.no_user = false;
        }
        return refused;
}

static int say_answer(const char *host, const char *what, const struct answer *answer, char **ret) {
        return text_format(ret, "%s %s: %u%s%s", host, what, answer->code, answer->size > 0 ? " " : "", answer->text);
}

/* It was taken for some of them. */
static int reach_partly(const struct conversation *conversation, const char *host,
                        const struct address_list *recipients, const struct refused *refused, struct verdict *ret) {
        const struct answer *answer = &conversation->recipients[refused->first];

        ret->code = refused->for_now ? EX_TEMPFAIL : EX_UNAVAILABLE;
        return text_format(&ret->text, "%s took it for %zu of %zu recipients, but says for %s: %u %s", host,
                           recipients->n_items - refused->n, recipients->n_items, recipients->items[refused->first],
                           answer->code, answer->text);
}

static int reach_none(const struct conversation *conversation, const char *host, const struct address_list *recipients,
                      const struct refused *refused, struct verdict *ret) {
        const struct answer *answer = &conversation->recipients[refused->first];

        ret->code = refused->for_now ? EX_TEMPFAIL : refused->no_user ? EX_NOUSER : code_of(answer);
        if (recipients->n_items == 1)
                return say_answer(host, "says", answer, &ret->text);
        return text_format(&ret->text, "%s takes it for none of %zu recipients, and says for %s: %u %s", host,
                           recipients->n_items, recipients->items[refused->first], answer->code, answer->text);
}

/* All was handed over. */
static int reach_end(const struct conversation *conversation, const struct transfer_end *end, const char *host,
                     const struct address_list *recipients, unsigned timeout_sec, struct verdict *ret) {
        const struct answer *answer = &conversation->end;
        struct refused refused = count_refused(conversation);

        if (is_good(answer)) {
                if (refused.n > 0)
                        return reach_partly(conversation, host, recipients, &refused, ret);
                ret->code = EX_OK;
                return say_answer(host, "says", answer, &ret->text);
        }
        if (is_refusal(answer)) {
                ret->code = code_of(answer);
                return say_answer(host, "says", answer, &ret->text);
        }
        ret->code = EX_IOERR;
        if (end->ending == ENDING_TIMEOUT)
                return text_format(&ret->text,
                                   "%s did not say within %u seconds whether it took the message: it may have arrived",
                                   host, timeout_sec);
        return text_format(&ret->text,
                           "%s broke the connection before it said whether it took the message: it may have arrived",
                           host);
}

/* Words of nobody but libcurl or the system. */
static int reach_ending(const struct conversation *conversation, const struct transfer_end *end, const char *host,
                        struct verdict *ret) {
        const char *detail = end->detail ? end->detail : "";
        enum ending ending = end->ending;

        if (conversation->stray.size > 0 && conversation->last.code == 0 &&
            (ending == ENDING_TIMEOUT || ending == ENDING_LOST)) {
                ending = ENDING_NOT_SMTP;
                detail = "";
        }
        if (ending == ENDING_NOT_SMTP)
                detail = conversation->stray.size > 0 ? conversation->stray.text : detail;
        ret->code = endings[ending].code;
        return text_format(&ret->text, "%s %s%s%s", host, endings[ending].text, detail[0] != '\0' ? ": " : "", detail);
}

/* What was asked last was refused. */
static int reach_refusal(const struct conversation *conversation, const char *host, struct verdict *ret) {
        static const struct {
                const char *what;
                int code; /* for 5xx; 0: as the answer says */
        } refusals[_CONVERSATION_STEP_MAX] = {
                [STEP_ENCRYPTION] = { "refuses to encrypt the connection, and nothing is sent without", EX_TEMPFAIL },
                [STEP_LOGIN] = { "refuses the login", EX_NOPERM },
                [STEP_RECIPIENT] = { NULL, EX_TEMPFAIL }, /* it went away before it had heard of all of them */
        };
        const struct answer *answer = &conversation->last;
        const char *what = refusals[conversation->last_step].what;
        int code = refusals[conversation->last_step].code;

        ret->code = answer->code / 100 == 4 ? EX_TEMPFAIL : code != 0 ? code : code_of(answer);
        return say_answer(host, what ? what : "says", answer, &ret->text);
}

int verdict_reach(const struct conversation *conversation, const struct transfer_end *end, const char *host,
                  const struct address_list *recipients, unsigned timeout_sec, struct verdict *ret) {
        struct refused refused = count_refused(conversation);
        bool is_ours = end->ending == ENDING_SYSTEM; /* the server is not to blame */
        struct verdict verdict = {};
        int r;

        if (conversation->handed_over)
                r = reach_end(conversation, end, host, recipients, timeout_sec, &verdict);
        else if (!is_ours && refused.n > 0 && refused.n == recipients->n_items)
                r = reach_none(conversation, host, recipients, &refused, &verdict);
        else if (!is_ours && is_refusal(&conversation->last))
                r = reach_refusal(conversation, host, &verdict);
        else
                r = reach_ending(conversation, end, host, &verdict);
        if (r < 0)
                return r;
        *ret = verdict;
        return 0;
}
