# SPDX-License-Identifier: LGPL-2.1-or-later
"""A folder of good and broken plan files under the running daemon: the good are served, the broken are named."""

import os
import shutil
import subprocess
import sys
import time
import unittest
from datetime import timedelta

import dbus.lowlevel
from harness import NAME, PATH, PERSON, ROOT, Dosed, calendar, changed, event, now, program, reminder

MAKE = ROOT / "tests/data/make-broken-folder.py"
UNREADABLE = "broken-permission.ics"  # for everybody but root, whom modes do not stop


def plan_changed(said):
    return said["event"] == "PlanChanged"


def make_folder(dosed):
    """Gives the names of the good and of the broken files."""
    done = subprocess.run(
        [sys.executable, MAKE, dosed.calendars_of(PERSON)], check=True, capture_output=True, text=True
    )
    names = done.stdout.split()
    return ({name for name in names if name.startswith("good-")},
            {name for name in names if name.startswith("broken-")} - {UNREADABLE})


class Folder(unittest.TestCase):
    def assert_served_and_named(self, dosed, good, broken):
        medications = dosed.json("meds")
        served = {name for medication in medications for name in medication["files"]}
        self.assertEqual(good - served, set())
        self.assertEqual(served & broken, set())

        degraded = dosed.proxy().get("Degraded")
        for name in broken:
            with self.subTest(file=name):
                (line,) = [line for line in degraded if name in line]
                self.assertRegex(line, rf"^{PERSON}: {name}(:\d+)?: .")
        self.assertEqual([line for line in degraded if "good-" in line], [])
        self.assertEqual(len(degraded), len(broken))

    def test_fifty_good_are_served_and_every_broken_one_is_named_at_the_start(self):
        with Dosed() as dosed:
            good, broken = make_folder(dosed)
            self.assertEqual(len(good), 50)
            self.assertGreaterEqual(len(broken), 20)
            dosed.start()
            self.assert_served_and_named(dosed, good, broken)

    def test_the_same_when_they_come_while_it_runs_and_a_dose_rings_all_the_while(self):
        with Dosed() as dosed:
            dosed.start()
            monitor = dosed.monitor()
            dosed.put_ics("mine", calendar(event("Aspirin", now() + timedelta(seconds=3), uid="mine")))
            dosed.dosectl("reload")
            good, broken = make_folder(dosed)
            monitor.wait_for(reminder("Aspirin"))
            dosed.dosectl("reload")
            self.assert_served_and_named(dosed, good, broken)

    def test_somebody_who_asks_meanwhile_is_answered_soon(self):
        with Dosed() as dosed:
            dosed.start()
            reloading, asking = dosed.bus.connect(), dosed.proxy()
            self.addCleanup(reloading.close)
            asking.get("Version")
            make_folder(dosed)
            started = time.monotonic()
            reloading.send_message(dbus.lowlevel.MethodCallMessage(NAME, PATH, f"{NAME}.Manager", "Reload"))
            reloading.flush()
            asking.get("Version")
            waited = time.monotonic() - started
            print(f"# read the folder and answered after {waited:.3f} s", flush=True)
            self.assertLess(waited, 5)  # under a sanitizer, on a busy machine

    def test_rules_that_elsewhere_wrap_or_never_end_ring_no_dose_of_their_own(self):
        start = now() - timedelta(days=3)
        with Dosed() as dosed:
            dosed.put_ics("good", calendar(event("Aspirin", now() + timedelta(hours=1), uid="good")))
            for name, rule in (("wraps", "FREQ=DAILY;INTERVAL=65537"), ("never", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
                               ("never-a-minute", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30")):
                dosed.put_ics(name, calendar(event(name, start, uid=name, RRULE=rule)))
            dosed.start()
            doses = dosed.doses(until=now() + timedelta(days=3000))
            self.assertEqual([dose["medication"] for dose in doses], ["Aspirin"])

    def test_a_file_without_permission_is_named(self):
        if os.geteuid() == 0:
            return self.run_as_nobody()
        with Dosed() as dosed:
            dosed.put_ics("secret", calendar(event("Aspirin", now() + timedelta(hours=1))))
            (dosed.calendars_of(PERSON) / "secret.ics").chmod(0)
            dosed.start()
            self.assertIn("secret.ics", " ".join(dosed.proxy().get("Degraded")))

    def run_as_nobody(self):
        """Modes do not stop root: the same test once more, as somebody whom they do."""
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if subprocess.run([*nobody, "test", "-x", program("dosed")], check=False).returncode != 0:
            self.skipTest("root runs this, and nobody else may read the programs")
        test = f"test_plan_folder.{self.id().split('.', 1)[1]}"
        done = subprocess.run([*nobody, sys.executable, "-B", "-m", "unittest", test],
                              cwd=ROOT / "tests/bus", check=False, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Ran 1 test", done.stderr)


class Following(unittest.TestCase):
    """What inotify tells: every way in which programs change files."""

    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.dosed.put_ics("a", calendar(event("Aspirin", now() + timedelta(hours=1), uid="a")))
        self.dosed.put_ics("b", calendar(event("Bisoprolol", now() + timedelta(hours=1), uid="b")))
        self.dosed.put_ics("c", calendar(event("Candesartan", now() + timedelta(hours=1), uid="c")))
        self.dosed.start()
        self.monitor = self.dosed.monitor()
        self.folder = self.dosed.calendars_of(PERSON)

    def names(self):
        return sorted(medication["name"] for medication in self.dosed.json("meds"))

    def test_a_file_written_in_place(self):
        text = calendar(event("Amlodipine", now() + timedelta(hours=1), uid="a"))
        (self.folder / "a.ics").write_text(text, newline="")
        self.monitor.wait_for(plan_changed)
        self.assertEqual(self.names(), ["Amlodipine", "Bisoprolol", "Candesartan"])

    def test_a_file_replaced_at_once(self):
        self.dosed.put_ics("a", calendar(event("Amlodipine", now() + timedelta(hours=1), uid="a")))
        self.monitor.wait_for(plan_changed)
        self.assertEqual(self.names(), ["Amlodipine", "Bisoprolol", "Candesartan"])

    def test_a_file_added(self):
        self.dosed.put_ics("d", calendar(event("Digoxin", now() + timedelta(hours=1), uid="d")))
        self.monitor.wait_for(plan_changed)
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol", "Candesartan", "Digoxin"])

    def test_a_file_removed(self):
        self.dosed.remove_ics("c")
        self.monitor.wait_for(plan_changed)
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol"])

    def test_a_file_renamed_is_the_same_plan(self):
        (self.folder / "c.ics").rename(self.folder / "z.ics")
        self.dosed.put_ics("d", calendar(event("Digoxin", now() + timedelta(hours=1), uid="d")))
        self.monitor.wait_for(plan_changed)
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol", "Candesartan", "Digoxin"])
        self.assertEqual(self.dosed.proxy().get("Degraded"), [])

    def test_a_folder_moved_away_and_back(self):
        aside = self.folder.with_name("aside")
        self.folder.rename(aside)
        self.dosed.dosectl("reload")
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol", "Candesartan"])
        self.assertIn("plan accept", " ".join(self.dosed.proxy().get("Degraded")))
        aside.rename(self.folder)
        self.dosed.put_ics("d", calendar(event("Digoxin", now() + timedelta(hours=1), uid="d")))
        self.monitor.wait_for(plan_changed)
        self.assertEqual(self.dosed.proxy().get("Degraded"), [])

    def test_a_folder_removed_and_made_again_is_watched_again(self):
        shutil.rmtree(self.folder)
        self.dosed.dosectl("reload")
        self.assertEqual(len(self.dosed.proxy().get("Degraded")), 1)
        self.folder.mkdir()
        for name, uid in (("Aspirin", "a"), ("Bisoprolol", "b"), ("Candesartan", "c"), ("Digoxin", "d")):
            self.dosed.put_ics(uid, calendar(event(name, now() + timedelta(hours=1), uid=uid)))
        self.monitor.wait_for(plan_changed)
        self.dosed.put_ics("e", calendar(event("Enalapril", now() + timedelta(hours=1), uid="e")))
        self.monitor.wait_for(plan_changed)
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol", "Candesartan", "Digoxin", "Enalapril"])

    def test_a_broken_version_rings_by_its_last_good_one_after_a_restart(self):
        due = now() + timedelta(seconds=5)
        self.dosed.put_ics("a", calendar(event("Aspirin", due, uid="a", X_DOSED_WINDOW="PT2S")))
        self.dosed.dosectl("reload", check=0)
        self.dosed.put_ics("a", calendar(event("Aspirin", due, uid="a", RRULE="FREQ=FORTNIGHTLY")))
        self.dosed.restart()
        self.assertRegex(" ".join(self.dosed.proxy().get("Degraded")), r"a\.ics:\d+: .*last good version")
        self.monitor.wait_for(reminder("Aspirin"))
        self.monitor.wait_for(changed("Aspirin", "missed"))


if __name__ == "__main__":
    unittest.main()
