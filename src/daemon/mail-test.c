/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A test mail: one letter, one run of the mail program, one answer. */
#include "daemon/mail-test.h"

#include <string.h>
#include <utlist.h>

#include "daemon/routes.h"
#include "dosed/runner.h"

struct mail_test {
        struct mail_tests *tests;
        struct bus *bus;
        sd_bus_message *call;
        struct mail_test *prev, *next;
};

struct mail_tests {
        struct runner *runner;
        struct mail_test *first; /* those under way */
};

int mail_tests_new(sd_event *event, struct mail_tests **ret) {
        _cleanup_(mail_tests_free_p) struct mail_tests *tests = calloc(1, sizeof(*tests));
        int r;

        if (!tests)
                return -ENOMEM;
        r = runner_new(event, &tests->runner);
        if (r < 0)
                return r;
        *ret = TAKE(tests);
        return 0;
}

struct mail_tests *mail_tests_free(struct mail_tests *tests) {
        struct mail_test *test, *next;

        if (!tests)
                return NULL;
        runner_free(tests->runner);
        DL_FOREACH_SAFE(tests->first, test, next) {
                sd_bus_message_unref(test->call);
                free(test);
        }
        free(tests);
        return NULL;
}

static int on_end(void *userdata, const struct runner_result *result) {
        struct mail_test *test = userdata;
        bool is_taken = delivery_from_result(result) == DELIVERY_DONE;
        _cleanup_(free_p) char *answer = NULL;

        /* The server's own words where there are some. */
        if (!result->last_line && runner_result_describe(result, "the mail program", &answer) < 0)
                answer = NULL;
        DL_DELETE(test->tests->first, test);
        bus_answer_mail_test(test->bus, test->call, is_taken, result->last_line ? result->last_line : answer);
        free(test);
        return 0;
}

/* No event of anybody's: the letter says that somebody tries the way. */
static int compose(const struct deliver_recipient *recipient, const struct wall_clock *clock, char **ret,
                   size_t *ret_size) {
        usec_t now_usec = clock_realtime_usec();
        char token[] = "test0000000000000000";
        const struct telling telling = {
                .event = EVENT_REHEARSAL,
                .happened_usec = now_usec,
                .not_before_usec = now_usec,
        };
        const struct message_item item = { .telling = &telling, .clock = clock };
        const struct message message = { .token = token, .made_usec = now_usec };
        const struct message_view view = { .message = &message, .items = &item, .n_items = 1 };

        (void) snprintf(token, sizeof(token), "test%016llx", (unsigned long long) now_usec);
        return recipient->form->compose(recipient->userdata, &view, ret, ret_size);
}

static int start(struct mail_test *test, const struct config *config, struct zones *zones, const char *address,
                 sd_bus_error *error) {
        _cleanup_(routes_done) struct routes routes = {};
        _cleanup_(free_p) char *letter = NULL;
        struct runner_command command = { .name = "test mail" };
        struct wall_clock clock = { .all_day_sec = config->all_day_sec };
        int r;

        r = zones_get_system(zones, &clock.zone);
        if (r >= 0)
                r = routes_make_test(config, zones, address, &routes);
        if (r == ROUTES_NO_MAIL)
                return sd_bus_error_set(
                        error, SD_BUS_ERROR_NOT_SUPPORTED,
                        "This dosed has no mail settings: add [mail] to dosed.conf, with smtp and from, and reload");
        if (r >= 0)
                r = compose(&routes.deliveries[0], &clock, &letter, &command.input_size);
        if (r == DELIVER_UNCOMPOSABLE)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                         "'%s' is no mail address: name@example.org is", address);
        if (r < 0)
                return r;

        command.arguments = routes.deliveries[0].arguments;
        command.environment = routes.deliveries[0].environment;
        command.timeout_usec = routes.deliveries[0].timeout_usec;
        command.input = letter;
        r = runner_start(test->tests->runner, &command, on_end, test);
        if (r == RUNNER_BUSY)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "Other test mails are under way: try again when they have been answered");
        return r;
}

int mail_tests_send(struct mail_tests *tests, const struct config *config, struct zones *zones, struct bus *bus,
                    const char *address, sd_bus_message *call, sd_bus_error *error) {
        struct mail_test *test = calloc(1, sizeof(*test));
        int r;

        if (!test)
                return -ENOMEM;
        *test = (struct mail_test){ .tests = tests, .bus = bus, .call = call };
        r = start(test, config, zones, address, error);
        if (r < 0) {
                free(test);
                return r;
        }
        DL_APPEND(tests->first, test);
        return 0;
}
