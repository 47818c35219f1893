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


class TooLate(NotifyTest):
    def press_withdrawn(self, label, *doses):
        server, driver = self.start()
        driver.doses(*doses)
        call = server.wait_calls(1)
        driver.settle()
        identity = server.identity(call.title)
        driver.doses()
        server.wait_up()
        server.press(identity, call.action(label), stays=True)
        return server, driver

    def test_a_button_that_crosses_with_its_withdrawal_is_told_and_answers_nothing(self):
        _, driver = self.press_withdrawn("Taken", dose("a"))
        driver.wait_said("too-late", "taken", "a")
        self.assertEqual(driver.said, [])

    def test_one_by_one_of_what_is_gone_is_nothing(self):
        server, driver = self.press_withdrawn("One by one", dose("a"), dose("b"))
        driver.sync(server)
        self.assertEqual((driver.said, server.titles()), ([], []))

    def test_a_button_of_another_saying_or_long_gone_is_nothing(self):
        server, driver = self.press_withdrawn("Snooze", dose("a"))
        driver.wait_said("too-late", "snooze", "a")
        first = server.calls[0]
        server.press(1, "taken:99", stays=True)
        for _ in range(16):
            driver.doses(dose("b"))
            server.wait_up("B")
            driver.settle()
            driver.doses()
            server.wait_up()
        server.press(1, first.action("Taken"), stays=True)
        driver.sync(server)
        self.assertEqual(driver.said, [])


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
