/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the end of a program means for what it was to deliver, and how that is said. */
#include <string.h>
#include <sysexits.h>

#include "dosed/runner.h"
#include "dosed/text.h"

/* Any other exit code is a refusal. */
static const struct {
        int code;
        enum delivery delivery;
} exit_codes[] = {
        { EX_OK, DELIVERY_DONE },
        { EX_TEMPFAIL, DELIVERY_LATER },
        { EX_IOERR, DELIVERY_UNKNOWN }, /* dosed-mail: the server was lost after it had the whole message */
};

/* Why a program may be started later though it could not be now. Anything else is wrong with the program. */
static const int passing_errors[] = { EAGAIN, ENOMEM, EMFILE, ENFILE, ENOSPC, ETXTBSY, EINTR, EIO, ESTALE, ETIMEDOUT };

static enum delivery delivery_from_code(int code) {
        for (size_t i = 0; i < ELEMENTS(exit_codes); i++)
                if (exit_codes[i].code == code)
                        return exit_codes[i].delivery;
        return DELIVERY_NEVER;
}

static enum delivery delivery_from_error(int error) {
        for (size_t i = 0; i < ELEMENTS(passing_errors); i++)
                if (passing_errors[i] == error)
                        return DELIVERY_LATER;
        return DELIVERY_NEVER;
}

enum delivery delivery_from_result(const struct runner_result *result) {
        switch (result->ending) {
        case RUNNER_EXITED:
                return delivery_from_code(result->number);
        case RUNNER_KILLED:
        case RUNNER_TIMED_OUT:
                return DELIVERY_UNKNOWN;
        case RUNNER_NOT_STARTED:
                return delivery_from_error(result->number);
        case _RUNNER_ENDING_MAX:
                break;
        }
        return DELIVERY_NEVER;
}

static const char *describe_error(int error) {
        static const struct {
                int error;
                const char *text;
        } texts[] = {
                { ENOENT, "it, or the interpreter that its first line names, is not there" },
                { EACCES, "it is not an executable file, or not for this user" },
                { ENOEXEC, "it is no program; a script begins with #! and its interpreter" },
        };

        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (texts[i].error == error)
                        return texts[i].text;
        return strerror(error);
}

int runner_result_describe(const struct runner_result *result, const char *program, char **ret) {
        const char *said = result->last_line;

        switch (result->ending) {
        case RUNNER_EXITED:
                if (result->number == EX_OK)
                        return text_copy(said, ret);
                return said ? text_format(ret, "%s (exit code %d)", said, result->number)
                            : text_format(ret, "%s ended with exit code %d and said nothing", program, result->number);
        case RUNNER_KILLED:
                return text_format(ret, "%s was ended by signal %d%s%s", program, result->number,
                                   said ? "; it said: " : "", said ? said : "");
        case RUNNER_TIMED_OUT:
                return text_format(ret, "%s was stopped since it took longer than %d s%s%s", program, result->number,
                                   said ? "; it said: " : "", said ? said : "");
        case RUNNER_NOT_STARTED:
                return text_format(ret, "%s cannot be started: %s", program, describe_error(result->number));
        case _RUNNER_ENDING_MAX:
                break;
        }
        return -EINVAL;
}
