/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One event in one sentence. */
#include "deliver/sentence.h"

#include "dosed/limits.h"

/* "Ana: Lisinopril 10 mg, 1 tablet, due at 08:00", the day only where it is another than that of the event. */
static void put_dose(struct prose *prose, const struct message_item *item, const char *due) {
        prose_dose(prose, item, !item->telling->person);
        if (!item->dose)
                return;
        prose_put(prose, due);
        prose_time_beside(prose, item->dose->due_usec, item->telling->happened_usec, item->clock->zone);
}

static void put_known(struct prose *prose, const struct message_item *item, const char *before, const char *otherwise) {
        const struct dose *dose = item->dose;

        if (dose && dose_is_recorded(dose)) {
                prose_put(prose, before);
                prose_outcome(prose, item, item->telling->happened_usec);
        } else
                prose_put(prose, otherwise);
}

static void put_snoozed(struct prose *prose, const struct message_item *item) {
        prose_put(prose, ", was put off");
        if (!item->dose || item->dose->state != DOSE_SNOOZED)
                return;
        prose_put(prose, " until ");
        prose_time_beside(prose, item->dose->snoozed_until_usec, item->telling->happened_usec, item->clock->zone);
}

void sentence_put(struct prose *prose, const struct message_item *item) {
        if (item->telling->person) {
                (void) prose_put_others(prose, disclosure_name(prose->disclosure, item->telling->person),
                                        LIMIT_TELL_NAME_BYTES);
                prose_put(prose, ": ");
        }

        switch (item->telling->event) {
        case EVENT_DUE:
                put_dose(prose, item, ", is due since ");
                break;
        case EVENT_MISSED:
                put_dose(prose, item, ", due at ");
                prose_put(prose, ", was not confirmed");
                break;
        case EVENT_UNATTENDED:
                put_dose(prose, item, ", due at ");
                prose_put(prose, ": dosed was not looking, and nobody was reminded");
                break;
        case EVENT_TAKEN:
                put_dose(prose, item, ", due at ");
                put_known(prose, item, ": ", ", was recorded as taken");
                break;
        case EVENT_SKIPPED:
                put_dose(prose, item, ", due at ");
                put_known(prose, item, ": ", ", was skipped");
                break;
        case EVENT_SNOOZED:
                put_dose(prose, item, ", due at ");
                put_snoozed(prose, item);
                break;
        case EVENT_ALARM:
                put_dose(prose, item, ", due at ");
                prose_put(prose, ", is not recorded yet");
                break;
        case EVENT_RESOLVED:
                put_dose(prose, item, ", due at ");
                prose_put(prose, ": ");
                prose_outcome(prose, item, item->telling->happened_usec);
                break;
        case EVENT_STOPPED:
                prose_dose(prose, item, !item->telling->person);
                prose_put(prose, ", was not confirmed three times in a row. Was it stopped?");
                break;
        case EVENT_SUMMARY:
                prose_put(prose, "the summary is there");
                break;
        case EVENT_PLAN:
                prose_plan_change(prose, item);
                break;
        case EVENT_STOCK:
                (void) prose_telling_text(prose, item, "a medicine is running low");
                break;
        case EVENT_FINDING:
                (void) prose_telling_text(prose, item, "there is something to ask a pharmacist or doctor");
                break;
        case EVENT_SYMPTOM:
                (void) prose_telling_text(prose, item, "a symptom was written down");
                break;
        case EVENT_DEGRADED:
                if (!item->telling->text || !*item->telling->text)
                        prose_put(prose, "dosed is well again");
                else
                        (void) prose_telling_text(prose, item, "dosed needs somebody to look at it");
                break;
        case EVENT_REHEARSAL:
                prose_put(prose, "this is a rehearsal, nothing has happened");
                break;
        case EVENT_HEARTBEAT:
                prose_put(prose, "dosed plans and tells as it should");
                break;
        case _EVENT_MAX:
                break;
        }
        prose_end_sentence(prose);
}
