# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosectl with the real dosed: from adding a medication to its history, and names that would take over a terminal."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unittest
from datetime import timedelta

from harness import DEADLINE_SEC, Dosed, calendar, event, now, program, reminder

SOON = timedelta(seconds=2)

DOSE_KEYS = {
    "id", "person", "medication", "key", "amount", "instructions", "purpose", "if_missed", "due", "window_end", "state",
    "critical", "asks_amount", "snoozed_until", "reminders", "taken_at", "recorded_at", "recorded_by", "recorded_later",
    "grade", "taken_amount", "measurement", "note", "local", "timezone", "takeable", "taken_before", "record_lost", "check_first",
}  # fmt: skip
MEDICATION_KEYS = {
    "person", "key", "name", "kind", "amount", "purpose", "instructions", "as_needed", "on_hold", "stopped",
    "schedules", "next_due", "last_taken", "timezone", "files",
}  # fmt: skip
RECORD_KEYS = {
    "id", "person", "medication", "due", "state", "recorded_by", "recorded_at", "taken_at", "grade", "durable",
    "already", "warning", "snoozed_until",
}  # fmt: skip

COLOURS = {"\x1b[0m", "\x1b[m", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[1;33m", "\x1b[1;31m"}

# A terminal's commands, a title, a C1 command, directions of writing, and a line that says what dosed did not say.
HOSTILE = "Aspirin\x1b[2J\x1b]0;owned\x07\u009b31m\u202egm 001\u2066\u200f\\nTaken: Warfarin of 08:00\\, at 08:00."


class Round(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())

    def say(self, *arguments, status=0):
        done = self.dosed.dosectl(*arguments, check=status)
        return done.stderr if status else done.stdout

    def start_with_due(self, *names):
        for name in names:
            self.dosed.put_ics(name, calendar(event(name, now() + SOON, uid=name)))
        self.dosed.start()
        monitor = self.dosed.monitor()
        for name in sorted(names):
            monitor.wait_for(reminder(name))

    def test_a_dose_has_the_times_of_the_person_wherever_it_is_asked_for(self):
        self.dosed.configure("[dosed]\ntimezone = UTC\nsettle = 1s\n\n[person ana]\ntimezone = Asia/Tokyo\n")
        self.dosed.start()
        self.say("add", "Aspirin", "--at", "08:00")
        for verb in ("list", "meds"):
            self.assertRegex(self.dosed.dosectl(verb, check=0, TZ="America/New_York").stdout, r"\b08:00\b", verb)
        self.say("take", "aspirin", "--force")
        self.dosed.dosectl("take", "aspirin", "--at", "07:59", "--amend", "--force", check=0, TZ="America/New_York")
        self.assertIn(" 07:59", self.dosed.dosectl("meds", check=0, TZ="America/New_York").stdout)

    def test_added_taken_undone_and_skipped(self):
        self.dosed.start()
        at = (now() + timedelta(minutes=5)).strftime("%H:%M")
        said = self.say("add", "Lisinopril 10 mg", "--at", at, "--amount", "1 tablet", "--note", "with water")
        self.assertIn(f"Added: Lisinopril 10 mg, 1 tablet, every day at {at}. First: ", said)
        self.assertRegex(self.say(), rf"(?s)Nothing is due now\..*Next\n.*{at} +Lisinopril 10 mg +1 tablet")
        self.assertRegex(self.say("meds"), rf"Lisinopril 10 mg +1 tablet .*{at} +prescription +with water")

        self.assertRegex(self.say("take", "lis"), rf"^Taken: Lisinopril 10 mg of .*{at}, at .* \(on time\)\.\n$")
        self.assertIn("Nothing changed: Lisinopril 10 mg of", self.say("take", "lis"))
        self.assertRegex(self.say("history", "--until", "tomorrow"), r"✓ .*Lisinopril 10 mg +1 tablet +taken")
        self.assertRegex(self.say("undo", "lis"), r"^Taken back: Lisinopril 10 mg of .* is upcoming now\.\n$")
        self.assertIn("was recorded in the last two days", self.say("undo", "lis", status=1))
        self.assertRegex(self.say("skip", "lis", "before surgery"), r"^Skipped: .* \(before surgery\)\.\n$")
        self.assertIn("it was recorded as skipped", self.say("take", "lis", status=1))
        self.assertRegex(self.say("history", "--until", "tomorrow"), r"– .*Lisinopril 10 mg .*skipped.*before surgery")
        self.assertRegex(self.say("take", "lis", "--amend"), r"^Taken: Lisinopril 10 mg")

    def test_due_snoozed_and_taken_with_everything_that_can_be_said_of_it(self):
        self.start_with_due("Insulin")
        self.assertRegex(self.say(), r"Due now\n +● +Insulin +since \d\d:\d\d, 1 reminder")
        self.assertRegex(self.say("snooze", "ins", "20min"), r"^Snoozed: Insulin of .*, until \d\d:\d\d\.\n$")
        self.assertRegex(self.say(), r"◐ +Insulin .*snoozed until")
        self.say("take", "ins", "--amount", "6 units", "--note", "left arm", "--by", "Maria", "--measurement",
                 "6.2 mmol/l")
        (dose,) = self.dosed.json("history")
        self.assertEqual([dose[key] for key in ("state", "taken_amount", "note", "measurement", "snoozed_until")],
                         ["taken", "6 units", "left arm", "6.2 mmol/l", None])
        self.assertRegex(self.say("undo", "ins"), r"is due now\.\n$")

    def test_what_cannot_be_done_says_what_can(self):
        self.start_with_due("Metformin 500", "Metformin 850")
        self.dosed.dosectl("add", "Ramipril", "--at", (now() + timedelta(hours=10)).strftime("%H:%M"), check=0)
        said = self.say("take", "met", status=1)
        for dose in self.dosed.json("status")["due"]:
            self.assertIn(dose["id"], said)
        self.assertIn("--force if it is to be taken this early", self.say("take", "ramipril", status=1))
        self.assertRegex(self.say("snooze", "ramipril", status=1), r"not due yet: the reminder comes at [^;]*\n$")
        self.assertIn("open are", self.say("take", "frobnitol", status=1))
        self.assertIn("--person takes a name", self.say("--person", "zoe", "list", status=1))
        self.assertEqual(len(self.dosed.json("status")["due"]), 2)

    def test_keys_of_json_are_these_and_no_others(self):
        self.start_with_due("Aspirin")
        added = self.dosed.json("add", "Zinc", "--at", "08:00")
        self.assertEqual(set(added), {"uid", "file", "person", "first"})
        self.assertEqual(set(added["first"]), DOSE_KEYS)
        status = self.dosed.json("status")
        self.assertEqual(set(status), {"degraded", "due", "today", "next"})
        for doses in (status["due"], status["next"], self.dosed.json("list"), self.dosed.json("history")):
            self.assertTrue(doses)
            for dose in doses:
                self.assertEqual(set(dose), DOSE_KEYS)
        for medication in self.dosed.json("meds"):
            self.assertEqual(set(medication), MEDICATION_KEYS)
        for arguments in (("snooze", "asp"), ("take", "asp"), ("take", "asp"), ("undo", "asp"), ("skip", "asp")):
            (answer,) = self.dosed.json(*arguments)
            self.assertEqual(set(answer), RECORD_KEYS)
            for key in ("due", "recorded_at", "taken_at", "snoozed_until"):
                self.assertRegex(answer[key] or "", r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?$")


class Terminal(unittest.TestCase):
    """What other programs wrote into a file reaches a terminal as words, and as nothing else."""

    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        due = now() + SOON
        more = {"DESCRIPTION": "\x1b[1m\\nx\u202ey", "X_DOSED_AMOUNT": "1\x1b[0m\\ntablet\u202e"}
        for uid, name in (("a", HOSTILE), ("b", HOSTILE + "\\nB")):
            self.dosed.put_ics(uid, calendar(event(name, due, uid=f"{uid}\x1b[31m", **more)))
        self.dosed.put_ics("bad\x1b[2J\n\u202esci", calendar(event("Bad", due, RRULE="FREQ=\x1b[2J")))
        self.dosed.start()
        monitor = self.dosed.monitor()
        for _ in range(2):
            monitor.wait_for(lambda said: said["event"] == "ReminderDue")

    def on_terminal(self, *arguments, columns=100, **environment):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 500, columns, 0, 0))
        child = subprocess.Popen([program("dosectl"), "--user", *arguments], stdin=slave, stdout=slave, stderr=slave,
                                 env={**self.dosed.environment, **environment})
        os.close(slave)
        said = b""
        try:
            while chunk := os.read(master, 65536):
                said += chunk
        except OSError:  # the other side is closed
            pass
        os.close(master)
        child.wait(DEADLINE_SEC)
        return said.decode()

    def assert_harmless(self, said):
        """Lines of words; nothing that commands a terminal or turns the direction of writing."""
        self.assertNotRegex(said, "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
        self.assertNotRegex(said, r"(?m)^\s*Taken: Warfarin")

    def test_every_verb_shows_them_harmless(self):
        bad = next(self.dosed.calendars.rglob("bad*"))
        for arguments in ((), ("list",), ("history",), ("meds",), ("reload",), ("take", "asp"),
                          ("take", "x\x1b[2J\nTaken"), ("snooze", "aspirin\x1b"), ("add", "Z", "--at", "\x1b[2J"),
                          ("verb\x1b[2J",), ("verify", str(bad))):
            with self.subTest(arguments=arguments):
                said = self.on_terminal(*arguments)
                self.assertTrue(said)
                self.assert_harmless(said)

    def test_colours_are_all_that_is_not_words(self):
        for verb in ("status", "list", "history", "meds"):
            with self.subTest(verb=verb):
                said = self.on_terminal(verb, NO_COLOR="")
                self.assert_harmless(re.sub(r"\x1b\[[0-9;]*m", "", said))
                colours = set(re.findall(r"\x1b\[[0-9;]*m", said))
                self.assertLessEqual(colours, COLOURS)
                self.assertTrue(colours or verb == "meds")  # which has none for what is neither on hold nor stopped

    def test_a_long_name_goes_on_in_further_lines_of_its_column(self):
        name, at = "Ω" * 300, (now() + timedelta(hours=2)).strftime("%H:%M")
        self.dosed.dosectl("add", name, "--at", at, "--amount", "1 tablet", check=0)
        self.dosed.dosectl("add", "word " * 60 + "end", "--at", at, check=0)
        for columns, least in ((80, 80), (120, 120), (40, 70)):
            for arguments in (("status",), ("list", "--until", "today"), ("list", "--from", "now", "--until", "+20h")):
                with self.subTest(columns=columns, arguments=arguments):
                    said = self.on_terminal(*arguments, "--no-pager", columns=columns).replace("\r", "")
                    self.assertLessEqual(max(len(line) for line in said.splitlines() if "Ω" in line), least, said)
                    if "status" in arguments:
                        self.assertEqual((said.count("Ω"), said.count("word")), (300, 60), said)
                        self.assertRegex(said, r"Ω  1 tablet")
                        self.assertRegex(said, r"\n {14}Ω+ *\n")
        self.assertIn(name, self.dosed.dosectl("status", check=0).stdout)
        self.assertIn(name, [dose["medication"] for dose in self.dosed.json("status")["next"]])

    def test_they_can_still_be_taken(self):
        dose, other = self.dosed.json("status")["due"]
        self.assertTrue(other["medication"].startswith(dose["medication"]))
        said = self.on_terminal("take", dose["medication"])
        self.assert_harmless(said)
        self.assertRegex(said, "^Taken: Aspirin")
        self.assertEqual(len(self.dosed.json("status")["due"]), 1)


if __name__ == "__main__":
    unittest.main()
