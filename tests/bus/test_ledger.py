# SPDX-License-Identifier: LGPL-2.1-or-later
"""A ledger that cannot be had at the start: why is said, and only one that is damaged is to be replaced."""

import subprocess
import unittest
from datetime import timedelta

from harness import Dosed, calendar, event, now

BACKUP = "put a backup in its place"


def can_mount():
    return subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


class AtTheStart(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.dosed.put_ics("aspirin", calendar(event("Aspirin", now() - timedelta(minutes=5), X_DOSED_WINDOW="PT2H")))

    def start_with(self, mounts):
        """In a mount namespace of its own, where `mounts` has been done with the state folder as $1."""
        self.dosed.start(prefix=["unshare", "-m", "sh", "-c", f'{mounts} && shift && exec "$@"', "sh", str(self.dosed.state)])

    def said(self):
        (sentence,) = self.dosed.json("status")["degraded"]
        self.assertIn(f"! {sentence}", " ".join(self.dosed.dosectl("status", COLUMNS="1000").stdout.split()))
        return sentence

    @unittest.skipUnless(can_mount(), "no mount namespace can be made here: a file system that can only be read was not tried")
    def test_a_file_system_that_can_only_be_read(self):
        self.dosed.start()
        self.dosed.put_ics("daily", calendar(event("Lisinopril", now() - timedelta(days=1), RRULE="FREQ=DAILY")))
        self.dosed.dosectl("reload", check=0)
        self.dosed.stop()
        self.start_with('mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"')
        said = self.said()
        self.assertEqual(said, "The ledger cannot be opened (Read-only file system): reminders go on, but nothing is kept, and "
                               "nothing that was recorded is seen. It may be all right: leave it as it is. Have the file system of "
                               "the state folder writable again, and restart dosed")  # fmt: skip
        self.assertNotIn("was lost", self.dosed.dosectl("status").stdout)
        self.assertIn("the record cannot be read, check whether it was taken", self.dosed.dosectl("status").stdout)
        self.assertIn("The ledger cannot be opened, Read-only file system", self.dosed.stderr())
        self.dosed.restart()
        self.assertEqual(self.dosed.proxy().get("Degraded"), [])

    @unittest.skipUnless(can_mount(), "no mount namespace can be made here: a full disk was not tried")
    def test_a_disk_that_is_full(self):
        self.dosed.state.mkdir(parents=True)
        self.start_with('mount -t tmpfs -o size=8k,mode=700 none "$1" && head -c 8192 /dev/zero >"$1/full"')
        said = self.said()
        self.assertIn("No space left on device", said)
        self.assertIn("Make room on the disk of the state folder, and restart dosed", said)
        self.assertNotIn(BACKUP, said)

    def test_something_else_in_its_place(self):
        (self.dosed.state / "dosed.db").mkdir(parents=True)
        self.dosed.start()
        said = self.said()
        self.assertIn("The ledger cannot be opened (Is a directory)", said)
        self.assertNotIn(BACKUP, said)

    def test_one_that_is_damaged(self):
        self.dosed.state.mkdir(parents=True)
        (self.dosed.state / "dosed.db").write_bytes(b"this is no ledger\n" * 1000)
        self.dosed.start()
        self.assertIn(BACKUP, self.said())


if __name__ == "__main__":
    unittest.main()
