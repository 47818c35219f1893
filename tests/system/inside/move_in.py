# SPDX-License-Identifier: LGPL-2.1-or-later
"""A household moves in, and stays: tests/system/inside/reboot.py looks at what became of it after the next boot."""

import unittest
from datetime import timedelta

from machine import dosectl, now, systemctl
from session import Sessions

# machine.py says where this is
from harness import event

HOUSEHOLD = "[dosed]\ntimezone = UTC\nsettle = 1s\n\n[person ana]\nusers = ana\n"


class MoveIn(Sessions):
    def clear(self):
        pass

    def test_a_household_moves_in(self):
        self.configure(HOUSEHOLD)
        systemctl("enable", "--quiet", "--now", "dosed")
        self.begin_session("ana")
        self.put("aspirin", event("Aspirin", now() + timedelta(minutes=30), X_DOSED_WINDOW="PT6H"))
        self.wait_dose("Aspirin", "upcoming")
        dosectl("take", "Aspirin")
        self.put("bisoprolol", event("Bisoprolol", now() + timedelta(seconds=6), X_DOSED_WINDOW="PT6H"))
        self.wait("Bisoprolol is known", lambda: "Bisoprolol" in [dose["medication"] for dose in self.doses()])


if __name__ == "__main__":
    unittest.main()
