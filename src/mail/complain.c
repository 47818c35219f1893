/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one line on stderr that says why. */
#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

#include "dosed/error.h"
#include "dosed/limits.h"
#include "dosed/text.h"
#include "mail/complain.h"

void complain(const char *format, ...) {
        _cleanup_(free_p) char *text = NULL, *clean = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0) {
                text = NULL; /* vasprintf() leaves it undefined */
                return;
        }
        text_cut(text, 2 * LIMIT_MAIL_ANSWER_BYTES);
        if (text_clean(text, &clean) >= 0)
                (void) fprintf(stderr, "%s\n", clean);
}

int complain_system(const char *what, int error) {
        complain("%s: %s", what, strerror(error < 0 ? -error : error));
        /* Memory and descriptors come back; a message that is given up does not. */
        return error == ENOMEM || error == -ENOMEM || error == -EMFILE || error == -ENFILE || error == -EIO
                       ? EX_TEMPFAIL
                       : EX_OSERR;
}
