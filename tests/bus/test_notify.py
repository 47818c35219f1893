# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reminders on a desktop, against a notification server that does what real ones do at their worst."""

import shutil
import tempfile
import unittest
from pathlib import Path

import dbus
from harness import Bus
from notify import Driver, FakeServer, dose, wait


class NotifyTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="dosed-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.bus = Bus(self.folder)
        self.addCleanup(self.bus.stop)
        self.memory = self.folder / "notifications"

    def serve(self, **how):
        server = FakeServer(self.bus.address, **how)
        self.addCleanup(server.stop)
        return server

    def drive(self):
        driver = Driver(self.bus.address, self.memory)
        self.addCleanup(driver.stop)
        return driver

    def start(self, **how):
        return self.serve(**how), self.drive()


class Showing(NotifyTest):
    def test_a_dose_is_posted_as_the_specification_asks(self):
        server, driver = self.start()
        driver.doses(
            dose("a", title="Lisinopril 10 mg", amount="1 tablet", instructions="with water"),
            dose("b", title="Insulin", stands_alone=True, critical=True, asks_amount=True),
        )
        server.wait_calls(2)
        driver.settle()
        first, second = server.calls
        self.assertEqual(first.application, "dosed")
        self.assertEqual(first.replaces, 0)
        self.assertEqual(first.timeout, 0)
        self.assertEqual(first.title, "Lisinopril 10 mg")
        self.assertEqual(first.body, "1 tablet · due 08:00\nwith water")
        self.assertEqual(first.labels, ["Taken", "Snooze", "Skip"])
        self.assertEqual(first.hints, {"urgency": 1, "desktop-entry": "dosed", "category": "x-dosed.reminder"})
        self.assertTrue(first.byte_urgency)
        self.assertEqual(second.hints["urgency"], 2)
        self.assertEqual(second.labels, ["Snooze", "Skip"])

    def test_without_actions_there_are_no_buttons_and_without_markup_nothing_is_escaped(self):
        server, driver = self.start(capabilities=("body",))
        driver.doses(dose("a", amount="<b>1 & 2</b>"))
        call = server.wait_calls(1)
        self.assertEqual(call.actions, {})
        self.assertEqual(call.body, "<b>1 & 2</b> · due 08:00")

    def test_markup_is_escaped_in_the_body_and_never_in_the_title(self):
        server, driver = self.start()
        driver.doses(dose("a", title="<b>A & B</b>", amount="<b>1 & 2</b>"))
        call = server.wait_calls(1)
        self.assertEqual(call.title, "<b>A & B</b>")
        self.assertEqual(call.body, "&lt;b&gt;1 &amp; 2&lt;/b&gt; · due 08:00")

    def test_the_same_wish_sends_nothing(self):
        server, driver = self.start()
        driver.doses(dose("a"))
        server.wait_up("A")
        driver.doses(dose("a"))
        driver.sync(server)
        self.assertEqual(len(server.calls), 1)

    def test_a_recorded_dose_is_withdrawn(self):
        server, driver = self.start()
        driver.doses(dose("a"), dose("b", group_usec=1))
        server.wait_up("A", "B")
        driver.doses(dose("b", group_usec=1))
        server.wait_up("B")
        driver.doses()
        server.wait_up()
        driver.settle()

    def test_a_group_loses_a_dose_quietly(self):
        server, driver = self.start()
        driver.doses(dose("a"), dose("b"), dose("c"))
        server.wait_up("3 medicines at 08:00")
        first = server.identity("3 medicines at 08:00")
        driver.doses(dose("a"), dose("c"))
        server.wait_up("2 medicines at 08:00")
        driver.doses(dose("c"))
        server.wait_up("C")
        self.assertEqual([call.replaces for call in server.calls], [0, first, first])
        self.assertTrue(server.calls[-1].hints["suppress-sound"])
        self.assertEqual(server.calls[-1].labels, ["Taken", "Snooze", "Skip"])

    def test_a_further_reminder_alerts_in_the_place_of_the_first(self):
        server, driver = self.start()
        driver.doses(dose("a"))
        server.wait_up("A")
        driver.doses(dose("a", reminders=2))
        call = server.wait_calls(2)
        self.assertEqual(call.replaces, server.identity("A"))
        self.assertNotIn("suppress-sound", call.hints)
        self.assertIn("still not confirmed", call.body)

    def test_a_notice_is_replaced_by_its_key_and_taken_back(self):
        server, driver = self.start()
        driver.notice("store", "Disk full", "Nothing is lost <yet>", True)
        call = server.wait_calls(1)
        self.assertEqual((call.title, call.body), ("Disk full", "Nothing is lost &lt;yet&gt;"))
        self.assertEqual((call.hints["urgency"], call.actions), (2, {}))
        driver.notice("plan", "Plan", "text")
        driver.notice("store", "Disk full", "Nothing is lost <yet>", True)
        driver.notice("store", "Disk full", "again")
        server.wait_calls(3)
        driver.settle()
        self.assertEqual(server.titles(), ["Disk full", "Plan"])
        driver.notice("store", "", None)
        driver.notice("unknown", "", None)
        server.wait_up("Plan")


class Closing(NotifyTest):
    def test_closed_by_the_person_stays_closed_until_the_next_reminder(self):
        server, driver = self.start()
        driver.doses(dose("a"), dose("b"))
        server.wait_up("2 medicines at 08:00")
        driver.settle()
        server.dismiss(server.identity("2 medicines at 08:00"))
        driver.sync(server)
        driver.doses(dose("a"))
        driver.sync(server)
        self.assertEqual(len(server.calls), 1)
        driver.doses(dose("a", reminders=2))
        call = server.wait_calls(2)
        self.assertEqual((call.title, call.replaces), ("A", 0))
        self.assertEqual(driver.said, [])

    def test_what_a_server_had_no_room_for_comes_back_when_there_is_room(self):
        server, driver = self.start(room=3)
        doses = [dose(name, stands_alone=True) for name in "abcde"]
        driver.doses(*doses)
        server.wait_calls(5)
        driver.sync(server)
        self.assertEqual(server.titles(), ["C", "D", "E"])
        driver.doses(*(doses[:2] + doses[3:]))
        server.wait_up("A", "D", "E")
        server.dismiss(server.identity("D"))
        server.wait_up("A", "B", "E")
        driver.sync(server)
        self.assertEqual(len(server.calls), 7)

    def test_closed_while_only_its_words_change_does_not_come_back(self):
        server, driver = self.start()
        driver.doses(dose("a"), dose("b"))
        server.wait_up("2 medicines at 08:00")
        driver.settle()
        server.answers = "hold"
        driver.doses(dose("a"))
        server.wait_calls(2)
        server.dismiss(1)
        server.answer()
        server.wait_up()
        driver.settle()

    def test_a_close_of_unknown_ids_is_nothing(self):
        server, driver = self.start()
        driver.doses(dose("a"))
        server.wait_up("A")
        for identity in (0, 77, 4294967295):
            server.signal("NotificationClosed", dbus.UInt32(identity), dbus.UInt32(2))
        server.signal("NotificationClosed", "junk")
        driver.doses(dose("a", amount="2"))
        self.assertEqual(server.wait_calls(2).replaces, server.identity("A"))


class Pressing(NotifyTest):
    def test_each_button_is_told_with_the_doses_that_it_named(self):
        server, driver = self.start()
        for label, answer in (("Taken", "taken"), ("Snooze", "snooze"), ("Skip", "skip")):
            driver.doses(dose("a"))
            server.wait_up("A")
            driver.settle()
            identity = server.identity("A")
            server.press(identity, server.up[identity].action(label))
            driver.wait_said(answer, "a")
            driver.doses()
            driver.settle()
        for label, answer in (("All taken", "taken"), ("Later", "snooze")):
            driver.doses(dose("a"), dose("b"))
            server.wait_up("2 medicines at 08:00")
            driver.settle()
            identity = server.identity("2 medicines at 08:00")
            server.press(identity, server.up[identity].action(label))
            driver.wait_said(answer, "a", "b")
            driver.doses()
            driver.settle()

    def test_one_by_one_splits_the_group_from_then_on(self):
        server, driver = self.start()
        driver.doses(dose("a"), dose("b"), dose("c", group_usec=1))
        server.wait_up("2 medicines at 08:00", "C")
        driver.settle()
        identity = server.identity("2 medicines at 08:00")
        server.press(identity, server.up[identity].action("One by one"))
        server.wait_up("A", "B", "C")
        driver.doses(dose("a", reminders=2), dose("b", reminders=2), dose("c", group_usec=1))
        server.wait_calls(6)
        driver.settle()
        self.assertEqual(server.titles(), ["A", "B", "C"])
        server.press(server.identity("A"), server.up[server.identity("A")].action("Taken"))
        driver.wait_said("taken", "a")

    def test_a_press_that_comes_after_the_close_counts(self):
        server, driver = self.start()
        driver.doses(dose("a"))
        server.wait_up("A")
        driver.settle()
        identity, action = server.identity("A"), server.calls[0].action("Taken")
        server.dismiss(identity)
        server.press(identity, action)
        driver.wait_said("taken", "a")

    def test_a_press_on_old_words_records_nothing_and_shows_the_new_ones(self):
        server, driver = self.start()
        driver.doses(dose("a"))
        server.wait_up("A")
        driver.doses(dose("a"), dose("b"))
        server.wait_up("2 medicines at 08:00")
        driver.settle()
        server.press(server.identity("2 medicines at 08:00"), server.calls[0].action("Taken"))
        call = server.wait_calls(3)
        driver.settle()
        self.assertEqual((call.title, driver.said), ("2 medicines at 08:00", []))
        server.wait_up("2 medicines at 08:00")
        self.assertNotEqual(call.action("All taken"), server.calls[1].action("All taken"))

    def test_a_press_while_new_words_are_on_their_way_records_nothing(self):
        server, driver = self.start()
        driver.doses(dose("a"))
        server.wait_up("A")
        driver.settle()
        server.answers = "hold"
        driver.doses(dose("a", taken_ago_usec=60_000_000))
        server.wait_calls(2)
        server.press(1, server.calls[0].action("Taken"))
        driver.sync(server)
        self.assertEqual((driver.said, len(server.calls)), ([], 2))
        server.answer()
        driver.settle()
        self.assertEqual((driver.said, server.titles()), ([], ["A"]))

    def test_buttons_that_were_not_offered_are_nothing(self):
        server, driver = self.start()
        driver.doses(dose("a", asks_amount=True), dose("b", group_usec=1))
        server.wait_up("A", "B")
        driver.settle()
        asked, other = server.identity("A"), server.identity("B")
        serial = server.up[asked].action("Skip").split(":")[1]
        other_serial = server.up[other].action("Skip").split(":")[1]
        for action in (f"taken:{serial}", f"all-taken:{serial}", "default", "taken", "taken:", ":", "", "taken:x",
                       f"taken: {serial}", f"skip:+{serial}", f"skip:{serial}x", f"skip:{'9' * 40}", "x" * 5000):
            server.press(asked, action, stays=True)
        server.press(99, f"skip:{serial}", stays=True)
        server.press(0, f"skip:{serial}", stays=True)
        server.signal("ActionInvoked", "junk", dbus.UInt32(1))
        driver.sync(server)
        self.assertEqual(driver.said, [])
        server.press(other, f"taken:{other_serial}")
        driver.wait_said("taken", "b")

    def test_a_stranger_presses_and_closes_nothing(self):
        server, driver = self.start()
        stranger = self.serve(own=False)
        driver.doses(dose("a"))
        server.wait_up("A")
        driver.settle()
        identity = server.identity("A")
        unicast = dbus.lowlevel.SignalMessage("/org/freedesktop/Notifications", "org.freedesktop.Notifications",
                                              "ActionInvoked")
        unicast.append(dbus.UInt32(identity), server.calls[0].action("Taken"))
        unicast.set_destination(server.calls[0].message.get_sender())
        stranger.connection.send_message(unicast)
        stranger.press(identity, server.calls[0].action("Taken"))
        driver.sync(stranger, server)
        self.assertEqual(driver.said, [])
        driver.doses(dose("a", amount="2"))
        self.assertEqual(server.wait_calls(2).replaces, identity)


class Servers(NotifyTest):
    def test_a_server_that_comes_late_is_told_everything_open(self):
        driver = self.drive()
        driver.doses(dose("a"))
        driver.settle()
        driver.doses(dose("a"), dose("b", group_usec=1))
        server = self.serve()
        server.wait_up("A", "B")
        driver.settle()

    def test_a_server_that_restarts_is_told_again_and_old_ids_are_forgotten(self):
        server, driver = self.start()
        driver.doses(dose("a"), dose("b", group_usec=1))
        server.wait_up("A", "B")
        driver.settle()
        action = server.calls[0].action("Taken")
        server.stop()
        server = self.serve()
        server.wait_up("A", "B")
        driver.settle()
        self.assertEqual({call.replaces for call in server.calls}, {0})
        self.assertNotIn(action, server.calls[0].actions)
        server.press(server.identity("A"), server.calls[0].action("Taken"))
        driver.wait_said("taken", "a")

    def test_a_slow_server_gets_one_call_at_a_time_and_then_the_newest_wish(self):
        server, driver = self.start(answers="hold")
        driver.doses(dose("a"))
        server.wait_calls(1)
        for reminders in (2, 3, 4):
            driver.doses(dose("a", reminders=reminders, amount=str(reminders)))
        driver.sync(server)
        self.assertEqual(len(server.calls), 1)
        server.answer()
        call = server.wait_calls(2)
        self.assertEqual((call.replaces, call.body), (1, "4 · due 08:00 · still not confirmed"))
        server.answer()
        driver.settle()

    def test_what_was_recorded_meanwhile_is_taken_down_when_the_answer_comes(self):
        server, driver = self.start(answers="hold")
        driver.doses(dose("a"))
        server.wait_calls(1)
        driver.doses()
        driver.sync(server)
        server.answer()
        server.wait_up()
        driver.settle()
        self.assertEqual(server.withdrawn, [1])

    def test_a_server_that_never_answers_gets_a_bounded_number_of_calls(self):
        server, driver = self.start(answers="hold")
        for step in range(5):
            driver.doses(*(dose(f"d{step}-{number}", stands_alone=True) for number in range(40)))
        server.wait_calls(16)
        driver.sync(server)
        self.assertEqual(len(server.calls), 16)
        server.answers = "id"
        while server.held:
            server.answer()
        wait(lambda: len(server.up) == 40, lambda: f"{len(server.up)} up")
        driver.settle()
        self.assertTrue(all(title.startswith("D4-") for title in server.titles()))

    def test_a_refusal_is_not_tried_again_before_a_later_wish(self):
        for answers in ("refuse", "junk"):
            with self.subTest(answers):
                server, driver = self.start(answers=answers)
                driver.doses(dose("a"))
                server.wait_calls(1)
                driver.sync(server)
                driver.doses(dose("a"))
                driver.sync(server)
                self.assertEqual(len(server.calls), 1)
                server.answers = "id"
                driver.doses(dose("a"), dose("b", group_usec=1))
                server.wait_up("A", "B")
                driver.free()
                server.stop()

    def test_an_id_given_twice_belongs_to_the_last_one(self):
        server, driver = self.start(answers="hold")
        driver.doses(dose("a", stands_alone=True), dose("b", stands_alone=True))
        server.wait_calls(2)
        server.answer(identity=5)
        server.answer(identity=5)
        driver.settle()
        server.press(5, server.calls[0].action("Taken"), stays=True)
        driver.sync(server)
        self.assertNotIn(["taken", "a"], driver.said)

    def test_the_id_zero_is_a_refusal(self):
        server, driver = self.start(answers="hold")
        driver.doses(dose("a"))
        server.wait_calls(1)
        server.answer(identity=0)
        driver.sync(server)
        server.press(0, server.calls[0].action("Taken"), stays=True)
        driver.sync(server)
        self.assertEqual((driver.said, len(server.calls)), ([], 1))

    def test_a_server_is_never_started_by_activation(self):
        (self.bus.services / "n.service").write_text(
            f"[D-BUS Service]\nName=org.freedesktop.Notifications\nExec=/usr/bin/touch {self.folder}/started\n"
        )
        driver = self.drive()
        driver.doses(dose("a"))
        driver.settle()
        server = self.serve()
        server.wait_up("A")
        server.stop()
        driver.doses(dose("b"))
        driver.settle()
        self.assertFalse((self.folder / "started").exists())


class Ending(NotifyTest):
    def test_the_handler_may_end_it(self):
        server, driver = self.start()
        driver.doses(dose("a"), dose("b", group_usec=1))
        server.wait_up("A", "B")
        driver.settle()
        driver.send("free-on-press")
        driver.sync(server)
        server.press(server.identity("A"), server.calls[0].action("Taken"))
        driver.wait_said("taken", "a")
        server.wait_up()

    def test_a_clean_end_takes_everything_down(self):
        server, driver = self.start()
        driver.doses(dose("a"), dose("b", group_usec=1))
        driver.notice("n", "Notice", "text")
        server.wait_up("A", "B", "Notice")
        driver.settle()
        self.assertTrue(self.memory.exists())
        driver.free()
        server.wait_up()
        self.assertFalse(self.memory.exists())

    def test_what_a_crash_left_is_taken_down_by_the_next_start(self):
        server, driver = self.start()
        driver.doses(dose("a"), dose("b", group_usec=1))
        server.wait_up("A", "B")
        driver.settle()
        driver.kill()
        driver = self.drive()
        driver.doses(dose("c"))
        server.wait_up("C")
        self.assertEqual(sorted(server.withdrawn), [1, 2])
        driver.settle()
        driver.kill()
        self.drive()
        server.wait_up()

    def test_what_an_end_without_a_bus_left_is_taken_down_by_the_next_start(self):
        server, driver = self.start()
        driver.doses(dose("a"))
        server.wait_up("A")
        driver.settle()
        driver.send("exit")
        driver.stop()
        self.assertEqual(server.titles(), ["A"])
        self.drive()
        server.wait_up()

    def test_ids_of_another_server_are_left_alone(self):
        server, driver = self.start()
        driver.doses(dose("a"))
        server.wait_up("A")
        driver.settle()
        driver.kill()
        server.stop()
        server, driver = self.start()
        driver.doses(dose("c"))
        server.wait_up("C")
        driver.sync(server)
        self.assertEqual(server.withdrawn, [])

    def test_a_clean_end_without_a_server(self):
        driver = self.drive()
        driver.doses(dose("a"))
        driver.settle()
        driver.free()


if __name__ == "__main__":
    unittest.main()
