# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was enabled before a boot is there after it, with everything that it knew: see move_in.py for what that was."""

import unittest

from machine import BROKE_OFF, STARTED, show
from session import Sessions


class Reboot(Sessions):
    def setUp(self):
        super().setUp()
        self.since = "--boot"
        # Nobody has called it on the bus, which would start it too.
        self.wait("dosed is there", lambda: show("ActiveState") == "active")

    def clear(self):
        pass

    def test_the_service_came_by_itself_after_a_clean_end(self):
        self.assertEqual(show("NRestarts"), "0")
        self.assertEqual(self.said(STARTED).count("is running"), 1)
        self.assertEqual(self.said(BROKE_OFF), "")

    def test_what_was_recorded_is_still_so_and_what_came_due_rings(self):
        self.assertEqual(self.wait_dose("Aspirin", "taken")["recorded_by"], "root")
        self.wait_dose("Bisoprolol", "due")

    def test_the_agent_came_by_itself_and_shows_what_is_open(self):
        self.wait("the agent is there", lambda: self.shown_of("ana", "ActiveState") == "active")
        self.wait_up(self.desktop("ana"), "Bisoprolol")


if __name__ == "__main__":
    unittest.main()
