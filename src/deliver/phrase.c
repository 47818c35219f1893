/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What letters and hooks say alike of a dose, of what became of it, and of the plan. */
#include <string.h>

#include "deliver/prose.h"
#include "dosed/error.h"
#include "dosed/limits.h"
#include "dosed/text.h"

static const struct {
        const char *kind; /* of CATEGORIES; others are not worth a word */
        const char *word;
        const char *a_dose, *A_dose;
} kinds[] = {
        { "SUPPLEMENT", " (supplement)", NULL, NULL },
        { "VITAMIN", " (vitamin)", NULL, NULL },
        { "HERBAL", " (herbal)", NULL, NULL },
        { "REVIEW", " (a review)", "a review", "A review" },
        { "CHECKIN", " (a check-in)", "a check-in", "A check-in" },
};

static const struct {
        const char *verb; /* as the engine says it, before the medication's name */
        const char *after, *without_name;
} plan_changes[] = {
        { "added", " was added", "a medicine was added" },
        { "changed", " was changed", "a medicine was changed" },
        { "removed", " was taken off the plan", "a medicine was taken off the plan" },
};

void prose_dose(struct prose *prose, const struct message_item *item, bool beginning) {
        const char *a_dose = beginning ? "A dose" : "a dose", *word = "";
        const struct dose *dose = item->dose;

        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (text_equal(kinds[i].kind, item->medication_kind)) {
                        word = kinds[i].word;
                        if (kinds[i].a_dose)
                                a_dose = beginning ? kinds[i].A_dose : kinds[i].a_dose;
                }

        if (!disclosure_names(prose->disclosure, item) ||
            !prose_put_others(prose, dose->title, LIMIT_TELL_NAME_BYTES)) {
                prose_put(prose, a_dose);
                return;
        }
        if (dose->amount && *dose->amount) {
                prose_put(prose, ", ");
                (void) prose_put_others(prose, dose->amount, LIMIT_TELL_NAME_BYTES);
        }
        prose_put(prose, word);
}

static void put_recorder(struct prose *prose, const struct entry *entry) {
        if (entry->given_by && *entry->given_by) {
                prose_put(prose, ", given by ");
                (void) prose_put_others(prose, entry->given_by, LIMIT_TELL_NAME_BYTES);
        }
        if (text_equal(entry->recorded_by, "desktop"))
                prose_put(prose, ", recorded on the screen");
        else if (entry->recorded_by && *entry->recorded_by) {
                prose_put(prose, ", recorded by ");
                (void) prose_put_others(prose, entry->recorded_by, LIMIT_TELL_NAME_BYTES);
        }
}

void prose_reason(struct prose *prose, const struct message_item *item) {
        const struct dose *dose = item->dose;

        if (!disclosure_names(prose->disclosure, item) || !dose->has_recorded || !dose->recorded.note ||
            !*dose->recorded.note)
                return;
        prose_put(prose, ": “");
        (void) prose_put_others(prose, dose->recorded.note, LIMIT_TELL_TEXT_BYTES);
        prose_put(prose, "”");
}

static void put_taken(struct prose *prose, const struct message_item *item, usec_t beside_usec) {
        const struct entry *entry = &item->dose->recorded;

        prose_put(prose, "taken");
        if (!item->dose->has_recorded)
                return;
        if (entry->taken_usec != USEC_NONE) {
                prose_put(prose, " at ");
                prose_time_beside(prose, entry->taken_usec, beside_usec, item->clock->zone);
        }
        put_recorder(prose, entry);
        if (entry->kind == ENTRY_CARRIED)
                prose_put(prose, " for another time of the plan");
        prose_reason(prose, item);
}

static void put_skipped(struct prose *prose, const struct message_item *item) {
        if (dose_is_off_plan(item->dose)) {
                prose_put(prose, "not in the plan any more, nobody waits for it");
                return;
        }
        prose_put(prose, "skipped");
        if (item->dose->has_recorded)
                put_recorder(prose, &item->dose->recorded);
        prose_reason(prose, item);
}

void prose_outcome(struct prose *prose, const struct message_item *item, usec_t at_usec) {
        const struct dose *dose = item->dose;

        if (!dose) {
                prose_put(prose, "not in the ledger any more");
                return;
        }

        switch (dose->state) {
        case DOSE_UPCOMING:
                prose_put(prose, "not due yet");
                break;
        case DOSE_DUE:
        case DOSE_SNOOZED:
                prose_put(prose, "open again, it can be confirmed until ");
                prose_time_beside(prose, dose->window_end_usec, at_usec, item->clock->zone);
                break;
        case DOSE_TAKEN:
                put_taken(prose, item, at_usec);
                break;
        case DOSE_SKIPPED:
                put_skipped(prose, item);
                break;
        case DOSE_MISSED:
                prose_put(prose, "not confirmed");
                break;
        case DOSE_UNATTENDED:
                prose_put(prose, "not known, dosed was not looking");
                break;
        case DOSE_AWAY:
                prose_put(prose, "not counted, the person is away");
                break;
        case DOSE_MOVED:
                prose_put(prose, "moved to another time of the plan");
                break;
        case _DOSE_STATE_MAX:
                break;
        }
}

void prose_plan_change(struct prose *prose, const struct message_item *item) {
        const char *text = item->telling->text ? item->telling->text : "";

        for (size_t i = 0; i < ELEMENTS(plan_changes); i++) {
                size_t size = strlen(plan_changes[i].verb);

                if (strncmp(text, plan_changes[i].verb, size) != 0 || (text[size] != ' ' && text[size] != '\0'))
                        continue;
                if (prose->disclosure->is_full && text[size] == ' ' &&
                    prose_put_others(prose, text + size + 1, LIMIT_TELL_NAME_BYTES))
                        prose_put(prose, plan_changes[i].after);
                else
                        prose_put(prose, plan_changes[i].without_name);
                return;
        }
        (void) prose_telling_text(prose, item, "something was changed");
}

bool prose_telling_text(struct prose *prose, const struct message_item *item, const char *instead) {
        if (prose->disclosure->is_full && prose_put_others(prose, item->telling->text, LIMIT_TELL_TEXT_BYTES))
                return true;
        prose_put(prose, instead);
        return false;
}
