# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon is killed: between due and confirm, and at every write of a confirm. Nothing is lost, nothing is doubled."""

import contextlib
import datetime
import os
import shutil
import sqlite3
import struct
import subprocess
import unittest

from harness import DEADLINE_SEC, Dosed, calendar, event, now, program, reminder

SHIM = program("tests/kill-at-write.so")
WRITES_AT_MOST = 200  # a confirm takes far fewer: whoever gets there was never killed


class Control:
    """The other end of kill-at-write.c."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(struct.pack("=iii", 0, 0, 0))

    def arm(self, left, torn):
        self.path.write_bytes(struct.pack("=iii", left, torn, 0))

    @property
    def seen(self):
        return struct.unpack("=iii", self.path.read_bytes())[2]


def entries(dosed):
    """The ledger as it lies on the disk, while nobody has it open."""
    with contextlib.closing(sqlite3.connect(dosed.state / "dosed.db")) as database:
        (sound,) = database.execute("PRAGMA integrity_check").fetchone()
        assert sound == "ok", sound
        return [kind for (kind,) in database.execute("SELECT kind FROM entry ORDER BY id")]


class Kill(unittest.TestCase):
    def test_between_due_and_confirm(self):
        with Dosed() as dosed:
            dosed.put_ics("a", calendar(event("Aspirin", now() + datetime.timedelta(seconds=2), uid="a")))
            dosed.start()
            monitor = dosed.monitor()
            monitor.wait_for(reminder("Aspirin"))
            dosed.kill()
            dosed.start()
            (dose,) = dosed.doses()
            self.assertEqual((dose["state"], dose["reminders"]), ("due", 1))
            dosed.dosectl("take", "Aspirin", check=0)
            dosed.kill()
            self.assertEqual(entries(dosed), ["due", "reminded", "taken"])
            dosed.start()
            self.assertEqual([dose["state"] for dose in dosed.doses()], ["taken"])

    def kill_at_every_write(self, torn):
        """From one and the same open dose, over and over: the n-th write of the confirm is the last."""
        with Dosed() as dosed:
            control = Control(dosed.folder / "control")
            preload = ":".join(filter(None, [os.environ.get("LD_PRELOAD"), SHIM]))
            options = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
            dosed.put_ics("a", calendar(event("Aspirin", now() + datetime.timedelta(seconds=2), uid="a")))
            dosed.start()
            dosed.monitor().wait_for(reminder("Aspirin"))
            dosed.kill()
            saved = dosed.folder / "saved"
            shutil.copytree(dosed.state, saved)

            outcomes = []
            for write in range(1, WRITES_AT_MOST):
                shutil.rmtree(dosed.state)
                shutil.copytree(saved, dosed.state)
                dosed.start(LD_PRELOAD=preload, DOSED_FAULT_CONTROL=str(control.path), ASAN_OPTIONS=options)
                control.arm(write, torn)
                answered = dosed.dosectl("take", "Aspirin").returncode == 0
                try:
                    dosed.process.wait(0.2 if answered else DEADLINE_SEC)
                    died = True
                except subprocess.TimeoutExpired:
                    died = False
                dosed.kill()

                dosed.start()
                (dose,) = dosed.doses()
                outcomes.append(dose["state"])
                self.assertIn(dose["state"], ("due", "taken"))
                if answered:
                    self.assertEqual(dose["state"], "taken", f"write {write}: it was answered as recorded")
                dosed.dosectl("take", "Aspirin", check=0)
                self.assertEqual([dose["state"] for dose in dosed.doses()], ["taken"])
                dosed.stop()
                self.assertEqual(entries(dosed).count("taken"), 1, f"write {write}")
                self.assertEqual(entries(dosed).count("due"), 1, f"write {write}")
                if not died:
                    break
            else:
                self.fail("it was killed at every one of the writes, and there seems to be no end of them")
            self.assertGreater(len(outcomes), 2, "hardly a write was seen: is the shim at work?")
            self.assertEqual(outcomes[0], "due")
            self.assertEqual(outcomes[-1], "taken")

    def test_before_every_write_of_a_confirm(self):
        self.kill_at_every_write(torn=0)

    def test_half_way_through_every_write_of_a_confirm(self):
        self.kill_at_every_write(torn=1)


if __name__ == "__main__":
    unittest.main()
