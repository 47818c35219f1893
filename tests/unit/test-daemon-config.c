/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed.conf: what it means, what means the same, and whom the engine tells by it. */
#include "config-world.h"
#include "daemon/recipients.h"

#define NO_USE(key) \
        "warning: nothing comes of " key " but in dosed --system: here, whoever is logged in may do everything\n"

static void read_odd(const char *text, struct config *ret, const char *expect) {
        _cleanup_(free_p) char *problems = problems_of(text, ret);

        assert_string_equal(problems, expect);
}

static void read_good(const char *text, struct config *ret) {
        read_odd(text, ret, "");
}

static void every_key_is_understood(void **state) {
        _cleanup_(config_done) struct config config = {};
        const struct config_person *ana;
        const struct config_caregiver *maria;
        const struct config_hook *ntfy;

        (void) state;
        read_odd("[dosed]\ntimezone = Europe/Lisbon\nall-day-time = 09:30\nremind-every = 20min\nsnooze = 15min\n"
                  "window-min = 1h\nwindow-max = 3h\nsettle = 5s\n"
                  "[person ana]\nname = Avó Ana\ncalendars = ~/plans/\n  /srv/ana\ncategory = Medicine\nusers = ana, root\n"
                  "timezone = UTC\ncaregivers = maria ,\n  hugo\nquiet = 22:00-07:00\n"
                  "[person bruno]\ncaregivers = none\n"
                  "[caregiver maria]\nname = Maria\nemail = m.a+b@mail.example.org\nuser = maria\nmay = record\n"
                  "after = 45min\ntell = missed, skipped plan\ndetail = full\nquiet = 23:30 - 06:00\nsummary = weekly Mon\n"
                  "summary-at = 18:15\ntimezone = Asia/Tokyo\n"
                  "[caregiver hugo]\ntell = none\nuser = hugo\n"
                  "[mail]\nfrom = dosed@example.org\nsmtp = smtps://[2001:db8::1]:465/\nuser = u\npassword-file = /etc/p\n"
                  "ca-file = ~/ca.pem\n"
                  "[hook ntfy]\non = missed heartbeat\non = taken\ncommand = /usr/bin/x 'a b' \"c \\\" d\" e\\ f\n  g ; comment\n"
                  "people = bruno\ndetail = full\ntimeout = 5s\nevery = 2min\n",
                  &config, "14 " NO_USE("users") "24 " NO_USE("user") "35 " NO_USE("user"));
        assert_string_equal(config.timezone, "Europe/Lisbon");
        assert_int_equal(config.all_day_sec, 9 * 3600 + 1800);
        assert_int_equal(config.remind_every_usec, 20 * USEC_PER_MINUTE);
        assert_int_equal(config.snooze_usec, 15 * USEC_PER_MINUTE);
        assert_int_equal(config.window_min_usec, USEC_PER_HOUR);
        assert_int_equal(config.window_max_usec, 3 * USEC_PER_HOUR);
        assert_int_equal(config.settle_usec, 5 * USEC_PER_SEC);

        assert_int_equal(config.n_people, 2);
        ana = config_find_person(&config, "ana");
        assert_string_equal(ana->title, "Avó Ana");
        assert_int_equal(ana->folders.n_items, 2);
        assert_string_equal(ana->folders.items[0], "/home/ana/plans");
        assert_string_equal(ana->folders.items[1], "/srv/ana");
        assert_string_equal(ana->category, "Medicine");
        assert_int_equal(ana->users.n_items, 2);
        assert_string_equal(ana->timezone, "UTC");
        assert_int_equal(ana->caregivers.n_items, 2);
        assert_string_equal(ana->caregivers.items[1], "hugo");
        assert_int_equal(ana->quiet.from_sec, 22 * 3600);
        assert_int_equal(ana->quiet.until_sec, 7 * 3600);
        assert_int_equal(config_find_person(&config, "bruno")->caregivers.n_items, 0);
        assert_string_equal(config_find_person(&config, "bruno")->folders.items[0], "/plans/bruno");

        maria = config_find_caregiver(&config, "maria");
        assert_string_equal(maria->title, "Maria");
        assert_string_equal(maria->email, "m.a+b@mail.example.org");
        assert_string_equal(maria->user, "maria");
        assert_int_equal(maria->may, RIGHT_RECORD);
        assert_int_equal(maria->after_usec, 45 * USEC_PER_MINUTE);
        assert_int_equal(maria->detail, DETAIL_FULL);
        assert_int_equal(maria->tells, EVENT_BIT(EVENT_MISSED) | EVENT_BIT(EVENT_UNATTENDED) | EVENT_BIT(EVENT_RESOLVED) |
                                               EVENT_BIT(EVENT_STOPPED) | EVENT_BIT(EVENT_SKIPPED) |
                                               EVENT_BIT(EVENT_PLAN) | EVENT_BIT(EVENT_SUMMARY));
        assert_int_equal(maria->quiet.from_sec, 23 * 3600 + 1800);
        assert_int_equal(maria->summary.kind, SUMMARY_WEEKLY);
        assert_int_equal(maria->summary.weekday, 1);
        assert_int_equal(maria->summary_sec, 18 * 3600 + 900);
        assert_string_equal(maria->timezone, "Asia/Tokyo");
        assert_int_equal(config_find_caregiver(&config, "hugo")->tells, 0);
        assert_int_equal(config_find_caregiver(&config, "hugo")->may, RIGHT_VIEW);

        assert_string_equal(config.mail.from, "dosed@example.org");
        assert_string_equal(config.mail.smtp, "smtps://[2001:db8::1]:465");
        assert_string_equal(config.mail.user, "u");
        assert_string_equal(config.mail.password_file, "/etc/p");
        assert_string_equal(config.mail.ca_file, "/home/ana/ca.pem");
        assert_int_equal(config.mail.command.n_items, 0);

        ntfy = config_find_hook(&config, "ntfy");
        assert_int_equal(ntfy->tells, EVENT_BIT(EVENT_MISSED) | EVENT_BIT(EVENT_UNATTENDED) | EVENT_BIT(EVENT_RESOLVED) |
                                              EVENT_BIT(EVENT_HEARTBEAT) | EVENT_BIT(EVENT_TAKEN));
        assert_int_equal(ntfy->command.n_items, 5);
        assert_string_equal(ntfy->command.items[1], "a b");
        assert_string_equal(ntfy->command.items[2], "c \" d");
        assert_string_equal(ntfy->command.items[3], "e f");
        assert_string_equal(ntfy->command.items[4], "g");
        assert_string_equal(ntfy->people.items[0], "bruno");
        assert_int_equal(ntfy->detail, DETAIL_FULL);
        assert_int_equal(ntfy->timeout_usec, 5 * USEC_PER_SEC);
        assert_int_equal(ntfy->every_usec, 2 * USEC_PER_MINUTE);
}

static void without_a_word_everything_has_its_default(void **state) {
        _cleanup_(config_done) struct config config = {};

        (void) state;
        read_good(MARIA MAIL "[hook log]\non = taken\ncommand = /bin/log\n", &config);
        assert_int_equal(config.all_day_sec, 8 * 3600);
        assert_int_equal(config.remind_every_usec, USEC_PER_HOUR);
        assert_int_equal(config.snooze_usec, 10 * USEC_PER_MINUTE);
        assert_int_equal(config.window_min_usec, 30 * USEC_PER_MINUTE);
        assert_int_equal(config.window_max_usec, 4 * USEC_PER_HOUR);
        assert_int_equal(config.settle_usec, 10 * USEC_PER_SEC);
        assert_string_equal(config.people[0].name, "ana");
        assert_string_equal(config.people[0].folders.items[0], "/plans");
        assert_string_equal(config.people[0].caregivers.items[0], "maria"); /* of the only person */
        assert_int_equal(config.caregivers[0].after_usec, 0);
        assert_int_equal(config.caregivers[0].detail, DETAIL_MINIMAL);
        assert_int_equal(config.caregivers[0].may, RIGHT_NONE);
        assert_int_equal(config.caregivers[0].summary.kind, SUMMARY_NONE);
        assert_int_equal(config.caregivers[0].summary_sec, 19 * 3600);
        assert_true(config.caregivers[0].tells & EVENT_BIT(EVENT_MISSED));
        assert_true(config.caregivers[0].tells & EVENT_BIT(EVENT_UNATTENDED));
        assert_false(config.caregivers[0].tells & EVENT_BIT(EVENT_SKIPPED));
        assert_int_equal(config.hooks[0].timeout_usec, 30 * USEC_PER_SEC);
        assert_int_equal(config.hooks[0].every_usec, 5 * USEC_PER_MINUTE);
        assert_int_equal(config.hooks[0].detail, DETAIL_MINIMAL);
}

static void nobody_goes_without_saying_in_a_household(void **state) {
        _cleanup_(config_done) struct config config = {};
        _cleanup_(free_p) char *problems = problems_at(&household, "", &config);

        (void) state;
        assert_int_equal(config.n_people, 0);
        config_done(&config);
        free(problems);
        problems = problems_at(&household, "[person ana]\n", &config);
        assert_string_equal(config.people[0].folders.items[0], "/plans/ana");
}

/* A later file is a drop-in; the marks are those that the kept text has between them. */
#define DROP_IN "# a drop-in was there\n"

static void a_drop_in_replaces_and_lists_add_up(void **state) {
        _cleanup_(config_done) struct config config = {};

        (void) state;
        read_odd("[dosed]\nsnooze = 5min\n[person ana]\nusers = ana\n[hook x]\non = due\ncommand = /x a\n  b\n" DROP_IN
                  "[dosed]\nsnooze = 6min\n[person ana]\nusers = root\n[hook x]\non = taken\ncommand = /y\n",
                 &config, "4 " NO_USE("users"));
        assert_int_equal(config.snooze_usec, 6 * USEC_PER_MINUTE);
        assert_int_equal(config.people[0].users.n_items, 2);
        assert_int_equal(config.hooks[0].tells, EVENT_BIT(EVENT_DUE) | EVENT_BIT(EVENT_TAKEN));
        assert_int_equal(config.hooks[0].command.n_items, 1);
        assert_string_equal(config.hooks[0].command.items[0], "/y");
}

static void equal_is_what_says_the_same(void **state) {
        static const char *const others[] = {
                "[dosed]\nsnooze = 6min\n" MARIA MAIL, "[dosed]\n" MARIA MAIL, "[dosed]\nsnooze = 5min\n" MARIA "after = 1h\n" MAIL,
                "[dosed]\nsnooze = 5min\n[caregiver mario]\nemail = maria@example.org\n" MAIL,
                "[dosed]\nsnooze = 5min\n" MARIA MAIL "[person ana]\n",
        };
        _cleanup_(config_done) struct config config = {}, same = {}, again = {};

        (void) state;
        read_good("[dosed]\nsnooze = 5min\n" MARIA MAIL, &config);
        read_good("# a comment\n[ dosed ]\n\nsnooze=5min ; five\n" MARIA "\n" MAIL, &same);
        assert_true(config_equal(&config, &same));
        read_good(config.text, &again);
        assert_string_equal(config.meaning, again.meaning);
        for (size_t i = 0; i < ELEMENTS(others); i++) {
                _cleanup_(config_done) struct config other = {};

                read_good(others[i], &other);
                assert_false(config_equal(&config, &other));
        }
}

static void the_engine_gets_those_who_are_told(void **state) {
        _cleanup_(recipients_done) struct recipients recipients = {};
        _cleanup_(config_done) struct config config = {};
        _cleanup_(zones_free_p) struct zones *zones = NULL;
        const struct engine_recipient *maria, *rui, *hook;

        (void) state;
        read_good("[dosed]\ntimezone = Europe/Lisbon\n[person ana]\ncaregivers = maria, rui, hugo\n[person bruno]\n"
                  "caregivers = maria\n" MARIA "after = 1h\nquiet = 22:00-07:00\nsummary = daily\ntimezone = Asia/Tokyo\n"
                  "[caregiver hugo]\ntell = none\n[caregiver rui]\ntell = none\nemail = rui@example.org\n" MAIL
                  "[hook all]\non = due\ncommand = /x\n[hook one]\non = taken\ncommand = /x\npeople = bruno\n",
                  &config);
        assert_int_equal(zones_new(NULL, &zones), 0);
        assert_int_equal(recipients_build(&config, zones, &recipients), 0);
        assert_int_equal(recipients.n_items, 4);

        maria = &recipients.items[0];
        assert_string_equal(maria->name, "caregiver maria");
        assert_int_equal(maria->kind, RECIPIENT_CAREGIVER);
        assert_string_equal(maria->email, "maria@example.org");
        assert_int_equal(maria->tells, config.caregivers[0].tells);
        assert_int_equal(maria->n_people, 2);
        assert_string_equal(maria->people[0], "ana");
        assert_string_equal(maria->people[1], "bruno");
        assert_int_equal(maria->after_usec, USEC_PER_HOUR);
        assert_string_equal(zone_name(maria->clock.zone), "Asia/Tokyo");
        assert_int_equal(maria->quiet.from_sec, 22 * 3600);
        assert_int_equal(maria->summary, SUMMARY_DAILY);
        assert_int_equal(maria->summary_sec, 19 * 3600);

        rui = &recipients.items[1];
        assert_string_equal(rui->name, "caregiver rui");
        assert_int_equal(rui->tells, 0); /* but the plan may address them */
        assert_int_equal(rui->n_people, 1);
        assert_string_equal(rui->people[0], "ana");
        assert_string_equal(zone_name(rui->clock.zone), "Europe/Lisbon");

        hook = &recipients.items[2];
        assert_string_equal(hook->name, "hook all");
        assert_int_equal(hook->kind, RECIPIENT_HOOK);
        assert_null(hook->people);
        assert_int_equal(recipients.items[3].n_people, 1);
        assert_string_equal(recipients.items[3].people[0], "bruno");
}

/* Without a list a recipient would be told of everybody. */
static void a_caregiver_of_nobody_is_told_of_nobody(void **state) {
        _cleanup_(recipients_done) struct recipients recipients = {};
        _cleanup_(config_done) struct config config = {};
        _cleanup_(zones_free_p) struct zones *zones = NULL;
        _cleanup_(free_p) char *problems = problems_of("[person ana]\ncaregivers = none\n" MARIA MAIL, &config);

        (void) state;
        assert_int_equal(zones_new(NULL, &zones), 0);
        assert_int_equal(recipients_build(&config, zones, &recipients), 0);
        assert_int_equal(recipients.n_items, 1);
        assert_non_null(recipients.items[0].people);
        assert_int_equal(recipients.items[0].n_people, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_key_is_understood),
                cmocka_unit_test(without_a_word_everything_has_its_default),
                cmocka_unit_test(nobody_goes_without_saying_in_a_household),
                cmocka_unit_test(a_drop_in_replaces_and_lists_add_up),
                cmocka_unit_test(equal_is_what_says_the_same),
                cmocka_unit_test(the_engine_gets_those_who_are_told),
                cmocka_unit_test(a_caregiver_of_nobody_is_told_of_nobody),
        };

        return cmocka_run_group_tests_name("configuration", tests, NULL, NULL);
}
