/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed.conf: what it means, what is refused and in which words, and whom the engine tells by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/recipients.h"
#include "dosed/limits.h"
#include "dosed/text.h"

static const struct config_places places = {
        .file = "dosed.conf", .calendars = "/plans", .home = "/home/ana", .user = "ana",
};
static const struct config_places household = {
        .file = "dosed.conf", .calendars = "/plans", .home = "/var/lib/dosed", .is_system = true,
        .looks_around = true,
};

#define NO_USE(key) "warning: nothing comes of " key " but in dosed --system: here, whoever is logged in may do everything\n"

#define MAIL "[mail]\nfrom = dosed@example.org\nsmtp = smtp://localhost\n"
#define MARIA "[caregiver maria]\nemail = maria@example.org\n"

/* Every problem as "LINE severity: text", a line each. */
static char *problems_at(const struct config_places *at, const char *text, struct config *ret) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(config_done) struct config config = {};
        char *all = NULL;
        size_t size;
        FILE *stream = open_memstream(&all, &size);
        int r;

        assert_non_null(stream);
        r = config_parse(at, text, &config, &problems);
        assert_int_equal(r, problems.n_errors > 0 ? CONFIG_INVALID : 0);
        for (size_t i = 0; i < problems.n_items; i++) {
                assert_string_equal(problems.items[i].file, "dosed.conf");
                (void) fprintf(stream, "%u %s: %s\n", problems.items[i].line,
                               severity_to_string(problems.items[i].severity), problems.items[i].text);
        }
        assert_int_equal(fclose(stream), 0);
        if (ret) {
                assert_int_equal(r, 0);
                *ret = config;
                config = (struct config){};
        }
        return all;
}

static char *problems_of(const char *text, struct config *ret) {
        return problems_at(&places, text, ret);
}

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

/* What is wrong, where, and words that say what to do. */
static const struct {
        const char *text, *expect;
} bad[] = {
        { "timezone = UTC\n", "1 error: 'timezone' stands in no section: put it below [dosed]" },
        { "[dosed]\nfoo\n", "2 error: the line is neither [section] nor key = value" },
        { "[dosed]\nsnooze =\n", "2 error: snooze has no value" },
        { "[dosed]\nremind-evry = 1h\n", "2 error: there is no key 'remind-evry' in [dosed] in this version; did you mean 'remind-every'?" },
        { "[dosed]\nmelody = loud\n", "2 error: there is no key 'melody' in [dosed] in this version: see dosed.conf(5)" },
        { "[peron ana]\n", "1 error: there is no section [peron] in this version: [dosed], [person NAME], [caregiver NAME], [mail] and [hook NAME] are known; did you mean 'person'?" },
        { "[person]\n", "1 error: [person] needs a name: write it as [person NAME]" },
        { "[mail home]\n", "1 error: [mail] has no name: write it as [mail]" },
        { "[person a/b]\n", "1 error: 'a/b' cannot be a person's name" },
        { "[caregiver a,b]\n", "1 error: 'a,b' cannot be a caregiver's name: no comma" },
        { "[caregiver none]\n", "1 error: 'none' cannot be a caregiver's name" },
        { "[person \xe2\x80\xae" "ana]\n", "1 error: 'ana' cannot be a person's name" },
        { "[dosed]\nsnooze = 5min\nsnooze = 6min\n", "3 error: snooze was given in line 2 already: keep one of them" },
        { "[dosed]\nsnooze = 5min\n  timezone = UTC\n", "3 error: the line begins with a blank, so it would continue snooze: begin it at the margin" },
        { "[hook x]\non = due\ncommand = /x\n  timeout = 5s\n", "4 error: the line begins with a blank, so it would continue command" },
        { "[dosed]\nsnooze = \x1b[31m\n", "2 error: snooze has a control character in its value: take it out" },
        { "[dosed]\ntimezone = Europe/Lisboa\n", "2 error: timezone: there is no time zone 'Europe/Lisboa': write it as in /usr/share/zoneinfo" },
        { "[dosed]\ntimezone = ../../etc/passwd\n", "2 error: timezone: there is no time zone" },
        { "[dosed]\nall-day-time = 24:00\n", "2 error: all-day-time '24:00' is no time of day: write it as 08:00" },
        { "[dosed]\nall-day-time = +8:00\n", "2 error: all-day-time '+8:00' is no time of day" },
        { "[dosed]\nsnooze = soon\n", "2 error: snooze 'soon' is no span of time: write it as 10min or 30s" },
        { "[dosed]\nsnooze = 5s\n", "2 error: snooze '5s' is out of range: it can be from 1 min to 24 h" },
        { "[dosed]\nsettle = 0\n", "2 error: settle '0' is no span of time" },
        { "[dosed]\nremind-every = 1min\n", "2 error: remind-every '1min' is out of range: it can be from 5 min to 24 h" },
        { "[dosed]\nwindow-min = 5h\n", "2 error: window-min is longer than window-max" },
        { "[dosed]\nwindow-max = 10min\n", "2 error: window-min is longer than window-max" },
        { "[person ana]\nquiet = 22:00\n", "2 error: quiet '22:00' is no span of the day: write it as 22:00-07:00, or none" },
        { "[person ana]\nquiet = 22:00-07:00h\n", "2 error: quiet '22:00-07:00h' is no span of the day" },
        { "[person ana]\nquiet = 07:00-07:00\n", "2 error: quiet '07:00-07:00' ends when it begins: write none" },
        { "[person ana]\ncalendars = plans\n", "2 error: calendars 'plans' must be a folder's full path, or begin with ~/" },
        { "[person ana]\nusers = ana bruno\n", "2 error: users: 'ana bruno' cannot be the name of a Unix user" },
        { "[person ana]\nusers = 1000\n", "2 error: users: '1000' cannot be the name of a Unix user" },
        { "[person ana]\ntimes = breakfast\n", "2 error: times: 'breakfast' is no name with a time of day: write it as breakfast = 08:00" },
        { "[person ana]\ntimes = noon 12:00\n", "2 error: times: 'noon 12:00' is no name with a time of day" },
        { "[person ana]\ntimes = a = 08:00, a = 09:00\n", "2 error: times: 'a' was given already: keep one of them" },
        { "[person ana]\ncaregivers = mria\n" MARIA MAIL, "2 error: caregivers: there is no [caregiver mria]: add it, or take the name out; did you mean 'maria'?" },
        { "[person ana]\ncaregivers = none, maria\n" MARIA MAIL, "2 error: caregivers has both none and somebody" },
        { "[caregiver maria]\n" MAIL, "1 error: [caregiver maria] has no email to be told at: add email =, or tell = none" },
        { MARIA, "2 error: mail cannot be sent before [mail] says from whom: add from =" },
        { MARIA, "2 error: mail cannot be sent before [mail] says how: add smtp = smtp://localhost" },
        { "[mail]\nsmtp = smtp://localhost\n", "1 error: mail cannot be sent before [mail] says from whom" },
        { "[mail]\nfrom = a@b\n", "1 error: mail cannot be sent before [mail] says how" },
        { MARIA "after = 25h\n" MAIL, "3 error: after '25h' is out of range: it can be from 0 s to 24 h" },
        { MARIA "detail = ful\n" MAIL, "3 error: detail 'ful' is not known: write minimal or full; did you mean 'full'?" },
        { MARIA "may = admin\n" MAIL, "3 error: may 'admin' is not known: write none, view, record or manage" },
        { MARIA "tell = mised\n" MAIL, "3 error: tell: 'mised' is nothing that is told: write some of missed, unattended, skipped, plan, stock, finding, symptom, summary, degraded; did you mean 'missed'?" },
        { MARIA "tell = heartbeat\n" MAIL, "3 error: tell: 'heartbeat' is nothing that is told" },
        { MARIA "summary = weekly someday\n" MAIL, "3 error: summary 'weekly someday' is not known: write daily, weekly" },
        { MARIA "tell = summary\nsummary = none\n" MAIL, "4 error: tell asks for a summary, and summary is none" },
        { "[mail]\nfrom = Dosed <dosed@example.org>\n", "2 error: from 'Dosed <dosed@example.org>' must be an address alone" },
        { "[mail]\nfrom = dosed@exámple.org\n", "2 error: from 'dosed@exámple.org' has other than ASCII characters" },
        { "[mail]\nfrom = dosed\n", "2 error: from 'dosed' is no mail address: write it as maria@example.org" },
        { "[mail]\nfrom = .a@example.org\n", "2 error: from '.a@example.org' is no mail address" },
        { "[mail]\nfrom = a..b@example.org\n", "2 error: from 'a..b@example.org' is no mail address" },
        { "[mail]\nfrom = a@b@example.org\n", "2 error: from 'a@b@example.org' is no mail address" },
        { "[mail]\nfrom = a@-example.org\n", "2 error: from 'a@-example.org' is no mail address" },
        { "[mail]\nfrom = a@example.org,b@example.org\n", "2 error: from 'a@example.org,b@example.org' is no mail address" },
        { "[mail]\nsmtp = mail.example.org\n", "2 error: smtp 'mail.example.org' must begin with smtp:// or smtps://" },
        { "[mail]\nsmtp = http://mail.example.org\n", "2 error: smtp 'http://mail.example.org' must begin with smtp://" },
        { "[mail]\nsmtp = smtp://u:secret@mail.example.org\n", "2 error: smtp must not name a user: that goes into user" },
        { "[mail]\nsmtp = smtp://\n", "2 error: smtp 'smtp://' names no server" },
        { "[mail]\nsmtp = smtp://mail.example.org:0\n", "2 error: smtp 'smtp://mail.example.org:0' names no server" },
        { "[mail]\nsmtp = smtp://mail.example.org:99999\n", "2 error: smtp 'smtp://mail.example.org:99999' names no server" },
        { "[mail]\nsmtp = smtp://mail.example.org/ehlo\n", "2 error: smtp 'smtp://mail.example.org/ehlo' names no server" },
        { "[mail]\nsmtp = smtp://[::1\n", "2 error: smtp 'smtp://[::1' names no server" },
        { "[mail]\nsmtp = smtp://[::g]\n", "2 error: smtp 'smtp://[::g]' names no server" },
        { "[mail]\npassword-file = secret\n", "2 error: password-file 'secret' must be a file's full path, or begin with ~/" },
        { "[mail]\nfrom = a@b\nsmtp = smtp://c\npassword-file = /p\n", "4 error: a password is of use only with a user: add user =" },
        { "[mail]\ncommand = msmtp -t\n", "2 error: command: 'msmtp' must be a program's full path" },
        { "[hook x]\ncommand = /x\n", "1 error: [hook x] does not say of what it is told: add on =" },
        { "[hook x]\non = due\n", "1 error: [hook x] has no program: add command = and its full path" },
        { "[hook x]\non = dew\n", "2 error: on: 'dew' is nothing that is told" },
        { "[hook x]\non = due\ncommand = /x 'a\n", "3 error: command has a quote that does not end" },
        { "[hook x]\non = due\ncommand = ''\n", "3 error: command: '' must be a program's full path" },
        { "[hook x]\non = due\ncommand = /x\ntimeout = 6min\n", "4 error: timeout '6min' is out of range: it can be from 1 s to 5 min" },
        { "[hook x]\non = heartbeat\ncommand = /x\nevery = 30s\n", "4 error: every '30s' is out of range: it can be from 1 min to 24 h" },
        { "[person ana]\n[hook x]\non = due\ncommand = /x\npeople = anna\n", "5 error: people: there is no [person anna]: add it, or take the name out; did you mean 'ana'?" },
        { "[dosed]\nsnooze = \xff\n", "2 error: the line is not valid UTF-8" },
};

static void what_is_wrong_is_said_where_it_stands(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                _cleanup_(free_p) char *problems = problems_of(bad[i].text, NULL);
                const char *found = strstr(problems, bad[i].expect);

                if (!found || (found > problems && found[-1] != '\n'))
                        print_error("%s\nexpected: %s\nsaid:\n%s", bad[i].text, bad[i].expect, problems);
                assert_true(found && (found == problems || found[-1] == '\n'));
        }
}

/* Used all the same. */
static const struct {
        const char *text, *expect;
} odd[] = {
        { "[person ana]\ntimes = breakfast = 08:00, supper = 19:30\n", "2 warning: nothing comes of times yet in this version: it is checked, and kept\n" },
        { MARIA "tell = missed, stock\n" MAIL, "3 warning: tell: nothing comes of 'stock' yet in this version: it is checked, and kept\n" },
        { "[person ana]\n[person bruno]\ncaregivers = maria\n" MARIA MAIL, "1 warning: [person ana] has no caregivers, so that nobody is told of their missed doses: add caregivers = and names, or none if that is meant\n" },
        { "[person ana]\ncaregivers = none\n" MARIA MAIL, "3 warning: [caregiver maria] is nobody's: name them in a person's caregivers\n" },
        { MARIA "tell = none\n", "2 warning: without [mail] not even what the plan addresses to them is mailed: add it, or take email out\n" },
        { MARIA "may = view\n" MAIL, "3 warning: may counts for a Unix user: add user =\n" },
        { MARIA "summary-at = 20:00\n" MAIL, "3 warning: there is no summary: add summary = daily, or weekly\n" },
        { MAIL "command = /usr/bin/msmtp -t\n", "3 warning: nothing comes of smtp where command names another program: tell that one in its own way\n" },
        { "[hook x]\non = due\ncommand = /x\nevery = 5min\n", "4 warning: every is of heartbeats: add heartbeat to on\n" },
        { "[hook x]\non = due\ncommand = /x | /y '|'\n", "3 warning: command: no shell sees it, so '|' is handed to the program like any other word: where you want a shell, write a script and call that\n" },
};

static void what_comes_to_nothing_is_a_warning(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(odd); i++) {
                _cleanup_(config_done) struct config config = {};
                _cleanup_(free_p) char *problems = problems_of(odd[i].text, &config);

                assert_string_equal(problems, odd[i].expect);
        }
}

/* In a household: nobody goes without saying, and plan files lie below one folder. */
static const struct {
        const char *text, *expect;
} households[] = {
        { "", "" },
        { "[person ana]\nusers = root\n", "" },
        { "[person ana]\nusers = root, no-such-user\n", "2 warning: users: this machine knows no Unix user 'no-such-user', so that nobody may do anything by that: `id -un` says how somebody is called\n" },
        { MARIA "user = no-such-user\n[person ana]\n" MAIL, "3 warning: user: this machine knows no Unix user 'no-such-user', so that nobody may do anything by that: `id -un` says how somebody is called\n" },
        { "[person ana]\ncalendars = /plans/ana/\n  /plans/ana/synced/..more\n", "" },
#define ELSEWHERE(person) "error: calendars: the plan files of a household lie in /plans/" person ": take the line out, and have them put there, by dosectl or by what syncs as the user of dosed\n"
        { "[person ana]\ncalendars = /plans/ana\n  /plans/anabel\ncalendars = /plans\n", "3 " ELSEWHERE("ana") "4 " ELSEWHERE("ana") },
        { "[person ana]\ncalendars = /plans/ana/../bruno\ncalendars = /plans/ana/..\n", "2 " ELSEWHERE("ana") "3 " ELSEWHERE("ana") },
        { "[person ana]\n[person bruno]\ncalendars = ~/calendars/bruno\n", "3 " ELSEWHERE("bruno") },
};

static void a_household_has_rules_of_its_own(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(households); i++) {
                _cleanup_(free_p) char *problems = problems_at(&household, households[i].text, NULL);

                assert_string_equal(problems, households[i].expect);
        }
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

static void append_many(FILE *stream, const char *format, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                (void) fprintf(stream, format, i);
#pragma GCC diagnostic pop
        }
}

static char *many(const char *head, const char *format, unsigned n) {
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);

        assert_non_null(stream);
        (void) fputs(head, stream);
        append_many(stream, format, n);
        assert_int_equal(fclose(stream), 0);
        return text;
}

static const struct {
        const char *head, *format, *expect;
} floods[] = {
        { "", "[person p%u]\n", "101 error: there can be at most 100 people: run another dosed for the others" },
        { "", "[caregiver c%u]\ntell = none\n", "201 error: there can be at most 100 caregivers" },
        { "", "[hook h%u]\non = due\ncommand = /x\n", "151 error: there can be at most 50 hooks" },
        { "[person ana]\n", "users = u%u\n", "102 error: users can have at most 100 names" },
        { "[person ana]\n", "calendars = /%u\n", "22 error: a person can have at most 20 folders" },
        { "[person ana]\n", "times = t%u = 08:00\n", "26 error: times can have at most 24 names" },
        { "[hook x]\non = due\ncommand = /x\n", "  a%u\n", "67 error: command can have at most 64 words: put them into a script" },
        { "[frobnicate]\n", "a%u = b\n", "1 error: there is no section [frobnicate]" },
        { "[dosed]\n", "a%u = b\n", "2 error: there is no key 'a0' in [dosed]" },
};

static void a_flood_is_bounded(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(floods); i++) {
                _cleanup_(free_p) char *text = many(floods[i].head, floods[i].format, 1000);
                _cleanup_(free_p) char *problems = problems_of(text, NULL);
                size_t n = 0;

                if (!strstr(problems, floods[i].expect))
                        print_error("expected: %s\nsaid:\n%s", floods[i].expect, problems);
                assert_non_null(strstr(problems, floods[i].expect));
                for (const char *p = problems; *p; p++)
                        n += *p == '\n';
                assert_true(n <= LIMIT_FILE_PROBLEMS);
        }
}

static void a_line_that_would_be_cut_is_refused(void **state) {
        _cleanup_(free_p) char *text = many("[hook x]\non = due\ncommand = /x ", "word-%u ", 40), *problems = NULL;

        (void) state;
        problems = problems_of(text, NULL);
        assert_non_null(strstr(problems, "3 error: the line is longer than "));
        assert_non_null(strstr(problems, "or go on in further lines that begin with a blank"));
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
                cmocka_unit_test(what_is_wrong_is_said_where_it_stands),
                cmocka_unit_test(what_comes_to_nothing_is_a_warning),
                cmocka_unit_test(a_household_has_rules_of_its_own),
                cmocka_unit_test(nobody_goes_without_saying_in_a_household),
                cmocka_unit_test(a_drop_in_replaces_and_lists_add_up),
                cmocka_unit_test(equal_is_what_says_the_same),
                cmocka_unit_test(a_flood_is_bounded),
                cmocka_unit_test(a_line_that_would_be_cut_is_refused),
                cmocka_unit_test(the_engine_gets_those_who_are_told),
                cmocka_unit_test(a_caregiver_of_nobody_is_told_of_nobody),
        };

        return cmocka_run_group_tests_name("configuration", tests, NULL, NULL);
}
