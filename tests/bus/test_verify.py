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


def verify(name, *options):
    done = subprocess.run([program("dosectl"), "verify", *options, name], env=dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8"),
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

    def test_a_pipe_into_which_nobody_writes_is_given_up(self):
        status, text = verify(self.pipe)
        self.assertEqual(status, 1)
        self.assertIn("nothing writes into this pipe; name a file", text)


if __name__ == "__main__":
    unittest.main()
