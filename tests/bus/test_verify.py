# SPDX-License-Identifier: LGPL-2.1-or-later
"""`dosectl verify`: what a file means, and what is no plain file."""

import json
import os
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from harness import calendar, program

PLAN = calendar("\r\n".join([
    "BEGIN:VEVENT", "UID:dose", "SUMMARY:Lisinopril", "DTSTART:20260101T080000", "RRULE:FREQ=DAILY", "END:VEVENT"]))


def verify(*arguments):
    done = subprocess.run([program("dosectl"), "verify", *arguments], env=dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8"),
                          capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


class Verify(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pipe = Path(folder.name) / "pipe"
        os.mkfifo(self.pipe)

    def write(self, pause_sec):
        with self.pipe.open("w", newline="") as stream:
            for half in (PLAN[:60], PLAN[60:]):
                time.sleep(pause_sec)
                stream.write(half)
                stream.flush()

    def test_what_comes_late_and_in_pieces_is_read_whole(self):
        for pause_sec in (0, 0.5):
            with self.subTest(pause_sec=pause_sec):
                writer = threading.Thread(target=self.write, args=(pause_sec,))
                writer.start()
                status, text = verify(self.pipe)
                writer.join()
                self.assertEqual((status, text.splitlines()),
                                 (0, [f"{self.pipe}: good, 1 schedule", "  Lisinopril: every day at 08:00"]))

    def test_json_says_what_each_schedule_means(self):
        path = self.pipe.with_name("plan.ics")
        path.write_text(PLAN, newline="")
        status, text = verify(path, "--json")
        self.assertEqual((status, [done["meaning"] for done in json.loads(text)]), (0, [["Lisinopril: every day at 08:00"]]))

    # lines of the entry, then those of the alarms that are warned of, with when the window ends
    LATE = (
        (["RRULE:FREQ=DAILY", "TRIGGER:PT3H59M"], []),
        (["RRULE:FREQ=DAILY", "TRIGGER:PT4H"], [("TRIGGER", "12:00")]),
        (["RRULE:FREQ=DAILY", "TRIGGER:-PT6H"], []),
        (["RRULE:FREQ=DAILY;BYHOUR=8,10", "TRIGGER:PT45M"], [("TRIGGER", "08:30")]),
        (["RRULE:FREQ=DAILY", "X-DOSED-WINDOW:PT6H", "TRIGGER:PT5H"], []),
        (["RRULE:FREQ=DAILY", "DURATION:PT6H", "TRIGGER;RELATED=END:-PT1M"], []),
        (["RRULE:FREQ=DAILY", "DURATION:PT6H", "TRIGGER;RELATED=END:PT0S"], [("TRIGGER", "14:00")]),
        # One that begins in time, and goes on
        (["RRULE:FREQ=DAILY", "TRIGGER:PT3H", "REPEAT:5", "DURATION:PT1H"], []),
        (["TRIGGER;VALUE=DATE-TIME:20990101T130000Z"], [("TRIGGER", "12:00")]),
        (["RDATE;VALUE=PERIOD:20990102T080000/PT6H", "TRIGGER:PT5H"], [("TRIGGER", "12:00")]),
        (["RDATE;VALUE=PERIOD:20990101T080000/PT6H", "TRIGGER:PT5H"], []),
    )

    def test_alarms_that_come_after_the_window_are_warned_of(self):
        path = self.pipe.with_name("plan.ics")
        for lines, late in self.LATE:
            alarm = next(i for i, line in enumerate(lines) if line.startswith("TRIGGER"))
            start = "20260101T080000" if lines[0].startswith("RRULE") else self.soon() + "T080000"
            body = ["BEGIN:VEVENT", "UID:dose", "SUMMARY:dose", f"DTSTART:{start}", *lines[:alarm], "BEGIN:VALARM",
                    "ACTION:DISPLAY", *lines[alarm:], "END:VALARM", "END:VEVENT"]
            text = calendar("\r\n".join(body)).replace("20990101", self.soon()).replace("20990102", self.soon(1))
            with self.subTest(lines=lines):
                path.write_text(text, newline="")
                status, said = verify(path, "--json")
                problems = json.loads(said)[0]["problems"]
                got = [(text.splitlines()[problem["line"] - 1][:7], problem["text"].split(" ends at ")[-1][:5])
                       for problem in problems]
                self.assertEqual((status, got), (0, late), problems)

    def soon(self, days=0):
        return time.strftime("%Y%m%d", time.gmtime(time.time() + (30 + days) * 86400))

    def test_alarms_that_mail_are_sent_after_the_window_too(self):
        path = self.pipe.with_name("plan.ics")
        path.write_text(PLAN.replace("END:VEVENT", "BEGIN:VALARM\r\nACTION:EMAIL\r\nATTENDEE:mailto:a@example.org\r\n"
                                     "TRIGGER:PT5H\r\nEND:VALARM\r\nEND:VEVENT"), newline="")
        self.assertEqual(verify(path)[1].splitlines()[0], f"{path}: good, 1 schedule")

    def test_a_uid_in_two_files_is_told_with_the_one_that_counts(self):
        old, new, changes = (self.pipe.with_name(name) for name in ("old.ics", "new.ics", "changes.ics"))
        old.write_text(PLAN, newline="")
        new.write_text(PLAN.replace("END:VEVENT", "SEQUENCE:1\r\nEND:VEVENT"), newline="")
        changes.write_text(PLAN.replace("RRULE:FREQ=DAILY", "RECURRENCE-ID:20260102T080000\r\nSEQUENCE:2"), newline="")
        line = next(i for i, text in enumerate(PLAN.splitlines(), 1) if text == "BEGIN:VEVENT")
        for files in ((old, new), (new, old), (changes, new)):
            warning = (f'The UID "dose" stands in {files[0]} as well, on line {line}: where both are one person\'s, only that '
                       f"in {new} counts")
            with self.subTest(files=files):
                status, text = verify(*files)
                self.assertEqual((status, [said for said in text.splitlines() if "UID" in said]),
                                 (0, [f"{files[1]}:{line}: warning: {warning}"]))
                done = subprocess.run([program("dosectl"), "preview", *files], capture_output=True, text=True, timeout=60,
                                      check=False)
                self.assertEqual(done.returncode, 0)
                self.assertIn(warning, done.stderr)

    def test_a_pipe_into_which_nobody_writes_is_given_up(self):
        status, text = verify(self.pipe)
        self.assertEqual(status, 1)
        self.assertIn("nothing writes into this pipe; name a file", text)


if __name__ == "__main__":
    unittest.main()
