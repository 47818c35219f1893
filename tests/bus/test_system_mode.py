# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed --system on a bus and in folders of its own: where things are, who is looked after, and which dosed dosectl finds."""

import os
import select
import stat
import subprocess
import tempfile
import time
import unittest
from datetime import timedelta
from pathlib import Path

from harness import DEADLINE_SEC, Bus, Dosed, calendar, event, now, program, reminder
from household import Household

ANA = "[dosed]\ntimezone = UTC\nsettle = 1s\n\n[person ana]\n"


class Places(unittest.TestCase):
    def household(self, configuration=None):
        return self.enterContext(Household(configuration))

    def test_an_empty_household_is_served_and_waits(self):
        dosed = self.household()
        dosed.start()
        self.assertEqual((dosed.proxy().get("People"), dosed.proxy().get("Degraded")), ([], []))
        self.assertEqual(dosed.json("list"), [])
        self.assertEqual(dosed.stop(), 0)

    def test_somebody_moves_in(self):
        dosed = self.household()
        dosed.start()
        dosed.configure(ANA)
        dosed.dosectl("reload", check=0)
        self.assertEqual(dosed.proxy().get("People"), ["ana"])
        self.assertEqual(stat.S_IMODE(dosed.calendars_of("ana").stat().st_mode), 0o700)
        monitor = dosed.monitor()
        dosed.put_ics("a", calendar(event("Aspirin", now() + timedelta(seconds=3), X_DOSED_WINDOW="PT1H")))
        monitor.wait_for(reminder("Aspirin"), 60)

    def test_everything_is_where_a_service_is_told_to_keep_it(self):
        dosed = self.household(ANA)
        dosed.start()
        self.assertTrue((dosed.state / "dosed.db").exists())
        self.assertEqual(stat.S_IMODE(dosed.calendars.stat().st_mode), 0o700)
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            self.assertEqual([path.name for path in dosed.folders[name].rglob("dosed.db")], [], name)
        self.assertEqual(list(dosed.folders["HOME"].iterdir()), [])

    def test_a_plan_is_added_to_and_edited_over_the_bus(self):
        dosed = self.household(ANA + "[person bruno]\n")
        dosed.start()
        dosed.dosectl("--person", "ana", "add", "Aspirin", "--at", "08:00", check=0)
        dosed.dosectl("--person", "bruno", "add", "Aspirin", "--at", "08:00", check=0)
        said = dosed.dosectl("edit", "aspirin", check=1, EDITOR="false").stderr
        self.assertIn("(Aspirin, ana)", said)
        self.assertIn("(Aspirin, bruno)", said)
        said = dosed.dosectl("--person", "bruno", "edit", "aspirin", check=0, EDITOR="sed -i s/SUMMARY:Aspirin/SUMMARY:Zinc/").stdout
        # Before eight in the morning the first one is still to come.
        self.assertRegex(said, r"of bruno\. It means:\n  Zinc: every day at 08:00(, from [^\n]+ on)?\n")
        (path,) = dosed.calendars_of("bruno").glob("*.ics")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual({medication["person"]: medication["name"] for medication in dosed.json("meds")},
                         {"ana": "Aspirin", "bruno": "Zinc"})

    def test_plan_files_lie_nowhere_else(self):
        dosed = self.household()
        ana = dosed.calendars / "ana"
        dosed.configure(f"[person ana]\ncalendars = {ana}\ncalendars = {ana}/synced/\ncalendars = /home/ana/plan\n"
                        f"[person bruno]\ncalendars = {ana}\n[person clara]\ncalendars = {dosed.calendars}/clara/../ana\n")
        done = subprocess.run([program("dosed"), "--system", "--check-config"], env=dosed.environment, capture_output=True,
                              text=True, timeout=DEADLINE_SEC, check=False)
        self.assertEqual(done.returncode, os.EX_CONFIG, done.stdout)
        lines = [line.split(":")[:2] for line in done.stderr.splitlines() if ": error: calendars: " in line]
        self.assertEqual(lines, [[f"{dosed.folder}/etc/dosed.conf", number] for number in ("4", "6", "8")], done.stderr)
        self.assertIn(f"lie in {ana}:", done.stderr)

    def test_an_unknown_unix_user_is_warned_of(self):
        dosed = self.household("[person ana]\nusers = root, nobody-of-that-name\n")
        done = subprocess.run([program("dosed"), "--system", "--check-config"], env=dosed.environment, capture_output=True,
                              text=True, timeout=DEADLINE_SEC, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count(": warning: users: "), 1, done.stderr)
        self.assertIn(":2: warning: users: this machine knows no Unix user 'nobody-of-that-name'", done.stderr)

    def test_root_looks_after_a_household(self):
        dosed = self.household(ANA)
        done = subprocess.run([program("dosed"), "--check-config"], env=dosed.environment, capture_output=True, text=True,
                              timeout=DEADLINE_SEC, check=False)
        self.assertIn("1 person" if os.geteuid() == 0 else "There is no configuration", done.stdout)


class Ending(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Household(ANA + "[hook x]\non = degraded\ncommand = /bin/false\n"))

    def reports(self):
        return self.dosed.stderr().count("it had not been stopped")

    def test_one_that_was_stopped_is_not_reported(self):
        self.dosed.start()
        self.assertEqual(self.dosed.stop(), 0)
        self.dosed.start()
        self.assertEqual(self.reports(), 0)

    def test_one_that_was_killed_is_reported_once(self):
        self.dosed.start()
        self.dosed.kill()
        self.dosed.start()
        self.assertIn("but was killed, crashed or lost its bus", self.dosed.stderr())
        self.dosed.stop()
        self.dosed.start()
        self.assertEqual(self.reports(), 1)

    def test_a_machine_that_went_down_is_told_from_it(self):
        self.dosed.start()
        self.dosed.kill()
        (self.dosed.folder / "run/d/running").unlink()
        self.dosed.start()
        self.assertIn("but ended with the machine", self.dosed.stderr())

    def test_a_hook_hears_of_it(self):
        told = self.dosed.folder / "told"
        hook = self.dosed.folder / "hook"
        hook.write_text(f"#!/bin/sh\ncat >>{told}\necho >>{told}\n")
        hook.chmod(0o755)
        self.dosed.configure(ANA + f"[hook x]\non = degraded\ndetail = full\ncommand = {hook}\n")
        self.dosed.start()
        self.dosed.kill()
        self.dosed.start()
        self.wait_for(told, "not been stopped")
        # The same again within the hour is nothing new.
        self.dosed.kill()
        self.dosed.start()
        self.assertEqual(self.dosed.stop(), 0)
        self.assertEqual(told.read_text().count("not been stopped"), 1, told.read_text())

    def wait_for(self, path, words):
        deadline = time.monotonic() + DEADLINE_SEC
        while not path.exists() or words not in path.read_text():
            self.assertLess(time.monotonic(), deadline, self.dosed.stderr())
            select.select([], [], [], 0.05)


class Finding(unittest.TestCase):
    """dosectl without --user and --system."""

    def setUp(self):
        self.dosed = self.enterContext(Household(ANA))
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.session = Bus(Path(folder))
        self.addCleanup(self.session.stop)
        self.environment = dict(self.dosed.environment, DBUS_SESSION_BUS_ADDRESS=self.session.address)

    def dosectl(self, *arguments):
        return subprocess.run([program("dosectl"), *arguments], env=self.environment, capture_output=True, text=True,
                              timeout=DEADLINE_SEC, check=False)

    def test_the_machines_is_found_where_the_session_has_none(self):
        self.dosed.start()
        self.assertEqual(self.dosectl("list").returncode, 0)
        self.assertEqual(self.dosectl("--user", "list").returncode, 1)

    def test_that_of_the_session_goes_first(self):
        self.dosed.start()
        own = self.enterContext(Dosed(bus=self.session))
        own.configure("[person bruno]\n")
        own.start()
        for options, person in (((), "bruno"), (("--user",), "bruno"), (("--system",), "ana")):
            done = self.dosectl(*options, "list", "--person", person)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_where_there_is_none_it_says_how_to_start_one(self):
        self.assertIn("systemctl --user enable --now dosed", self.dosectl("list").stderr)
        self.assertIn("systemctl enable --now dosed", self.dosectl("--system", "list").stderr)


if __name__ == "__main__":
    unittest.main()
