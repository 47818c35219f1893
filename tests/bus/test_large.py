# SPDX-License-Identifier: LGPL-2.1-or-later
"""Answers that would be larger than the bus carries are refused, and the connection stays."""

import datetime
import unittest

import dbus
from harness import NAME, PERSON, Dosed, calendar, event, now, usec

TEXT = "x" * 8000  # of the 8192 bytes that one may have
DOSES_A_DAY = 24


def large(name, **properties):
    texts = {key: TEXT for key in ("DESCRIPTION", "X_DOSED_PURPOSE", "X_DOSED_IF_MISSED")}
    return event(name, now().replace(minute=0, second=0) + datetime.timedelta(hours=1), uid=name, **texts, **properties)


class Large(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())

    def assert_too_much(self, call, *arguments):
        with self.assertRaises(dbus.DBusException) as refused:
            call(*arguments)
        self.assertEqual(refused.exception.get_dbus_name(), f"{NAME}.Error.BadOption")
        self.assertIn("ask for ", refused.exception.get_dbus_message())
        self.assertIsNone(self.dosed.process.poll())

    def test_a_list_of_doses(self):
        self.dosed.put_ics("a", calendar(large("Aspirin", RRULE="FREQ=HOURLY")))
        self.dosed.start()
        start, proxy = now(), self.dosed.proxy()
        nothing = dbus.Dictionary({}, signature="sv")

        def until(days):
            return dbus.UInt64(usec(start + datetime.timedelta(days=days)))

        self.assert_too_much(proxy.ListDoses, PERSON, until(0), until(400), nothing)
        self.assertGreaterEqual(len(proxy.ListDoses(PERSON, until(0), until(20), nothing)), 19 * DOSES_A_DAY)

    def test_a_list_of_medications(self):
        for file in range(3):
            self.dosed.put_ics(f"{file}", calendar(*(large(f"Medicine {file} {i}") for i in range(160))))
        self.dosed.start()
        proxy = self.dosed.proxy()
        self.assertEqual(len(proxy.ListMedications("")), 480)
        for file in range(3, 7):
            self.dosed.put_ics(f"{file}", calendar(*(large(f"Medicine {file} {i}") for i in range(160))))
        self.dosed.dosectl("reload", check=0)
        self.assert_too_much(proxy.ListMedications, "")

    def test_a_property_says_how_much_it_leaves_out(self):
        for i in range(4000):
            name = f"{i:04}" + "n" * 236
            self.dosed.put_ics(name, calendar(event("Aspirin", now(), RRULE="FREQ=" + "X" * 200)))
        self.dosed.start()
        degraded = self.dosed.proxy().get("Degraded")
        self.assertRegex(degraded[-1], r"^and \d+ more$")
        self.assertEqual(len(degraded) - 1 + int(degraded[-1].split()[1]), 4000)
        self.assertLess(sum(len(line) for line in degraded), 1024 * 1024)


if __name__ == "__main__":
    unittest.main()
