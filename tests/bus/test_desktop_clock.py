# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands on the desktop when the clock goes wrong and is put right."""

import unittest

import test_clock
from notify import FakeServer, wait


class Clock(unittest.TestCase):
    def setUp(self):
        self.world = test_clock.Clock("setUp")  # a daemon whose clock can be set; not its tests
        self.world.setUp()
        self.addCleanup(self.world.doCleanups)
        self.server = FakeServer(self.world.dosed.bus.address)
        self.addCleanup(self.server.stop)

    def notice(self):
        return [call for call in self.server.up.values() if "without a reminder" in call.title]

    def test_doses_that_only_a_wrong_clock_passed_are_not_told_once_it_is_right(self):
        self.world.set_clock(days=3)
        (call,) = wait(self.notice, "nothing is said of the doses")
        self.assertEqual(call.title, "3 doses passed without a reminder")
        self.assertIn("its clock was wrong", call.body)
        self.world.set_clock()
        wait(lambda: not self.notice(), "the notice stays")

    def test_a_record_that_lies_ahead_is_to_be_checked_and_says_no_time(self):
        self.world.set_clock(hours=26, minutes=1)
        self.world.dosed.dosectl("take", "Aspirin", check=0)
        self.world.set_clock()
        self.world.set_clock(hours=2, minutes=1)
        (call,) = wait(lambda: [call for call in self.server.up.values() if call.title == "Aspirin"], "no reminder is up")
        self.assertIn("Check first: it is recorded as taken at a time that has not come by this clock\n", call.body)
        self.assertEqual(call.labels, ["Snooze", "Skip"])

    def test_a_second_absence_adds_to_what_nobody_has_read(self):
        self.world.set_clock(hours=22)
        self.world.set_clock(hours=46)
        wait(lambda: [call.title for call in self.notice()] == ["2 doses passed without a reminder"], "not both are told")
        (identity,) = [identity for identity, call in self.server.up.items() if call in self.notice()]
        self.server.dismiss(identity)
        self.server.round_trip()
        self.world.dosed.dosectl("reload", check=0)  # answered after the dismissal was heard
        self.world.set_clock(hours=70)
        wait(lambda: [call.title for call in self.notice()] == ["1 dose passed without a reminder"], "not only the new one")


if __name__ == "__main__":
    unittest.main()
