# SPDX-License-Identifier: LGPL-2.1-or-later
"""Notices on a desktop: read or not, alerting or quiet; and what stays up where there is room for a few only."""

import unittest

import dbus
from notify import dose
from test_notify import NotifyTest


class Notices(NotifyTest):
    def test_a_notice_that_was_read_is_told(self):
        server, driver = self.start()
        driver.notice("store", "Disk full", "text")
        server.wait_up("Disk full")
        driver.settle()
        server.dismiss(server.identity("Disk full"))
        driver.wait_said("dismissed", "store")
        driver.settle()
        self.assertEqual(server.withdrawn, [])

    def test_only_a_person_reads(self):
        server, driver = self.start()
        driver.doses(dose("a"))
        driver.notice("store", "Disk full", "text")
        server.wait_up("A", "Disk full")
        driver.settle()
        for reason in (1, 3, 4):
            server.signal("NotificationClosed", dbus.UInt32(server.identity("Disk full")), dbus.UInt32(reason))
        server.dismiss(server.identity("A"))
        driver.sync(server)
        self.assertEqual(driver.said, [])

    def test_what_was_closed_while_more_came_was_not_read(self):
        server, driver = self.start()
        driver.notice("list", "One", "a")
        server.wait_up("One")
        driver.settle()
        server.answers = "hold"
        driver.notice("list", "Two", "a\nb")
        server.wait_calls(2)
        server.dismiss(server.identity("One"))
        server.answers = "id"
        server.answer()
        server.wait_up("Two")
        driver.sync(server)
        self.assertEqual(driver.said, [])

    def test_less_is_said_without_alerting_anew(self):
        server, driver = self.start()
        driver.notice("list", "Two", "a\nb")
        server.wait_up("Two")
        driver.settle()
        driver.notice("list", "One", "a", quietly=True)
        call = server.wait_calls(2)
        driver.settle()
        self.assertEqual((call.title, call.hints["suppress-sound"]), ("One", True))
        driver.notice("list", "Two", "a\nc")
        self.assertNotIn("suppress-sound", server.wait_calls(3).hints)

    def test_less_does_not_bring_back_what_was_closed(self):
        server, driver = self.start()
        driver.notice("list", "Two", "a\nb")
        server.wait_up("Two")
        driver.settle()
        server.dismiss(server.identity("Two"), 4)
        driver.sync(server)
        driver.notice("list", "One", "a", quietly=True)
        driver.sync(server)
        self.assertEqual(len(server.calls), 1)
        driver.notice("list", "Two", "a\nc")
        server.wait_up("Two")


class Room(NotifyTest):
    def test_a_vitamin_does_not_drive_a_critical_medicine_away(self):
        server, driver = self.start(room=3)
        critical = [dose(name, stands_alone=True, critical=True) for name in "abc"]
        driver.doses(*critical)
        server.wait_up("A", "B", "C")
        driver.settle()
        driver.doses(*critical, dose("v"))
        server.wait_calls(7)
        driver.sync(server)
        self.assertEqual(server.titles(), ["A", "B", "C"])
        driver.doses(*critical[1:], dose("v"))
        server.wait_up("B", "C", "V")
        driver.sync(server)
        self.assertEqual(len(server.calls), 8)

    def test_more_critical_ones_than_there_is_room_do_not_go_in_circles(self):
        server, driver = self.start(room=3)
        driver.doses(*(dose(name, stands_alone=True, critical=True) for name in "abcd"), dose("v"))
        server.wait_calls(9)
        driver.sync(server)
        driver.sync(server)
        self.assertEqual(server.titles(), ["B", "C", "D"])
        self.assertEqual(len(server.calls), 9)


if __name__ == "__main__":
    unittest.main()
