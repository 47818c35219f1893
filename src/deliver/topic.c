/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to tell, and our words for each. */
#include "deliver/topic.h"

#include "dosed/error.h"
#include "dosed/text.h"

#define WORDS_RESOLVED_TAKEN "Confirmed after all"
#define WORDS_WELL "dosed is well again"
#define WORDS_SUMMARY_DAY "Summary of the day"
#define WORDS_SUMMARY_WEEK "Summary of the week"

/* A dose that nobody confirmed is never called "not taken": nobody knows. */
static const struct topic topics[] = {
        { EVENT_REHEARSAL, "This is a rehearsal", "This is a rehearsal",
          "If nobody had confirmed one of @ doses, it would stand here:",
          "If nobody had confirmed # of @ doses, they would stand here:", NULL, NULL, false },
        { EVENT_MISSED, "A dose was not confirmed", "# doses were not confirmed",
          "Nobody has confirmed one of @ doses:", "Nobody has confirmed # of @ doses:", NULL, NULL, true },
        { EVENT_UNATTENDED, "Nobody was reminded of a dose", "Nobody was reminded of # doses",
          "Nobody was reminded of one of @ doses:", "Nobody was reminded of # of @ doses:",
          "For a while dosed was not running, or the computer was off or asleep. It does not know what was taken in that time.",
          NULL, true },
        { EVENT_SKIPPED, "A dose was skipped", "# doses were skipped",
          "Somebody recorded that one of @ doses was skipped:", "Somebody recorded that # of @ doses were skipped:",
          NULL, NULL, false },
        { EVENT_ALARM, "A reminder of a dose", "Reminders of # doses",
          "As @ plan asks, here is a reminder of a dose:", "As @ plan asks, here is a reminder of # doses:", NULL,
          "When this was written, nobody had recorded it yet.", false },
        { EVENT_RESOLVED, "News of a dose", "News of # doses",
          "You were told of one of @ doses. This is what became of it:",
          "You were told of # of @ doses. This is what became of them:", NULL, NULL, false },
        { EVENT_STOPPED, "Was a medicine stopped?", "Were # medicines stopped?",
          "Three times in a row nobody confirmed one of @ medicines:",
          "Three times in a row nobody confirmed these # of @ medicines:", NULL,
          "Was it stopped? Then please have it taken off the plan, or put on hold there, so that nobody is reminded in "
          "vain. If it was not, please find out why nobody confirms it. From now on it comes with the summary.",
          false },
        { EVENT_FINDING, "Something to ask a pharmacist or doctor", "# things to ask a pharmacist or doctor",
          "Something in @ plan is worth asking a pharmacist or doctor about:",
          "# things in @ plan are worth asking a pharmacist or doctor about:", NULL, NULL, false },
        { EVENT_SYMPTOM, "A symptom was written down", "# symptoms were written down",
          "A symptom was written into @ journal:", "# symptoms were written into @ journal:", NULL, NULL, false },
        { EVENT_STOCK, "A medicine is running low", "# medicines are running low",
          "One of @ medicines is running low:", "# of @ medicines are running low:", NULL, NULL, false },
        { EVENT_DEGRADED, "dosed needs somebody to look at it", "dosed needs somebody to look at it", NULL, NULL, NULL,
          NULL, false },
        { EVENT_DUE, "A dose is due", "# doses are due", "One of @ doses is due:", "# of @ doses are due:", NULL, NULL,
          false },
        { EVENT_SNOOZED, "A dose was put off", "# doses were put off",
          "One of @ doses was put off:", "# of @ doses were put off:", NULL, NULL, false },
        { EVENT_TAKEN, "A dose was taken", "# doses were taken",
          "One of @ doses was recorded as taken:", "# of @ doses were recorded as taken:", NULL, NULL, false },
        { EVENT_SUMMARY, WORDS_SUMMARY_DAY, WORDS_SUMMARY_DAY, NULL, NULL, NULL, NULL, false },
        { EVENT_PLAN, "The plan was changed", "The plan was changed",
          "There were changes to @ plan:", "There were changes to @ plan:", NULL, NULL, false },
        { EVENT_HEARTBEAT, "dosed is well", "dosed is well", NULL, NULL, NULL, NULL, false },
};

_Static_assert(ELEMENTS(topics) == _EVENT_MAX, "an event that nobody has words for");

const struct topic *topic_at(size_t i) {
        return i < ELEMENTS(topics) ? &topics[i] : NULL;
}

const struct topic *topic_of(enum telling_event event) {
        for (size_t i = 0; i < ELEMENTS(topics); i++)
                if (topics[i].event == event)
                        return &topics[i];
        return NULL;
}

/* What was put off for the summary is not what the letter is sent for. */
static bool is_put_off(const struct message_item *item) {
        return item->telling->in_summary && item->telling->event != EVENT_SUMMARY;
}

static const struct topic *gravest_topic(const struct message_view *view, bool put_off) {
        for (size_t i = 0; i < ELEMENTS(topics); i++)
                for (size_t j = 0; j < view->n_items; j++)
                        if (view->items[j].telling->event == topics[i].event && is_put_off(&view->items[j]) == put_off)
                                return &topics[i];
        return NULL;
}

const char *summary_headline(const struct message_view *view) {
        for (size_t i = 0; i < view->n_summaries; i++)
                if (view->summaries[i].until_usec - view->summaries[i].from_usec > 2 * USEC_PER_DAY)
                        return WORDS_SUMMARY_WEEK;
        return WORDS_SUMMARY_DAY;
}

void headline_put(struct prose *prose, const struct message_view *view) {
        const struct topic *topic = gravest_topic(view, false);
        bool put_off = !topic, all_taken = true, all_well = true;
        size_t n = 0, n_critical = 0, n_others = 0;

        if (!topic)
                topic = gravest_topic(view, true);
        if (!topic)
                return;

        for (size_t i = 0; i < view->n_items; i++) {
                const struct message_item *item = &view->items[i];
                const struct dose *dose = item->dose;

                if (is_put_off(item) != put_off)
                        continue;
                if (item->telling->event != topic->event) {
                        n_others++;
                        continue;
                }
                n++;
                n_critical += topic->needs_advice && dose && dose->critical;
                all_taken = all_taken && dose && dose->state == DOSE_TAKEN;
                all_well = all_well && (!item->telling->text || !*item->telling->text);
        }

        if (topic->event == EVENT_RESOLVED && all_taken)
                prose_put(prose, WORDS_RESOLVED_TAKEN);
        else if (topic->event == EVENT_DEGRADED && all_well)
                prose_put(prose, WORDS_WELL);
        else if (topic->event == EVENT_SUMMARY)
                prose_put(prose, summary_headline(view));
        else
                prose_fill(prose, n > 1 ? topic->headline_many : topic->headline, n, NULL);

        if (n_critical > 0 && n == 1)
                prose_put(prose, ", a critical one");
        else if (n_critical > 0)
                prose_fill(prose, n_critical > 1 ? ", # of them critical" : ", one of them critical", n_critical, NULL);
        if (n_others > 0 && topic->event != EVENT_REHEARSAL && topic->event != EVENT_SUMMARY)
                prose_put(prose, ", and more");
}
