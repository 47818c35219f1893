/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of verbs: what each is called, takes and does. */
#include <limits.h>

#include "ctl/verb.h"

#define ANY UINT_MAX

static const struct verb_option take_options[] = {
        { OPTION_AT, "TIME", "when it was taken, if not now" },
        { OPTION_AMOUNT, "AMOUNT", "how much was taken, if not as planned" },
        { OPTION_MEASUREMENT, "TEXT", "what was measured before (\"6.2 mmol/l\")" },
        { OPTION_BY, "WHO", "who gave it" },
        { OPTION_NOTE, "TEXT", "a note, kept with the dose" },
        { OPTION_FORCE, NULL, "although it is too early, too late or too soon after the last one" },
        { OPTION_AMEND, NULL, "correct what was recorded" },
        {},
};

static const struct verb_option skip_options[] = {
        { OPTION_NOTE, "REASON", "why; then every argument is a WHAT" },
        { OPTION_BY, "WHO", "who decided" },
        { OPTION_AMEND, NULL, "correct what was recorded" },
        {},
};

static const struct verb_option list_options[] = {
        { OPTION_FROM, "TIME", "from this time or day on (today)" },
        { OPTION_UNTIL, "TIME", "up to this time, or the end of this day (tomorrow)" },
        {},
};

static const struct verb_option history_options[] = {
        { OPTION_FROM, "TIME", "from this time or day on (-7d)" },
        { OPTION_UNTIL, "TIME", "up to this time, or the end of this day (now)" },
        {},
};

static const struct verb_option outbox_options[] = {
        { OPTION_ALL, NULL, "also what was delivered, of the last seven days" },
        { OPTION_FROM, "TIME", "also what was delivered, from this time or day on (-7d)" },
        { OPTION_UNTIL, "TIME", "up to this time, or the end of this day (now)" },
        {},
};

static const struct verb_option add_options[] = {
        { OPTION_AT, "TIME,...", "the times of day (08:00,20:00)" },
        { OPTION_DAYS, "DAYS", "only on these days of the week (Mo,We,Fr)" },
        { OPTION_FROM, "DAY", "the first day (today)" },
        { OPTION_FOR, "SPAN", "for so long (10d)" },
        { OPTION_AMOUNT, "AMOUNT", "how much (\"1 tablet\")" },
        { OPTION_NOTE, "TEXT", "instructions (\"with a full glass of water\")" },
        { OPTION_PURPOSE, "TEXT", "what it is for" },
        { OPTION_KIND, "KIND", "prescription, otc, supplement, vitamin or herbal (prescription)" },
        { OPTION_CRITICAL, NULL, "remind every 10 min, and tell the caregivers at once" },
        { OPTION_FORCE, NULL, "although the plan has it at that time already" },
        {},
};

static const struct verb_option preview_options[] = {
        { OPTION_FROM, "TIME", "from this time or day on (now)" },
        { OPTION_UNTIL, "TIME", "up to this time, or the end of this day (30 days later)" },
        { OPTION_TIMEZONE, "ZONE", "the zone of the person (the system's)" },
        { OPTION_ALL_DAY_TIME, "TIME", "when an entry without a time of day is due (08:00)" },
        { OPTION_LIMIT, "N", "end after so many doses" },
        {},
};

static const struct verb_option reload_options[] = {
        { OPTION_QUIET, NULL, "say nothing that names anybody or anything: for logs" },
        {},
};

const struct verb verbs[] = {
        { "status", "", 0, 0, "what is due now, what was taken today, and what comes next", NULL, status_run },
        { "take", "WHAT...", 1, ANY, "records that it was taken", take_options, take_run },
        { "skip", "WHAT [REASON]", 1, ANY, "records that it is left out, and why", skip_options, skip_run },
        { "snooze", "WHAT... [10min]", 1, ANY, "no reminder for so long", NULL, snooze_run },
        { "undo", "WHAT...", 1, ANY, "takes back what was recorded last", NULL, undo_run },
        { "list", "", 0, 0, "the doses of today and tomorrow", list_options, list_run },
        { "history", "", 0, 0, "what became of the doses of the last days", history_options, history_run },
        { "monitor", "", 0, 0, "shows what happens as it happens", NULL, monitor_run },
        { "meds", "", 0, 0, "the list of medications", NULL, meds_run },
        { "add", "NAME|FILE.ics", 1, 1, "adds a medication (--at TIME), or a plan file", add_options, add_run },
        { "edit", "NAME|FILE.ics", 1, 1, "opens the plan file of a medication in VISUAL or EDITOR", NULL, edit_run },
        { "plan", "accept [PERSON]", 1, 2, "believes a plan that lost most of its medications", NULL, plan_run },
        { "reload", "", 0, 0, "reads the configuration and the plan again, at once", reload_options, reload_run },
        { "outbox", "[retry ID|all]", 0, 2, "messages that wait or failed; tries them again", outbox_options,
          outbox_run },
        { "told", "", 0, 0, "what caregivers and hooks were told", history_options, told_run },
        { "rehearse", "", 0, 0, "tells everyone of a pretended dose, to try the way", NULL, rehearse_run },
        { "mail", "test ADDRESS", 2, 2, "sends a test mail, and shows the server's answer", NULL, mail_run },
        { "verify", "FILE...", 1, ANY, "says what is wrong in plan files; needs no dosed", NULL, verify_run },
        { "preview", "FILE...", 1, ANY, "shows the doses of plan files; needs no dosed", preview_options, preview_run },
        { "complete", "verbs|options|meds|doses|people|plan [VERB]", 1, 2, NULL, NULL, complete_run },

        { .name = "setup" },
        { .name = "hold" },
        { .name = "resume" },
        { .name = "stop" },
        { .name = "away" },
        { .name = "restock" },
        { .name = "refill" },
        { .name = "fill" },
        { .name = "changes" },
        { .name = "check" },
        { .name = "finding" },
        { .name = "journal" },
        { .name = "review" },
        { .name = "reconcile" },
        { .name = "report" },
        { .name = "export" },
        { .name = "backup" },
        { .name = "import" },
};

const size_t n_verbs = ELEMENTS(verbs);
