/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caregivers and hooks as the engine takes them. */
#include "daemon/recipients.h"

#include <string.h>

#include "dosed/text.h"

void recipients_done(struct recipients *recipients) {
        for (size_t i = 0; i < recipients->n_items; i++) {
                free((char *) recipients->items[i].name);
                free((void *) recipients->items[i].people);
                free((char *) recipients->items[i].way);
        }
        free(recipients->items);
        *recipients = (struct recipients){};
}

static int find_clock(const struct config *config, struct zones *zones, const char *timezone, struct wall_clock *ret) {
        const struct zone *zone;
        int r;

        if (!timezone)
                timezone = config->timezone;
        r = timezone ? zones_get(zones, timezone, &zone) : zones_get_system(zones, &zone);
        if (r != 0)
                return r < 0 ? r : -ENOENT; /* it was there when the configuration was read */
        *ret = (struct wall_clock){ .zone = zone, .all_day_sec = config->all_day_sec };
        return 0;
}

/* Those who name the caregiver; an array also where there is nobody, since without one a recipient is told of everybody. */
static int list_people(const struct config *config, const char *caregiver, struct engine_recipient *recipient) {
        const char **people = calloc(config->n_people + 1, sizeof(*people));

        if (!people)
                return -ENOMEM;
        for (size_t i = 0; i < config->n_people; i++) {
                const struct config_words *caregivers = &config->people[i].caregivers;

                for (size_t j = 0; j < caregivers->n_items; j++)
                        if (strcmp(caregivers->items[j], caregiver) == 0)
                                people[recipient->n_people++] = config->people[i].name;
        }
        recipient->people = people;
        return 0;
}

static int fill_caregiver(const struct config *config, struct zones *zones, const struct config_caregiver *caregiver,
                          struct engine_recipient *recipient) {
        char *name, *way;
        int r;

        *recipient = (struct engine_recipient){
                .kind = RECIPIENT_CAREGIVER,
                .tells = caregiver->tells,
                .email = caregiver->email,
                .after_usec = caregiver->after_usec,
                .quiet = caregiver->quiet,
                .summary = caregiver->summary.kind,
                .summary_sec = caregiver->summary_sec,
                .summary_weekday = caregiver->summary.weekday,
        };
        r = text_format(&name, "caregiver %s", caregiver->name);
        if (r < 0)
                return r;
        recipient->name = name;
        r = text_format(&way, "%s, %s", caregiver->email ? caregiver->email : "",
                        caregiver->detail == DETAIL_FULL ? "full" : "minimal");
        if (r < 0)
                return r;
        recipient->way = way;
        r = list_people(config, caregiver->name, recipient);
        return r < 0 ? r : find_clock(config, zones, caregiver->timezone, &recipient->clock);
}

/* All that decides who reads it: the program, its arguments, and how much it is told. */
static int way_of_hook(const struct config_hook *hook, char **ret) {
        _cleanup_(free_p) char *way = NULL;
        int r = text_copy(hook->detail == DETAIL_FULL ? "full" : "minimal", &way);

        for (size_t i = 0; r >= 0 && i < hook->command.n_items; i++) {
                char *longer;

                r = text_format(&longer, "%s %s", way, hook->command.items[i]);
                if (r >= 0) {
                        free(way);
                        way = longer;
                }
        }
        if (r >= 0)
                *ret = TAKE(way);
        return r;
}

static int fill_hook(const struct config *config, struct zones *zones, const struct config_hook *hook,
                     struct engine_recipient *recipient) {
        const char **people = NULL;
        char *name, *way;
        int r;

        *recipient = (struct engine_recipient){ .kind = RECIPIENT_HOOK, .tells = hook->tells };
        r = text_format(&name, "hook %s", hook->name);
        if (r < 0)
                return r;
        recipient->name = name;
        r = way_of_hook(hook, &way);
        if (r < 0)
                return r;
        recipient->way = way;
        if (hook->people.n_items > 0) {
                people = calloc(hook->people.n_items, sizeof(*people));
                if (!people)
                        return -ENOMEM;
                for (size_t i = 0; i < hook->people.n_items; i++)
                        people[i] = hook->people.items[i];
                recipient->n_people = hook->people.n_items;
        }
        recipient->people = people;
        return find_clock(config, zones, NULL, &recipient->clock);
}

/* Who asked for nothing is still mailed what the plan itself addresses to them. */
static bool is_told(const struct config *config, const struct config_caregiver *caregiver) {
        return caregiver->tells != 0 || (caregiver->email && config->mail.from);
}

int recipients_build(const struct config *config, struct zones *zones, struct recipients *ret) {
        _cleanup_(recipients_done) struct recipients recipients = {};
        int r = 0;

        recipients.items = calloc(config->n_caregivers + config->n_hooks + 1, sizeof(*recipients.items));
        if (!recipients.items)
                return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < config->n_caregivers; i++)
                if (is_told(config, &config->caregivers[i]))
                        r = fill_caregiver(config, zones, &config->caregivers[i],
                                           &recipients.items[recipients.n_items++]);
        for (size_t i = 0; r >= 0 && i < config->n_hooks; i++)
                r = fill_hook(config, zones, &config->hooks[i], &recipients.items[recipients.n_items++]);
        if (r < 0)
                return r;

        *ret = recipients;
        recipients = (struct recipients){};
        return 0;
}
