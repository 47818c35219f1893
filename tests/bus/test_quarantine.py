# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plan file that kills the reader kills it once: the next start finds out, names it, and goes on."""

import os
import signal
import unittest
from datetime import timedelta

from harness import DEADLINE_SEC, Dosed, calendar, event, now, program, reminder

SHIM = program("tests/crash-on-word.so")
HANGS = "the parser hangs"  # says the shim
LATER = timedelta(hours=1)


class Quarantine(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.environment = {
            "LD_PRELOAD": ":".join(filter(None, [os.environ.get("LD_PRELOAD"), SHIM])),
            "ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"])),
        }

    def start(self, **options):
        self.dosed.start(**options, **self.environment)

    def put(self, name, title, due=None):
        self.dosed.put_ics(name, calendar(event(title, due or now() + LATER, uid=name)))

    def names(self):
        return sorted(medication["name"] for medication in self.dosed.json("meds"))

    def wait_dead(self, expected):
        process, self.dosed.process = self.dosed.process, None
        self.assertEqual(process.wait(DEADLINE_SEC), -expected)

    def test_a_crash_at_the_start(self):
        self.put("good", "Aspirin")
        self.put("bad", "CRASH-HERE")
        self.start(wait=False)
        self.wait_dead(signal.SIGABRT)
        self.start()
        self.assertEqual(self.names(), ["Aspirin"])
        (line,) = self.dosed.proxy().get("Degraded")
        self.assertRegex(line, r"bad\.ics: .*crashed")

        self.dosed.kill()
        self.start()
        self.assertEqual(self.names(), ["Aspirin"])

        self.put("bad", "Bisoprolol")
        self.dosed.dosectl("reload", check=0)
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol"])
        self.assertEqual(self.dosed.proxy().get("Degraded"), [])

    def test_a_crash_while_it_runs_keeps_the_last_good_version(self):
        due = now() + timedelta(seconds=4)
        self.put("a", "Aspirin", due)
        self.start()
        monitor = self.dosed.monitor()
        self.put("a", "CRASH-HERE")
        self.wait_dead(signal.SIGABRT)
        self.start()
        self.assertRegex(" ".join(self.dosed.proxy().get("Degraded")), r"a\.ics: .*crashed.*last good version")
        monitor.wait_for(reminder("Aspirin"))

    def test_a_reader_that_hangs_until_the_watchdog_ends_it(self):
        self.put("good", "Aspirin")
        self.put("bad", "HANG-HERE")
        self.start(wait=False)
        self.dosed.wait_stderr(HANGS)
        self.dosed.process.send_signal(signal.SIGABRT)  # as the service manager's watchdog does
        self.wait_dead(signal.SIGABRT)
        self.start(wait=False)
        self.dosed.wait_ready()  # the probe takes its time, and gives up
        self.assertEqual(self.names(), ["Aspirin"])
        self.assertRegex(" ".join(self.dosed.proxy().get("Degraded")), r"bad\.ics: .*crashed")

    def test_a_kill_at_a_harmless_file_is_a_false_alarm(self):
        self.put("slow", "HANG-HERE")
        self.start(wait=False)
        self.dosed.wait_stderr(HANGS)
        self.dosed.kill()
        del self.environment["LD_PRELOAD"]  # the file was never to blame
        self.start()
        self.assertEqual(self.names(), ["HANG-HERE"])
        self.assertEqual(self.dosed.proxy().get("Degraded"), [])


if __name__ == "__main__":
    unittest.main()
