# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed-agent and a dosed that refuses, hangs or talks nonsense, or somebody who is none: what a button did not do is said."""

import unittest

import dbus
import dbus.lowlevel
from agent import Pretender, Session
from harness import NAME, Dosed, now
from notify import FakeServer, wait


class Pretended(unittest.TestCase):
    """A dosed that does as it is told."""

    def setUp(self):
        self.dosed = self.enterContext(Dosed())  # for its bus and its folder
        self.pretender = Pretender(self.dosed.bus.address)
        self.addCleanup(self.pretender.stop)
        self.session = Session(self.dosed)
        self.addCleanup(self.session.close)
        self.server = FakeServer(self.session.address)
        self.addCleanup(self.server.stop)

    def begin(self, *names, **details):
        for name in names:
            self.pretender.put(name, now(), **details)
        self.session.start()
        self.server.wait_up(*names)

    def press(self, title, label, **options):
        identity = self.server.identity(title)
        self.server.press(identity, self.server.up[identity].action(label), **options)

    def settle(self):
        """What was sent to the agent, and what it said of it, was heard."""
        before = self.pretender.lists
        self.server.round_trip()
        self.pretender.round_trip()
        self.pretender.tell("nothing", "due")
        self.pretender.wait_lists(before + 1)
        self.server.round_trip()
        self.pretender.tell("nothing", "due")
        self.pretender.wait_lists(before + 2)
        self.server.round_trip()

    def assert_refused(self, name, message, said, label="Taken", shown_anew=False):
        self.begin("Aspirin")
        self.pretender.answers = dict.fromkeys(("Confirm", "Skip", "Snooze"), (name, message))
        self.press("Aspirin", label)
        self.server.wait_up("Please check first", *(["Aspirin"] if shown_anew else []))
        notice = self.server.up[self.server.identity("Please check first")]
        self.assertEqual((notice.body, notice.labels), (said, []))


class Refusals(Pretended):
    def test_too_soon(self):
        self.assert_refused(f"{NAME}.Error.TooSoon", "It was taken 1 h ago", "Aspirin: not recorded, it was taken 1 h ago")

    def test_not_open(self):
        self.assert_refused(f"{NAME}.Error.NotOpen", "it was recorded as taken by rui",
                            "Aspirin: not recorded, it was recorded as taken by rui", "Skip")

    def test_a_clock_that_is_wrong(self):
        self.assert_refused(f"{NAME}.Error.Degraded", "The clock of this machine is wrong: set it, then record",
                            "Aspirin: not recorded, the clock of this machine is wrong: set it, then record",
                            shown_anew=True)

    def test_a_snooze_that_is_not_possible(self):
        self.assert_refused(f"{NAME}.Error.TooLate", "it cannot be put off any more",
                            "Aspirin: it cannot be put off any more", "Snooze")

    def test_not_allowed(self):
        self.assert_refused("org.freedesktop.DBus.Error.AccessDenied", "",
                            "Aspirin: not recorded, since this user may not: who may is set in dosed.conf")

    def test_not_allowed_to_snooze(self):
        self.assert_refused("org.freedesktop.DBus.Error.AccessDenied", "",
                            "Aspirin: not put off, since this user may not: who may is set in dosed.conf", "Snooze")

    def test_what_nobody_expects(self):
        self.assert_refused("org.example.Oops", "\x1b[31mboo",
                            "Aspirin: something went wrong, and the button may not have worked. Please see in dosectl "
                            "status what is recorded", shown_anew=True)

    def test_a_warning_and_a_ledger_that_cannot_be_written(self):
        self.begin("Aspirin", "Bisoprolol")
        self.pretender.answers["Confirm"] = dbus.Dictionary({"warning": "Make sure it was not given twice"}, signature="sv")
        self.press("Aspirin", "Taken")
        self.server.wait_up("Bisoprolol", "Please check first")
        self.assertEqual(self.server.calls[-1].body, "Aspirin: make sure it was not given twice")
        self.pretender.answers["Confirm"] = dbus.Dictionary({"durable": False}, signature="sv")
        self.press("Bisoprolol", "Taken")
        wait(lambda: "Bisoprolol: recorded, but the ledger cannot be written now" in self.server.calls[-1].body, "not told")

    def test_what_was_said_of_it_is_over_once_it_is_recorded(self):
        self.assert_refused(f"{NAME}.Error.TooSoon", "no", "Aspirin: not recorded, no")
        del self.pretender.doses["Aspirin"]
        self.pretender.tell_all("Aspirin", "taken")
        self.server.wait_up()

    def test_a_dosed_that_does_not_answer_is_no_reason_to_wait(self):
        self.begin("Aspirin", "Bisoprolol")
        self.pretender.answers["Confirm"] = "hold"
        self.press("Aspirin", "Taken", stays=True)
        self.press("Bisoprolol", "Skip")
        wait(lambda: len(self.pretender.calls) == 2, "Skip was not asked for")
        self.assertEqual([call[:2] for call in self.pretender.calls], [("Confirm", "Aspirin"), ("Skip", "Bisoprolol")])
        self.pretender.stop()  # it dies of it
        self.server.wait_up("Aspirin", "Please check first")
        self.assertRegex(self.server.calls[-1].body, "^Aspirin: something went wrong")

    def test_a_list_that_is_refused_leaves_what_is_up(self):
        self.begin("Aspirin")
        self.pretender.answers["ListDoses"] = ("org.freedesktop.DBus.Error.AccessDenied", "")
        self.settle()
        self.assertEqual(self.server.titles(), ["Aspirin"])
        self.assertEqual(self.session.stderr().count("dosed refuses"), 1)


class Peers(Pretended):
    def test_only_own_reminders_are_asked_for_and_of_the_one_there_is_nobody_is_named(self):
        self.begin("Aspirin")
        self.assertEqual(self.pretender.asked, {"reminded": True, "own": True})
        self.pretender.people = ["ana", "rui"]
        self.pretender.tell_all("Aspirin", "due")
        self.server.wait_up("ana: Aspirin")

    def test_a_signal_of_somebody_else_is_not_heard(self):
        self.assert_stranger(lambda stranger, listener: stranger.tell("Aspirin", "taken", to=listener))

    def test_somebody_else_does_not_say_who_dosed_is(self):
        def pretend(stranger, listener):
            signal = dbus.lowlevel.SignalMessage("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged")
            signal.append(NAME, "", stranger.connection.get_unique_name())
            signal.set_destination(listener)
            stranger.connection.send_message(signal)

        self.assert_stranger(pretend)

    def assert_stranger(self, act):
        stranger = Pretender(self.dosed.bus.address, own=False)
        self.addCleanup(stranger.stop)
        self.begin("Aspirin")
        self.pretender.answers["Confirm"] = (f"{NAME}.Error.TooSoon", "no")
        self.press("Aspirin", "Taken")
        self.server.wait_up("Please check first")
        lists = self.pretender.lists
        (listener,) = self.pretender.listeners
        act(stranger, listener)
        stranger.round_trip()
        self.settle()
        self.assertEqual((stranger.lists, self.pretender.lists), (0, lists + 2))
        self.assertEqual(self.server.titles(), ["Please check first"])

    def test_details_that_nobody_expects_are_passed_over(self):
        self.pretender.put("Nameless", now(), medication=dbus.UInt32(3))
        self.begin("Aspirin", amount="1\x07 tablet\u202e", due="soon", local="25 o'clock", **{"no-such-key": 1})
        self.assertRegex(self.server.calls[-1].body, "^1 tablet · due ")

    def test_a_list_of_another_form_leaves_what_is_up(self):
        self.begin("Aspirin")
        self.pretender.answers["ListDoses"] = "junk"
        self.settle()
        self.assertEqual(self.server.titles(), ["Aspirin"])

    def test_a_flood_of_changes_is_asked_about_a_few_times(self):
        self.begin("Aspirin")
        self.pretender.answers["ListDoses"] = "hold"
        before = self.pretender.lists
        for _ in range(1000):
            self.pretender.tell_all("Aspirin", "due")
        self.pretender.wait_lists(before + 1)
        self.pretender.round_trip()
        self.server.round_trip()
        self.assertEqual(self.pretender.lists, before + 1)

    def test_thousands_of_reminders_leave_it_alive(self):
        for number in range(3000):
            self.pretender.put(f"M{number:05}", now(), instructions="x" * 1000)
        self.session.start()
        wait(lambda: len(self.server.up) == 100, lambda: f"{len(self.server.up)} are up")


if __name__ == "__main__":
    unittest.main()
