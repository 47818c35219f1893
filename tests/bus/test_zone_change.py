# SPDX-License-Identifier: LGPL-2.1-or-later
"""The system's zone and its zone data change under the running daemon, in a mount namespace of its own."""

import os
import shutil
import subprocess
import unittest
from datetime import timedelta

from harness import Dosed, calendar, changed, event, now, reminder

ZONEINFO = "/usr/share/zoneinfo"


def may_mount():
    return subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(may_mount(), "only root may have a mount namespace")
class ZoneChange(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed("[dosed]\nsettle = 1s\n\n[person ana]\n"))
        self.dosed.environment.pop("TZ")
        self.etc, self.zoneinfo = self.dosed.folder / "etc", self.dosed.folder / "zoneinfo"
        shutil.copytree("/etc", self.etc, symlinks=True, ignore_dangling_symlinks=True)
        shutil.copytree(ZONEINFO, self.zoneinfo, symlinks=True)
        self.set_zone("UTC")

    def set_zone(self, name):
        """As timedated(8) does: a new link in the place of the old one."""
        temporary = self.etc / ".localtime"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(f"{ZONEINFO}/{name}")
        os.rename(temporary, self.etc / "localtime")

    def start(self):
        mounts = f"mount --bind {self.etc} /etc && mount --bind {self.zoneinfo} {ZONEINFO} && exec \"$@\""
        self.dosed.start(prefix=["unshare", "-m", "sh", "-c", mounts, "sh"])

    def test_a_floating_dose_follows_the_zone_live(self):
        # In six hours on the wall clock of UTC is now in Asia/Dhaka, which is six hours ahead.
        wall = now() + timedelta(hours=6) - timedelta(seconds=30)
        self.dosed.put_ics("a", calendar(event("Aspirin", wall.strftime("%Y%m%dT%H%M%S"))))
        self.start()
        monitor = self.dosed.monitor()
        (dose,) = self.dosed.doses()
        self.assertEqual((dose["state"], dose["timezone"]), ("upcoming", "UTC"))

        self.set_zone("Asia/Dhaka")
        monitor.wait_for(changed("Aspirin", "due"))
        monitor.wait_for(reminder("Aspirin"))
        (dose,) = self.dosed.doses()
        self.assertEqual(dose["timezone"], "Asia/Dhaka")
        self.dosed.dosectl("take", "Aspirin", check=0)
        self.set_zone("UTC")
        self.dosed.dosectl("reload", check=0)
        self.assertEqual([dose["state"] for dose in self.dosed.doses()], ["taken"])

    def test_new_zone_data_is_taken_up(self):
        due = now() + timedelta(hours=3)
        self.dosed.put_ics("a", calendar(event("Aspirin", now() + timedelta(minutes=-1), X_DOSED_WINDOW="PT1H"),
                                         event("Bisoprolol", due.strftime("%Y%m%dT%H%M%S"))))
        self.set_zone("Europe/Test")
        shutil.copy(self.zoneinfo / "Etc/UTC", self.zoneinfo / "Europe/Test")
        self.start()
        before = self.dosed.doses()[-1]["due"]

        # The government has decided; the package manager writes beside and renames.
        shutil.copy(self.zoneinfo / "Etc/GMT-1", self.zoneinfo / "new")
        os.rename(self.zoneinfo / "new", self.zoneinfo / "Europe/Test")
        shutil.copy(self.zoneinfo / "tzdata.zi", self.zoneinfo / "new")
        os.rename(self.zoneinfo / "new", self.zoneinfo / "tzdata.zi")
        self.dosed.wait_ready()
        after = self.dosed.doses()[-1]["due"]
        self.assertEqual(before - after, 3_600_000_000)


if __name__ == "__main__":
    unittest.main()
