# SPDX-License-Identifier: LGPL-2.1-or-later
"""The clock is set under the running daemon: forward, back, by minutes, days and years. Nothing rings twice, nothing is lost."""

import os
import unittest
from datetime import timedelta

from harness import Dosed, calendar, changed, event, now, reminder
from moved_clock import MovedClock


class Clock(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.clock = MovedClock(self.dosed.folder)
        self.addCleanup(self.clock.close)
        self.start_of_all = now()
        self.dosed.put_ics("a", calendar(event("Aspirin", self.start_of_all + timedelta(hours=2), uid="a",
                                               RRULE="FREQ=DAILY")))
        self.dosed.start(**self.clock.environment)
        self.monitor = self.dosed.monitor()

    def set_clock(self, **moved):
        self.clock.move(timedelta(**moved))
        self.dosed.dosectl("reload", check=0)  # answered with that clock: it was not set again before anybody looked

    def said(self):
        """What was said since the start, but for its beginning, up to now."""
        self.dosed.put_ics("end", calendar(event("End", self.start_of_all + timedelta(days=9000), uid=os.urandom(8).hex())))
        self.dosed.dosectl("reload", check=0)
        self.monitor.wait_for(lambda event: event["event"] == "PlanChanged")
        return [(event["event"], event.get("state")) for event in self.monitor.seen
                if event["event"] in ("DoseChanged", "ReminderDue")]

    def test_forward_to_a_dose_and_back_before_it(self):
        self.set_clock(hours=2, minutes=1)
        self.monitor.wait_for(reminder("Aspirin"))
        self.dosed.dosectl("take", "Aspirin", check=0)
        self.monitor.wait_for(changed("Aspirin", "taken"))
        self.set_clock()
        self.set_clock(hours=2, minutes=5)
        self.set_clock(hours=3)
        self.assertEqual(self.said(), [("DoseChanged", "due"), ("ReminderDue", "due"), ("DoseChanged", "taken")])

    def test_back_before_an_open_dose_it_is_upcoming_and_rings_at_its_time(self):
        self.set_clock(hours=2, minutes=1)
        self.monitor.wait_for(reminder("Aspirin"))
        self.set_clock()
        self.monitor.wait_for(changed("Aspirin", "upcoming"))
        self.set_clock(hours=2, minutes=2)
        self.monitor.wait_for(reminder("Aspirin"))
        self.assertEqual(self.said(), [("DoseChanged", "due"), ("ReminderDue", "due"), ("DoseChanged", "upcoming"),
                                       ("DoseChanged", "due"), ("ReminderDue", "due")])

    def test_ahead_by_a_year_and_right_again(self):
        self.set_clock(days=365)
        self.monitor.wait_for(lambda event: event["event"] == "DoseChanged" and event["state"] == "unattended")
        self.set_clock()
        self.monitor.wait_for(lambda event: event["event"] == "DoseChanged" and event["state"] == "upcoming")
        self.assertEqual({dose["state"] for dose in self.dosed.doses(until=self.start_of_all + timedelta(days=400))},
                         {"upcoming"})
        self.set_clock(hours=2, minutes=1)
        self.monitor.wait_for(reminder("Aspirin"))

    def test_ahead_by_minutes_nothing_is_told(self):
        self.set_clock(minutes=30)
        self.set_clock(minutes=-30)
        self.set_clock()
        self.assertEqual(self.said(), [])

    def test_back_by_days_the_days_between_ring_again_only_if_nobody_recorded_them(self):
        self.set_clock(hours=2, minutes=1)
        self.monitor.wait_for(reminder("Aspirin"))
        self.dosed.dosectl("take", "Aspirin", check=0)
        self.set_clock(hours=26, minutes=1)
        self.monitor.wait_for(reminder("Aspirin"))
        self.set_clock()
        self.set_clock(hours=26, minutes=2)
        self.monitor.wait_for(reminder("Aspirin"))
        states = [state for name, state in self.said() if name == "DoseChanged"]
        self.assertEqual(states, ["due", "taken", "due", "upcoming", "due"])


if __name__ == "__main__":
    unittest.main()
