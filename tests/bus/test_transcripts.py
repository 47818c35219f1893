# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything that dosed says on the bus, in its order: a message too many fails as one too few."""

import unittest
from datetime import timedelta

import dbus
import dbus.lowlevel
import dbus.mainloop.glib
from gi.repository import GLib
from harness import DEADLINE_SEC, NAME, PATH, PERSON, Dosed, calendar, event, now, plain, wait_until

SOON = timedelta(seconds=2)
EVERY_SECOND = ("BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:PT1S\r\nREPEAT:2\r\nDURATION:PT1S\r\n"
                "END:VALARM\r\nEND:VEVENT")


class Listener:
    """
    Signals and replies of dosed as one list, in the order in which the bus delivered them to this connection. What is
    not due at `start`, to the second, says how long after.
    """

    def __init__(self, dosed, start):
        self.start = start
        self.said = []
        self.calls = {}
        self.connection = dbus.bus.BusConnection(dosed.bus.address, mainloop=dbus.mainloop.glib.DBusGMainLoop())
        self.connection.set_exit_on_disconnect(False)
        self.connection.add_message_filter(self.hear)
        self.connection.call_blocking(
            dbus.BUS_DAEMON_NAME, dbus.BUS_DAEMON_PATH, dbus.BUS_DAEMON_IFACE, "AddMatch", "s",
            (f"type='signal',interface='{NAME}.Manager'",),
        )

    def hear(self, _, message):
        member, arguments = message.get_member(), plain(dbus.Array(message.get_args_list(), signature="v"))
        kind = message.get_type()
        if kind == dbus.lowlevel.MESSAGE_TYPE_SIGNAL and message.get_interface() == f"{NAME}.Manager":
            if member == "DoseChanged":
                self.said.append(f"{arguments[2]['medication']} {arguments[1]}{self.offset(arguments[2])}")
            elif member == "ReminderDue":
                check = " check-first" if arguments[1].get("check-first") else ""
                self.said.append(f"{arguments[1]['medication']} reminder {arguments[1]['reminders']}{check}"
                                 f"{self.offset(arguments[1])}")
            else:
                self.said.append(f"plan {arguments[0]}")
        elif kind == dbus.lowlevel.MESSAGE_TYPE_METHOD_RETURN and message.get_reply_serial() in self.calls:
            self.said.append(f"{self.calls.pop(message.get_reply_serial())} answered")
        elif kind == dbus.lowlevel.MESSAGE_TYPE_ERROR and message.get_reply_serial() in self.calls:
            error = message.get_error_name().removeprefix(f"{NAME}.Error.")
            self.said.append(f"{self.calls.pop(message.get_reply_serial())} {error}")
        return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED

    def offset(self, details):
        seconds = details["due"] // 1_000_000 - int(self.start.timestamp())
        return f" {seconds:+}s" if seconds else ""

    def call(self, path, interface, member, signature="", arguments=()):
        message = dbus.lowlevel.MethodCallMessage(NAME, path, f"{NAME}.{interface}", member)
        message.append(*arguments, signature=signature)
        self.calls[self.connection.send_message(message)] = member
        self.wait_for(f"{member} ", prefix=True)

    def wait_for(self, wanted, prefix=False):
        context, timed_out = GLib.MainContext.default(), []
        source = GLib.timeout_add_seconds(DEADLINE_SEC, lambda: timed_out.append(True))
        fits = (lambda line: line.startswith(wanted)) if prefix else (lambda line: line == wanted)
        while not any(map(fits, self.said)):
            if timed_out:
                raise AssertionError(f"{wanted!r} was not said; heard {self.said}")
            context.iteration(True)
        if not timed_out:
            GLib.source_remove(source)

    def settle(self):
        """Everything that was sent before now has arrived: a call of our own comes back behind it."""
        self.calls[self.connection.send_message(
            dbus.lowlevel.MethodCallMessage(NAME, PATH, "org.freedesktop.DBus.Peer", "Ping"))] = "Ping"
        self.wait_for("Ping answered")
        self.said.remove("Ping answered")

    def close(self):
        self.connection.close()


class Transcript(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.due = now() + SOON

    def begin(self):
        self.dosed.start()
        self.listener = Listener(self.dosed, self.due)
        self.addCleanup(self.listener.close)

    def path(self, medication):
        (dose,) = [dose for dose in self.dosed.doses() if dose["medication"] == medication]
        return dose["path"]

    def confirm(self, path, **options):
        self.listener.call(path, "Dose", "Confirm", "a{sv}", (dbus.Dictionary(options, signature="sv"),))

    def assert_said(self, *expected):
        self.listener.settle()
        self.assertEqual(self.listener.said, list(expected))
        self.listener.said.clear()

    def test_due_reminded_confirmed_and_confirmed_again(self):
        self.dosed.put_ics("a", calendar(event("Aspirin", self.due)))
        self.begin()
        self.listener.wait_for("Aspirin reminder 1")
        path = self.path("Aspirin")
        self.confirm(path)
        self.confirm(path)
        self.assert_said("Aspirin due", "Aspirin reminder 1", "Aspirin taken", "Confirm answered", "Confirm answered")

    def test_a_change_of_mind(self):
        self.dosed.put_ics("a", calendar(event("Aspirin", self.due)))
        self.begin()
        self.listener.wait_for("Aspirin reminder 1")
        path = self.path("Aspirin")
        self.listener.call(path, "Dose", "Skip", "sa{sv}", ("nausea", dbus.Dictionary({}, signature="sv")))
        self.confirm(path)
        self.confirm(path, amend=True)
        self.listener.call(path, "Dose", "Undo")
        self.listener.call(path, "Dose", "Undo")
        self.assert_said("Aspirin due", "Aspirin reminder 1", "Aspirin skipped", "Skip answered", "Confirm NotOpen",
                         "Aspirin taken", "Confirm answered", "Aspirin due", "Undo answered", "Undo NotOpen")

    def test_snoozed_for_a_second_and_reminded_again(self):
        self.dosed.put_ics("a", calendar(event("Aspirin", self.due)))
        self.begin()
        self.listener.wait_for("Aspirin reminder 1")
        self.listener.call(self.path("Aspirin"), "Dose", "Snooze", "t", (dbus.UInt64(1_000_000),))
        self.listener.wait_for("Aspirin reminder 2")
        self.assert_said("Aspirin due", "Aspirin reminder 1", "Aspirin snoozed", "Snooze answered", "Aspirin due",
                         "Aspirin reminder 2")

    def test_three_at_the_same_moment_come_in_the_order_of_their_ids(self):
        for uid, name in (("c", "Candesartan"), ("a", "Aspirin"), ("b", "Bisoprolol")):
            self.dosed.put_ics(uid, calendar(event(name, self.due, uid=uid)))
        self.begin()
        self.listener.wait_for("Candesartan reminder 1")
        self.assert_said("Aspirin due", "Aspirin reminder 1", "Bisoprolol due", "Bisoprolol reminder 1",
                         "Candesartan due", "Candesartan reminder 1")

    def test_nobody_answers(self):
        self.dosed.put_ics("a", calendar(event("Aspirin", self.due, X_DOSED_WINDOW="PT2S")))
        self.begin()
        self.listener.wait_for("Aspirin missed")
        self.assert_said("Aspirin due", "Aspirin reminder 1", "Aspirin missed")

    def test_alarms_before_and_after_the_due_time(self):
        alarm = ("BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT1S\r\nREPEAT:2\r\nDURATION:PT2S\r\n"
                 "END:VALARM\r\nEND:VEVENT")
        self.dosed.put_ics("a", calendar(event("Aspirin", self.due).replace("END:VEVENT", alarm)))
        self.begin()
        self.listener.wait_for("Aspirin reminder 4")
        self.assert_said("Aspirin reminder 1", "Aspirin due", "Aspirin reminder 2", "Aspirin reminder 3",
                         "Aspirin reminder 4")

    def put_mark(self):
        """Due after everything else: once it rang, what did not come will not come."""
        self.dosed.put_ics("z", calendar(event("Zinc", self.due + timedelta(seconds=3), uid="z")))

    def wait_mark(self):
        self.listener.wait_for("Zinc reminder 1 +3s")
        return "Zinc due +3s", "Zinc reminder 1 +3s"

    def test_once_taken_it_rings_no_more(self):
        self.dosed.put_ics("a", calendar(event("Aspirin", self.due, uid="a").replace("END:VEVENT", EVERY_SECOND)))
        self.put_mark()
        self.begin()
        self.listener.wait_for("Aspirin reminder 2")
        self.confirm(self.path("Aspirin"))
        self.assert_said("Aspirin due", "Aspirin reminder 1", "Aspirin reminder 2", "Aspirin taken", "Confirm answered")
        mark = self.wait_mark()
        self.assert_said(*mark)

    def test_a_crash_doubles_nothing(self):
        self.dosed.put_ics("a", calendar(event("Aspirin", self.due, uid="a")))
        self.dosed.put_ics("b", calendar(event("Bisoprolol", self.due, uid="b")))
        self.put_mark()
        self.begin()
        self.listener.wait_for("Bisoprolol reminder 1")
        self.confirm(self.path("Aspirin"))
        self.dosed.kill()
        self.dosed.start()
        mark = self.wait_mark()
        self.assert_said("Aspirin due", "Aspirin reminder 1", "Bisoprolol due", "Bisoprolol reminder 1",
                         "Aspirin taken", "Confirm answered", *mark)

    def test_removed_from_the_plan_the_open_dose_is_called_off(self):
        alarmed = event("Aspirin", self.due, uid="a").replace("END:VEVENT", EVERY_SECOND)
        self.dosed.put_ics("a", calendar(alarmed))
        self.put_mark()
        self.begin()
        self.listener.wait_for("Aspirin reminder 1")
        self.dosed.remove_ics("a")
        self.listener.call(PATH, "Manager", "Reload")
        mark = self.wait_mark()
        self.assert_said("Aspirin due", "Aspirin reminder 1", "Aspirin skipped", f"plan {PERSON}", "Reload answered",
                         *mark)

    def test_too_soon_after_the_last_one_changes_nothing(self):
        for uid, seconds in (("a", 0), ("b", 1)):
            due = self.due + timedelta(seconds=seconds)
            self.dosed.put_ics(uid, calendar(event("Aspirin", due, uid=uid, X_DOSED_MIN_INTERVAL="PT4H")))
        self.begin()
        self.listener.wait_for("Aspirin reminder 1")
        first, second = sorted(self.dosed.doses(), key=lambda dose: dose["due"])
        self.confirm(first["path"])
        self.listener.wait_for("Aspirin reminder 1 check-first +1s")
        self.confirm(second["path"])
        self.confirm(second["path"], force=True)
        self.assert_said("Aspirin due", "Aspirin reminder 1", "Aspirin taken", "Confirm answered", "Aspirin due +1s",
                         "Aspirin reminder 1 check-first +1s", "Confirm TooSoon", "Aspirin taken +1s",
                         "Confirm answered")

    def test_taken_early_it_says_nothing_at_its_time(self):
        self.dosed.put_ics("a", calendar(event("Aspirin", self.due, uid="a")))
        self.dosed.put_ics("b", calendar(event("Bisoprolol", self.due + timedelta(seconds=1), uid="b")))
        self.begin()
        self.confirm(self.path("Aspirin"))
        self.listener.wait_for("Bisoprolol reminder 1 +1s")
        self.assert_said("Aspirin taken", "Confirm answered", "Bisoprolol due +1s", "Bisoprolol reminder 1 +1s")

    def test_an_edit_moves_the_open_dose(self):
        self.dosed.put_ics("a", calendar(event("Aspirin", self.due, uid="a")))
        self.begin()
        self.listener.wait_for("Aspirin reminder 1")
        moved = now() + SOON
        self.dosed.put_ics("a", calendar(event("Aspirin", moved, uid="a")))
        self.listener.call(PATH, "Manager", "Reload")
        later = f"{int(moved.timestamp()) - int(self.due.timestamp()):+}s"
        self.listener.wait_for(f"Aspirin reminder 1 {later}")
        self.assert_said("Aspirin due", "Aspirin reminder 1", f"plan {PERSON}", "Reload answered",
                         f"Aspirin due {later}", f"Aspirin reminder 1 {later}")

    def test_a_start_after_an_outage(self):
        self.dosed.put_ics("a", calendar(event("Aspirin", self.due, uid="a", X_DOSED_WINDOW="PT1S")))
        self.dosed.put_ics("b", calendar(event("Bisoprolol", self.due, uid="b")))
        self.dosed.start()
        self.dosed.stop()
        wait_until(self.due + timedelta(seconds=2))
        self.listener = Listener(self.dosed, self.due)
        self.addCleanup(self.listener.close)
        self.dosed.start()
        self.assert_said("Aspirin unattended", "Bisoprolol due", "Bisoprolol reminder 1")


if __name__ == "__main__":
    unittest.main()
