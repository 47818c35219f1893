/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed.conf: what is refused and what is only warned of, where, and in which words. */
#include <string.h>

#include "config-world.h"
#include "dosed/limits.h"

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
        { "[dosed]\nsettle = 5\n", "2 warning: settle '5' has no unit and is taken for minutes: write 5min or 5s" },
        { "[dosed]\nremind-every = 300\n", "2 warning: remind-every '300' has no unit and is taken for minutes" },
        { "[hook x]\non = due\ncommand = /x\ntimeout = 30\n", "4 warning: timeout '30' has no unit and is taken for minutes" },
        { "[dosed]\nsnooze = 1h 30\n", "2 error: snooze '1h 30' is no span of time" },
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_wrong_is_said_where_it_stands),
                cmocka_unit_test(what_comes_to_nothing_is_a_warning),
                cmocka_unit_test(a_household_has_rules_of_its_own),
                cmocka_unit_test(a_flood_is_bounded),
                cmocka_unit_test(a_line_that_would_be_cut_is_refused),
        };

        return cmocka_run_group_tests_name("configuration", tests, NULL, NULL);
}
