/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the configuration, the engine and the room that delivers. */
#include "daemon/courier.h"

#include <string.h>

#include "daemon/routes.h"
#include "dosed/log.h"
#include "dosed/text.h"

#define HEARTBEAT_KEY "heartbeat of "
#define FAILURES_SEEN 3u /* heartbeats in a row: a network that is down for a moment is nobody's trouble */

struct courier {
        struct engine *engine;
        struct deliver *deliver;
        struct heartbeat *heartbeat;
        struct routes routes;
        void (*acted)(void *userdata);
        void *userdata;
};

static usec_t now(void *userdata) {
        (void) userdata;
        return clock_realtime_usec();
}

static void acted(void *userdata) {
        struct courier *courier = userdata;

        courier->acted(courier->userdata);
}

/* Whatever of dosed must work for doses to be reminded of and told of. A plan file that is broken is told otherwise. */
static bool is_healthy(void *userdata) {
        static const char *const keys[] = { "clock", "store", "store-open", "ledger" };
        const struct courier *courier = userdata;

        for (size_t i = 0; i < engine_count_degraded(courier->engine); i++)
                for (size_t j = 0; j < ELEMENTS(keys); j++)
                        if (strcmp(engine_degraded_key(courier->engine, i), keys[j]) == 0)
                                return false;
        return engine_delivers(courier->engine);
}

static int set_heartbeat_degraded(struct courier *courier, const char *name, const char *text) {
        _cleanup_(free_p) char *key = NULL;
        int r;

        r = text_format(&key, HEARTBEAT_KEY "%s", name);
        if (r >= 0)
                r = engine_set_degraded(courier->engine, key, text);
        if (r >= 0)
                courier->acted(courier->userdata);
        return r;
}

/* Which hook it is goes over the bus: its name is nobody's business. */
static int on_heartbeat(void *userdata, const char *name, enum delivery ending, const char *answer,
                        unsigned n_failures) {
        struct courier *courier = userdata;
        _cleanup_(free_p) char *text = NULL;
        int r;

        if (ending == DELIVERY_DONE)
                return set_heartbeat_degraded(courier, name, NULL);
        if (n_failures < FAILURES_SEEN && ending != DELIVERY_NEVER)
                return 0;
        r = text_format(&text, "The heartbeat of %s does not go out: %s", name, answer ? answer : "no reason is known");
        return r < 0 ? r : set_heartbeat_degraded(courier, name, text);
}

static const struct deliver_host deliver_host = { .now = now, .acted = acted };
static const struct heartbeat_host heartbeat_host = { .now = now, .is_healthy = is_healthy, .ended = on_heartbeat };

static bool has_heartbeat(const struct routes *routes, const char *name) {
        for (size_t i = 0; i < routes->n_heartbeats; i++)
                if (strcmp(routes->heartbeats[i].recipient.name, name) == 0)
                        return true;
        return false;
}

/* Of a hook that is no more, nothing is wrong. */
static int forget_heartbeats(struct courier *courier, const struct routes *old) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < old->n_heartbeats; i++)
                if (!has_heartbeat(&courier->routes, old->heartbeats[i].recipient.name))
                        r = set_heartbeat_degraded(courier, old->heartbeats[i].recipient.name, NULL);
        return r;
}

int courier_apply(struct courier *courier, const struct config *config, struct zones *zones) {
        _cleanup_(routes_done) struct routes old = {};
        struct routes routes;
        int r;

        r = routes_make(config, zones, &routes);
        if (r < 0)
                return r;
        /* The former ones are in use until both have been told of these. */
        old = courier->routes;
        courier->routes = routes;
        r = deliver_set(courier->deliver, routes.deliveries, routes.n_deliveries);
        if (r >= 0)
                r = heartbeat_set(courier->heartbeat, routes.heartbeats, routes.n_heartbeats);
        return r < 0 ? r : forget_heartbeats(courier, &old);
}

int courier_pump(struct courier *courier) {
        return deliver_pump(courier->deliver);
}

int courier_look(struct courier *courier) {
        return heartbeat_look(courier->heartbeat);
}

int courier_new(sd_event *event, struct engine *engine, void (*acted_handler)(void *userdata), void *userdata,
                struct courier **ret) {
        _cleanup_(courier_free_p) struct courier *courier = calloc(1, sizeof(*courier));
        int r;

        if (!courier)
                return -ENOMEM;
        courier->engine = engine;
        courier->acted = acted_handler;
        courier->userdata = userdata;
        r = deliver_new(event, engine, &deliver_host, courier, &courier->deliver);
        if (r >= 0)
                r = heartbeat_new(event, &heartbeat_host, courier, &courier->heartbeat);
        if (r < 0)
                return r;

        *ret = TAKE(courier);
        return 0;
}

struct courier *courier_free(struct courier *courier) {
        if (!courier)
                return NULL;

        deliver_free(courier->deliver);
        heartbeat_free(courier->heartbeat);
        routes_done(&courier->routes);
        free(courier);
        return NULL;
}
