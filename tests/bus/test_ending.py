# SPDX-License-Identifier: LGPL-2.1-or-later
"""How dosed ends, and what it starts without: the bus is lost, the disk is full, the runtime folder cannot be made."""

import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import unittest
from datetime import timedelta

import dbus
from harness import DEADLINE_SEC, Dosed, calendar, event, now, reminder

ZONEINFO = "/usr/share/zoneinfo"
# A file that may not grow fails its writer with a signal, unless that is ignored.
FULL_DISK = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]


def may_mount():
    return subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


class Ending(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())

    def wait_end(self):
        process, self.dosed.process = self.dosed.process, None
        return process.wait(DEADLINE_SEC)

    def start_with_due(self, **options):
        self.dosed.put_ics("a", calendar(event("Aspirin", now() + timedelta(seconds=2), uid="a", X_DOSED_WINDOW="PT1H")))
        self.dosed.start(**options)
        self.monitor = self.dosed.monitor()
        self.monitor.wait_for(reminder("Aspirin"))

    def fill_disk(self):
        """The store's files may not grow any more. The log is far below that."""
        size = (self.dosed.state / "dosed.db-wal").stat().st_size
        self.assertGreater(size, 16384)
        resource.prlimit(self.dosed.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def make_room(self):
        resource.prlimit(self.dosed.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def take(self):
        """Gives whether the answer was that it is in the ledger; what follows from it is done by then."""
        (dose,) = self.dosed.doses()
        answer = self.dosed.dose(dose["path"]).Confirm(dbus.Dictionary({}, signature="sv"))
        self.dosed.proxy().get("Version")
        return bool(answer["durable"])

    def kinds(self):
        with contextlib.closing(sqlite3.connect(self.dosed.state / "dosed.db")) as database:
            return [kind for (kind,) in database.execute("SELECT kind FROM entry ORDER BY id")]

    def test_a_plan_is_not_given_up_while_the_disk_is_full(self):
        left_out = lambda: [text for text in self.dosed.json("status")["degraded"] if "ana has a plan" in text]  # noqa: E731
        self.start_with_due(prefix=FULL_DISK)
        self.dosed.configure(f"[person anna]\ncalendars = {self.dosed.calendars_of('ana')}\n")
        self.dosed.dosectl("reload")
        self.fill_disk()
        said = self.dosed.dosectl("plan", "accept", "ana", check=1).stderr
        self.assertIn("The ledger cannot be written, and so the plan stays as it was", said)
        self.assertEqual(len(left_out()), 1)
        self.make_room()
        self.dosed.dosectl("plan", "accept", "ana", check=0)
        self.dosed.restart()
        self.assertEqual(left_out(), [])

    def test_the_bus_is_lost(self):
        self.dosed.start()
        self.dosed.bus.stop()
        self.assertEqual(self.wait_end(), os.EX_UNAVAILABLE)
        self.assertIn("bus connection was lost", self.dosed.stderr())
        self.assertNotIn("as asked", self.dosed.stderr())

    def test_it_ends_as_asked(self):
        self.dosed.start()
        self.assertEqual(self.dosed.stop(), 0)
        self.assertIn("as asked", self.dosed.stderr())
        self.assertNotIn("bus connection was lost", self.dosed.stderr())

    def test_what_could_not_be_written_is_tried_once_more(self):
        self.start_with_due(prefix=FULL_DISK)
        self.fill_disk()
        self.assertFalse(self.take())
        self.make_room()
        self.assertEqual(self.dosed.stop(), 0)
        self.assertEqual(self.kinds()[-1], "taken")
        self.assertNotIn("is lost", self.dosed.stderr())

    def test_what_could_not_be_written_at_all_is_told(self):
        self.start_with_due(prefix=FULL_DISK)
        self.fill_disk()
        self.assertFalse(self.take())
        self.assertEqual(self.dosed.stop(), 0)
        self.assertNotIn("taken", self.kinds())
        self.assertRegex(self.dosed.stderr(), "could not be written to the ledger and is lost: .*record it again")

    @unittest.skipUnless(may_mount(), "only root may have a mount namespace")
    def test_new_zone_data_waits_for_the_ledger(self):
        zoneinfo = self.dosed.folder / "zoneinfo"
        shutil.copytree(ZONEINFO, zoneinfo, symlinks=True)
        mounts = f"mount --bind {zoneinfo} {ZONEINFO} && exec \"$@\""
        self.start_with_due(prefix=["unshare", "-m", "sh", "-c", mounts, "sh", *FULL_DISK])
        self.fill_disk()
        self.assertFalse(self.take())
        (zoneinfo / "new").write_text("")
        self.dosed.wait_stderr("taken up once the ledger is written")
        self.make_room()
        self.dosed.proxy().Reload()
        self.dosed.wait_ready()
        self.dosed.wait_ready()
        self.assertEqual([dose["state"] for dose in self.dosed.doses()], ["taken"])

    def test_it_starts_without_a_runtime_folder(self):
        (self.dosed.folder / "file").write_text("")
        self.dosed.put_ics("a", calendar(event("Aspirin", now() + timedelta(hours=1))))
        self.dosed.start(XDG_RUNTIME_DIR=str(self.dosed.folder / "file"))
        self.assertEqual([dose["medication"] for dose in self.dosed.doses()], ["Aspirin"])
        self.assertIn("the runtime folder cannot be made", self.dosed.stderr())


if __name__ == "__main__":
    unittest.main()
