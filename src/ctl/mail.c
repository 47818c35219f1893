/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb mail: a test mail, and what the server says of it. */
#include <string.h>

#include "ctl/answer.h"
#include "ctl/client.h"
#include "ctl/output.h"
#include "ctl/verb.h"
#include "dosed/text.h"

#define PATIENCE_USEC (5 * USEC_PER_MINUTE) /* a slow server, with every step of SMTP at its longest */

static int answer_print(const struct request *request, const char *address, bool is_taken, const char *raw) {
        _cleanup_(free_p) char *answer = NULL, *clean = NULL;
        int r;

        r = text_clean(raw, &answer);
        if (r >= 0)
                r = text_clean(address, &clean);
        if (r < 0)
                return r;
        if (request_has(request, OPTION_JSON)) {
                r = output_json(json_pack("{sssbss}", "address", clean, "taken", (int) is_taken, "answer", answer));
                return r < 0 ? r : is_taken ? 0 : REQUEST_REFUSED;
        }
        if (!is_taken) {
                complain("the test mail to %s was not taken: %s", clean, answer);
                return REQUEST_REFUSED;
        }
        printf("The test mail to %s was taken: %s\n", clean, answer);
        return 0;
}

static int test_run(const struct request *request, const char *address) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *answer;
        int r;

        r = client_open(request, &bus);
        if (r != 0)
                return r;
        r = client_new_call(bus, CLIENT_ROOT, CLIENT_OUTBOX, "TestMail", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", address);
        if (r < 0)
                return r;

        r = sd_bus_call(bus, call, (uint64_t) PATIENCE_USEC, &error, &reply);
        if (r < 0 && sd_bus_error_has_name(&error, CLIENT_ERROR "NotDelivered"))
                return answer_print(request, address, false, error.message);
        if (r < 0)
                return client_refused(request, NULL, r, &error);
        r = sd_bus_message_read_basic(reply, 's', &answer);
        return r < 0 ? r : answer_print(request, address, true, answer);
}

int mail_run(struct request *request) {
        if (strcmp(request->arguments[0], "test") != 0) {
                complain("'mail %s' means nothing: mail test ADDRESS is what there is", request->arguments[0]);
                return REQUEST_USAGE;
        }
        return test_run(request, request->arguments[1]);
}
