/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosectl: the client of dosed. */
#include <langinfo.h>
#include <locale.h>
#include <string.h>

#include "ctl/request.h"
#include "ctl/verb.h"

/* The output is UTF-8 whatever the locale says; the tables need to know it to count columns. */
static void set_locale(void) {
        (void) setlocale(LC_ALL, "");
        if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
                (void) setlocale(LC_CTYPE, "C.UTF-8");
}

static int run(int argc, char **argv) {
        _cleanup_(request_done) struct request request = { .now_usec = clock_realtime_usec() };
        int r;

        r = request_parse(&request, argc, argv, verbs, n_verbs);
        if (r != 0)
                return r;
        if (request_has(&request, OPTION_HELP)) {
                request_print_help(&request, verbs, n_verbs);
                return 0;
        }
        if (request_has(&request, OPTION_VERSION)) {
                printf("dosectl %s\n", DOSED_VERSION);
                return 0;
        }

        r = zones_new(NULL, &request.zones);
        if (r >= 0)
                r = zones_get_system(request.zones, &request.zone);
        if (r < 0)
                return r;
        return request.verb->run(&request);
}

int main(int argc, char **argv) {
        int r;

        set_locale();

        r = run(argc, argv);
        if (r < 0) {
                complain("it failed: %s", strerror(-r));
                r = REQUEST_REFUSED;
        }
        if (fflush(stdout) != 0 || ferror(stdout)) {
                complain("the output cannot be written: %s", strerror(errno));
                r = REQUEST_REFUSED;
        }
        return r;
}
