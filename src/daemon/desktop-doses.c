/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's reminded doses as notifications show them. */
#include "daemon/desktop-doses.h"

static int show_dose(void *userdata, const struct dose_view *view) {
        struct reminders *reminders = userdata;
        const struct dose *dose = view->dose;
        usec_t said_usec = dose->reminded_usec == USEC_NONE ? reminders->now_usec : dose->reminded_usec;
        _cleanup_(free_p) char *id = NULL;
        int r;

        r = dose_id(dose, &id);
        if (r < 0)
                return r;
        return reminders_add(reminders, &(struct reminded_dose){
                                                .id = id,
                                                .person = dose->person,
                                                .title = dose->title,
                                                .amount = dose->amount,
                                                .instructions = dose->instructions,
                                                .if_missed = dose->if_missed,
                                                .confidential = view->is_private,
                                                .due_usec = dose->due_usec,
                                                .reminded_usec = dose->reminded_usec,
                                                .due_wall_sec = zone_to_wall(view->clock->zone, dose->due_usec),
                                                .reminded_wall_sec = zone_to_wall(view->clock->zone, said_usec),
                                                .group_usec = view->group_usec,
                                                .taken_before_usec = view->taken_before_usec,
                                                .record_lost = view->record_lost,
                                                .takeable = view->takeable,
                                                .upcoming = dose->state == DOSE_UPCOMING,
                                                .critical = dose->critical,
                                                .asks_amount = dose->asks_amount,
                                                .stands_alone = dose->stands_alone,
                                                .reminders = dose->reminders,
                                        });
}

int desktop_show_doses(struct engine *engine, struct notify *notify, struct hidden_doses *hidden, usec_t now_usec) {
        _cleanup_(reminders_done) struct reminders reminders = {
                .hidden = hidden,
                .now_usec = now_usec,
                .names_people = engine_count_people(engine) > 1,
        };
        int r;

        r = engine_visit_reminded(engine, now_usec, show_dose, &reminders);
        return r < 0 ? r : reminders_show(&reminders, notify);
}
