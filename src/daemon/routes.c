/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the configuration to programs and forms. */
#include "daemon/routes.h"

#include <string.h>

#include "daemon/mail-program.h"
#include "dosed/hook-event.h"
#include "dosed/letter.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define MAX_VARIABLES 16

/* What one recipient has of its own. */
struct route {
        char *name;
        const char **arguments;
        char *environment[MAX_VARIABLES + 1];
        size_t n_variables;
        struct letter_options letter; /* a caregiver's */
        struct disclosure disclosure; /* a hook's */
};

static void route_done(struct route *route) {
        free(route->name);
        free(route->arguments);
        for (size_t i = 0; i < route->n_variables; i++)
                free(route->environment[i]);
}

void routes_done(struct routes *routes) {
        for (size_t i = 0; i < routes->n_items; i++)
                route_done(&routes->items[i]);
        free(routes->items);
        free(routes->names);
        free(routes->deliveries);
        free(routes->heartbeats);
}

static int compose_letter(void *userdata, const struct message_view *view, char **ret_body, size_t *ret_size) {
        const struct route *route = userdata;
        int r;

        r = letter_compose(view, &route->letter, ret_body, ret_size);
        return r == LETTER_BAD_ADDRESS || r == -EINVAL ? DELIVER_UNCOMPOSABLE : r;
}

static int compose_event(void *userdata, const struct message_view *view, char **ret_body, size_t *ret_size) {
        const struct route *route = userdata;
        _cleanup_(hook_event_done) struct hook_event event = {};
        int r;

        r = hook_event_compose(view, &route->disclosure, &event);
        if (r < 0)
                return r == -EINVAL ? DELIVER_UNCOMPOSABLE : r;
        *ret_body = TAKE(event.json);
        *ret_size = event.json_size;
        return 0;
}

static int describe_event(void *userdata, const struct message_view *view, char ***ret) {
        const struct route *route = userdata;
        _cleanup_(hook_event_done) struct hook_event event = {};
        char **environment;
        int r;

        r = hook_event_compose(view, &route->disclosure, &event);
        if (r < 0)
                return r == -EINVAL ? DELIVER_UNCOMPOSABLE : r;
        environment = calloc(ELEMENTS(event.environment), sizeof(*environment));
        if (!environment)
                return -ENOMEM;
        for (size_t i = 0; i < HOOK_EVENT_VARIABLES; i++)
                environment[i] = TAKE(event.environment[i]);
        *ret = environment;
        return 0;
}

static const struct deliver_form letter_form = { .compose = compose_letter };
static const struct deliver_form event_form = { .compose = compose_event, .describe = describe_event };

/* Nothing where the value is NULL. */
static int add_variable(struct route *route, const char *name, const char *value) {
        int r;

        if (!value)
                return 0;
        if (route->n_variables == MAX_VARIABLES)
                return -E2BIG;
        r = text_format(&route->environment[route->n_variables], "%s=%s", name, value);
        if (r >= 0)
                route->n_variables++;
        return r;
}

static int add_usual_variables(struct route *route, const char *timezone) {
        const char *path = getenv("PATH");
        int r;

        r = add_variable(route, "PATH", path && path[0] != '\0' ? path : "/usr/local/bin:/usr/bin:/bin");
        if (r >= 0)
                r = add_variable(route, "LANG", "C.UTF-8");
        return r < 0 ? r : add_variable(route, "TZ", timezone ? timezone : getenv("TZ"));
}

static int set_arguments(struct route *route, const struct config_words *command) {
        route->arguments = calloc(command->n_items + 1, sizeof(*route->arguments));
        if (!route->arguments)
                return -ENOMEM;
        for (size_t i = 0; i < command->n_items; i++)
                route->arguments[i] = command->items[i];
        return 0;
}

/* The program that was configured instead is given the whole letter, and finds in its own arguments what to do with it. */
static int set_mail_program(struct route *route, const struct config_mail *mail, const char *timezone) {
        const struct {
                const char *name, *value;
        } variables[] = {
                { "CREDENTIALS_DIRECTORY", getenv("CREDENTIALS_DIRECTORY") },
                { "DOSED_MAIL_SERVER", mail->smtp },
                { "DOSED_MAIL_FROM", mail->from },
                { "DOSED_MAIL_USER", mail->user },
                { "DOSED_MAIL_PASSWORD_FILE", mail->password_file },
                { "DOSED_MAIL_CA_FILE", mail->ca_file },
        };
        int r;

        r = add_usual_variables(route, timezone);
        for (size_t i = 0; r >= 0 && i < ELEMENTS(variables); i++)
                r = add_variable(route, variables[i].name, variables[i].value);
        if (r < 0)
                return r;
        if (mail->command.n_items > 0)
                return set_arguments(route, &mail->command);

        route->arguments = calloc(4, sizeof(*route->arguments)); /* and one that a test adds */
        if (!route->arguments)
                return -ENOMEM;
        route->arguments[0] = mail_program();
        route->arguments[1] = "--to-header";
        return 0;
}

static int find_clock(const struct config *config, struct zones *zones, const char *timezone, struct wall_clock *ret) {
        const struct zone *zone;
        int r;

        r = timezone ? zones_get(zones, timezone, &zone) : zones_get_system(zones, &zone);
        if (r != 0)
                return r < 0 ? r : -ENOENT;
        *ret = (struct wall_clock){ .zone = zone, .all_day_sec = config->all_day_sec };
        return 0;
}

/* The domain of whoever writes: unlike this machine's name, it is meant to be seen. */
static const char *domain_of(const char *address) {
        const char *at = strrchr(address, '@');

        return at ? at + 1 : NULL;
}

static void routes_add(struct routes *routes, struct route *route, usec_t timeout_usec,
                       const struct deliver_form *form) {
        routes->deliveries[routes->n_deliveries++] = (struct deliver_recipient){
                .name = route->name,
                .arguments = route->arguments,
                .environment = (const char *const *) route->environment,
                .timeout_usec = timeout_usec,
                .form = form,
                .userdata = route,
        };
}

static int add_caregiver(struct routes *routes, const struct config *config, struct zones *zones,
                         const struct config_caregiver *caregiver) {
        const char *timezone = caregiver->timezone ? caregiver->timezone : config->timezone;
        struct route *route = &routes->items[routes->n_items++];
        struct wall_clock clock;
        int r;

        r = find_clock(config, zones, timezone, &clock);
        if (r >= 0)
                r = text_format(&route->name, "caregiver %s", caregiver->name);
        if (r >= 0)
                r = set_mail_program(route, &config->mail, timezone);
        if (r < 0)
                return r;

        route->letter = (struct letter_options){
                .from_address = config->mail.from,
                .to_address = caregiver->email,
                .to_name = caregiver->title ? caregiver->title : caregiver->name,
                .host = domain_of(config->mail.from),
                .zone = clock.zone,
                .disclosure = { caregiver->detail == DETAIL_FULL, routes->names, config->n_people },
        };
        routes_add(routes, route, LIMIT_MAIL_PROGRAM_SEC * USEC_PER_SEC, &letter_form);
        return 0;
}

static int add_hook(struct routes *routes, const struct config *config, struct zones *zones,
                    const struct config_hook *hook) {
        struct route *route = &routes->items[routes->n_items++];
        struct wall_clock clock;
        int r;

        r = find_clock(config, zones, config->timezone, &clock);
        if (r >= 0)
                r = text_format(&route->name, "hook %s", hook->name);
        if (r >= 0)
                r = set_arguments(route, &hook->command);
        if (r >= 0)
                r = add_usual_variables(route, config->timezone);
        if (r < 0)
                return r;

        route->disclosure = (struct disclosure){ hook->detail == DETAIL_FULL, routes->names, config->n_people };
        routes_add(routes, route, hook->timeout_usec, &event_form);
        if (hook->tells & EVENT_BIT(EVENT_HEARTBEAT))
                routes->heartbeats[routes->n_heartbeats++] = (struct heartbeat_hook){
                        .recipient = routes->deliveries[routes->n_deliveries - 1],
                        .clock = clock,
                        .every_usec = hook->every_usec,
                };
        return 0;
}

static int routes_init(struct routes *routes, const struct config *config, size_t n_recipients) {
        routes->items = calloc(n_recipients + 1, sizeof(*routes->items));
        routes->deliveries = calloc(n_recipients + 1, sizeof(*routes->deliveries));
        routes->heartbeats = calloc(config->n_hooks + 1, sizeof(*routes->heartbeats));
        routes->names = calloc(config->n_people + 1, sizeof(*routes->names));
        return routes->items && routes->deliveries && routes->heartbeats && routes->names ? 0 : -ENOMEM;
}

int routes_make(const struct config *config, struct zones *zones, struct routes *ret) {
        _cleanup_(routes_done) struct routes routes = {};
        int r;

        r = routes_init(&routes, config, config->n_caregivers + config->n_hooks);
        if (r < 0)
                return r;
        for (size_t i = 0; i < config->n_people; i++)
                routes.names[i] = (struct person_name){
                        .person = config->people[i].name,
                        .name = config->people[i].title ? config->people[i].title : config->people[i].name,
                };
        for (size_t i = 0; r >= 0 && i < config->n_caregivers; i++)
                if (config->caregivers[i].email && config->mail.from)
                        r = add_caregiver(&routes, config, zones, &config->caregivers[i]);
        for (size_t i = 0; r >= 0 && i < config->n_hooks; i++)
                r = add_hook(&routes, config, zones, &config->hooks[i]);
        if (r < 0)
                return r;

        *ret = routes;
        routes = (struct routes){};
        return 0;
}

int routes_make_test(const struct config *config, struct zones *zones, const char *address, struct routes *ret) {
        const struct config_caregiver caregiver = { .name = (char *) "", .email = (char *) address };
        _cleanup_(routes_done) struct routes routes = {};
        int r;

        if (!config->mail.from)
                return ROUTES_NO_MAIL;
        r = routes_init(&routes, config, 1);
        if (r >= 0)
                r = add_caregiver(&routes, config, zones, &caregiver);
        if (r < 0)
                return r;
        if (config->mail.command.n_items == 0)
                routes.items[0].arguments[2] = "--verbose";

        *ret = routes;
        routes = (struct routes){};
        return 0;
}
