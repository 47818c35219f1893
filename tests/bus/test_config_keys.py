# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed.conf with people, caregivers, mail and hooks: looked at before it counts, kept while it is broken, and obeyed."""

import os
import random
import subprocess
import unittest
from datetime import timedelta

import dbus
from harness import NAME, Dosed, calendar, event, now, program

GOOD = """[dosed]
timezone = UTC
settle = 1s

[person ana]
caregivers = maria

[person bruno]
caregivers = none

[caregiver maria]
email = maria@example.org
after = 1h

[mail]
from = dosed@example.org
command = /bin/true
"""

PATIENCE_SEC = 120  # a checker that takes longer hangs


class Check(unittest.TestCase):
    """`dosed --check-config`, which needs no bus and leaves no trace."""

    def setUp(self):
        self.dosed = self.enterContext(Dosed(None))
        self.file = self.dosed.folder / "config/dosed/dosed.conf"
        self.drop_ins = self.file.with_name("dosed.conf.d")
        self.drop_ins.mkdir(parents=True)

    def check(self, *arguments):
        environment = dict(self.dosed.environment, DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")
        done = subprocess.run(
            [program("dosed"), "--user", "--check-config", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SEC,
            check=False,
        )
        self.assertFalse(self.dosed.state.exists())
        self.assertNotIn(b"runtime error", done.stderr)
        self.assertNotIn(b"AddressSanitizer", done.stderr)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_a_good_one(self):
        self.file.write_text(GOOD + "[hook log]\non = missed\ncommand = /bin/true\n")
        self.assertEqual(self.check(), (0, "The configuration is good: 2 people, 1 caregiver, 1 hook\n", ""))

    def test_none_at_all(self):
        code, said, problems = self.check()
        self.assertEqual((code, problems), (0, ""))
        self.assertIn(f"There is no configuration at {self.file}", said)
        self.assertIn("1 person, no caregiver, no hook", said)

    def test_every_problem_has_its_place(self):
        self.file.write_text(GOOD)
        drop_in = self.drop_ins / "10-more.conf"
        drop_in.write_text("[person bruno]\nquiet = late\n\n[caregiver mario]\n[frobnicate]\n")
        code, said, problems = self.check()
        self.assertEqual((code, said), (os.EX_CONFIG, ""))
        lines = problems.splitlines()
        self.assertRegex(lines[0], rf"^{drop_in}:2: error: quiet 'late' is no span of the day")
        self.assertRegex(lines[1], rf"^{drop_in}:5: error: there is no section \[frobnicate\]")
        self.assertRegex(lines[2], rf"^{drop_in}:4: error: \[caregiver mario\] has no email")
        self.assertRegex(lines[3], rf"^{drop_in}:4: warning: \[caregiver mario\] is nobody's")
        self.assertEqual(lines[4], "The configuration cannot be used: 3 errors")

    def test_warnings_are_no_error(self):
        self.file.write_text(GOOD.replace("/bin/true", "/nowhere/msmtp -t"))
        code, said, problems = self.check()
        self.assertEqual((code, said), (0, "The configuration is good: 2 people, 1 caregiver, no hook\n"))
        self.assertRegex(problems, rf"^{self.file}:\d+: warning: /nowhere/msmtp cannot be run: No such file")

    def test_a_password_that_others_can_read(self):
        password = self.dosed.folder / "password"
        password.write_text("secret\n")
        text = GOOD.replace("command = /bin/true", f"smtp = smtp://localhost\nuser = u\npassword-file = {password}")
        self.file.write_text(text)
        password.chmod(0o640)
        self.assertRegex(self.check()[2], r"warning: others may read or change .*chmod 600 it")
        password.chmod(0o600)
        self.assertEqual(self.check()[2], "")

    def test_one_that_was_named_must_be_there(self):
        code, said, problems = self.check("--config", str(self.dosed.folder / "nowhere.conf"))
        self.assertEqual((code, said), (os.EX_CONFIG, ""))
        self.assertIn("nowhere.conf: error: the file cannot be read: No such file", problems)

    def test_names_in_any_script_and_a_byte_order_mark(self):
        self.file.write_bytes(
            b"\xef\xbb\xbf" + "[person Ольга]\r\nname = Бабушка 👵\r\ncaregivers = Łucja\r\n[caregiver Łucja]\r\n"
            "name = Łucja Ó\r\nemail = l@example.org\r\n[mail]\r\nfrom = d@example.org\r\nsmtp = smtp://localhost\r\n".encode()
        )
        self.assertEqual(self.check(), (0, "The configuration is good: 1 person, 1 caregiver, no hook\n", ""))

    def test_what_nobody_writes(self):
        hostile = {
            b"[person ana]\nname = a\0b\n": "2: error: the line has a NUL byte",
            b"[person ana]\nname = " + b"x" * 100000 + b"\n": "2: error: the line is longer than",
            b"[person ana]\nname = \xc3\x28\n": "2: error: the line is not valid UTF-8",
            b"[person " + b"a" * 100000 + b"]\n": "1: error: the line is longer than",
            b"".join(b"[person p%d]\n[caregiver c%d]\n[hook h%d]\n" % (i, i, i) for i in range(1000)): "at most 100 people",
            b"[hook x]\non = due\ncommand = /x\n" + b" y\n" * 100000: "at most 64 words",
            b"=\n" * 100000: "stands in no section",
            b"\n" * 1000000 + b"x": "1000001: error: ",
        }
        for text, words in hostile.items():
            with self.subTest(words=words):
                self.file.write_bytes(text)
                code, said, problems = self.check()
                self.assertEqual((code, said), (os.EX_CONFIG, ""))
                self.assertIn(words, problems)
                self.assertLess(len(problems.splitlines()), 60)

    def test_rubbish_is_refused_and_nothing_worse(self):
        lines = [line for line in GOOD.splitlines() if line] + ["[hook x]", "on = due", "command = /bin/true 'a b'", " c"]
        chance = random.Random(20261130)
        codes = set()
        for _ in range(60):
            text = "\n".join(chance.choices(lines, k=chance.randrange(1, 40))).encode()
            damaged = bytearray(text)
            for _ in range(chance.choice((0, 1, 5))):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            self.file.write_bytes(damaged)
            code, _, problems = self.check()
            self.assertIn(code, (0, os.EX_CONFIG), damaged)
            self.assertEqual("error" in problems, code != 0, damaged)
            codes.add(code)
        self.assertIn(os.EX_CONFIG, codes)


class Reload(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed(GOOD))
        self.file = self.dosed.folder / "config/dosed/dosed.conf"
        self.dosed.start()

    def people(self):
        return sorted(self.dosed.proxy().get("People"))

    def assert_refused(self, words):
        with self.assertRaises(dbus.DBusException) as refused:
            self.dosed.proxy().Reload()
        self.assertEqual(refused.exception.get_dbus_name(), f"{NAME}.Error.Degraded")
        self.assertRegex(refused.exception.get_dbus_message(), words)
        self.assertRegex(" ".join(self.dosed.proxy().get("Degraded")), words)

    def test_a_bad_one_changes_nothing_and_the_last_good_one_survives_a_restart(self):
        self.file.write_text(GOOD.replace("caregivers = maria", "caregivers = mria\n[person clara]"))
        for _ in range(2):
            self.assert_refused(r"dosed\.conf:6: caregivers: there is no \[caregiver mria\].*did you mean 'maria'\?")
            self.assertEqual(self.people(), ["ana", "bruno"])
            self.dosed.restart()
        self.file.write_text(GOOD)
        self.dosed.proxy().Reload()
        self.assertEqual(list(self.dosed.proxy().get("Degraded")), [])

    def test_the_error_is_told_not_the_warning_before_it(self):
        self.file.write_text("[person ana]\ntimes = noon = 12:00\nquiet = never\n")
        self.assert_refused(r"dosed\.conf:3: quiet 'never'")

    def test_the_log_counts_warnings_of_what_the_files_say_and_names_nobody(self):
        self.file.write_text(GOOD.replace("caregivers = none\n", "") + "[hook x]\non = due\ncommand = /nope\n")
        done = subprocess.run([program("dosed"), "--user", "--check-config"], env=self.dosed.environment, capture_output=True,
                              text=True, check=True)  # fmt: skip
        self.assertEqual(done.stderr.count(" warning: "), 2, done.stderr)
        self.dosed.proxy().Reload()
        self.assertIn("The configuration has a warning: see dosed --check-config", self.dosed.stderr())
        for name in ("ana", "bruno", "maria"):
            self.assertNotIn(name, self.dosed.stderr())
        self.assertEqual(list(self.dosed.proxy().get("Degraded")), [])


class Obeyed(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed("[dosed]\ntimezone = UTC\nsettle = 1s\nwindow-max = 1h\n\n[person ana]\n"))
        self.file = self.dosed.folder / "config/dosed/dosed.conf"

    def windows(self):
        return {dose["medication"]: (dose["window-end"] - dose["due"]) // 60_000_000 for dose in self.dosed.doses()}

    def test_windows_follow_the_configuration_of_now(self):
        self.dosed.put_ics("a", calendar(event("Aspirin", now() + timedelta(hours=2))))
        self.dosed.start()
        self.assertEqual(self.windows(), {"Aspirin": 60})
        self.file.write_text("[dosed]\ntimezone = UTC\nwindow-max = 2h\n[person ana]\n")
        self.dosed.proxy().Reload()
        self.assertEqual(self.windows(), {"Aspirin": 120})

    def test_only_entries_of_the_category_count(self):
        soon = now() + timedelta(hours=2)
        self.dosed.put_ics("all", calendar(event("Aspirin", soon, CATEGORIES="Pills"), event("Ballet", soon), event("Cinema", soon)))
        self.dosed.start()
        self.assertEqual(sorted(self.windows()), ["Aspirin", "Ballet", "Cinema"])
        self.file.write_text("[dosed]\ntimezone = UTC\n[person ana]\ncategory = pills\n")
        self.dosed.proxy().Reload()
        self.assertEqual(sorted(self.windows()), ["Aspirin"])
        self.assertEqual(list(self.dosed.proxy().get("Degraded")), [])
        self.dosed.restart()
        self.assertEqual(sorted(self.windows()), ["Aspirin"])


if __name__ == "__main__":
    unittest.main()
