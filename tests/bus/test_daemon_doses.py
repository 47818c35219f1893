# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of a dose through the real daemon: reminded, confirmed, skipped, snoozed, missed, and what a crash leaves."""

import unittest
from datetime import timedelta

import dbus
from harness import Dosed, calendar, changed, error_name, event, now, reminder, usec, wait_until


class Life(unittest.TestCase):
    def setUp(self):
        self.dosed = Dosed()
        self.addCleanup(self.dosed.close)

    def put(self, name, due, **properties):
        self.dosed.put_ics(name.lower().replace(" ", "-"), calendar(event(name, due, **properties)))

    def start_with_due(self, *names):
        """Starts, and waits until each has been reminded. What was due before the plan was known would not count."""
        self.dosed.start()
        monitor = self.dosed.monitor()
        due = now() + timedelta(seconds=2)
        for name in names:
            self.put(name, due, X_DOSED_WINDOW="PT1H")
        self.dosed.dosectl("reload", check=0)
        reminded = set()
        while reminded < set(names):
            said = monitor.wait_for(lambda said: said["event"] == "ReminderDue")
            reminded.add(said["medication"])
        return monitor

    def dose(self, name):
        (found,) = [dose for dose in self.dosed.doses() if dose["medication"] == name]
        return found

    def test_what_stands_on_a_desktop_is_listed_with_all_that_is_shown_of_it(self):
        self.start_with_due("Aspirin", "Bisoprolol")
        self.put("Calcium", now() + timedelta(hours=1))
        self.dosed.dosectl("snooze", "Bisoprolol", check=0)
        (shown,) = self.dosed.doses(reminded=True, own=True)
        self.assertEqual((shown["medication"], shown["reminders"]), ("Aspirin", 1))
        self.assertLessEqual(shown["due"], shown["reminded-at"])
        self.assertEqual(shown["group"], shown["due"] // 60_000_000 * 60_000_000)
        self.assertRegex(shown["reminded-local"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
        self.assertNotIn("stands-alone", shown)
        self.assertEqual(self.dosed.doses("ana", reminded=True), [shown])
        self.assertEqual(len(self.dosed.doses(open=True, own=True)), 2)

    def test_is_upcoming_then_reminded_at_its_time(self):
        self.dosed.start()
        monitor = self.dosed.monitor()
        due = now() + timedelta(seconds=3)
        self.put("Aspirin", due, X_DOSED_WINDOW="PT1M")
        self.dosed.dosectl("reload", check=0)
        self.assertEqual(self.dose("Aspirin")["state"], "upcoming")
        monitor.wait_for(reminder("Aspirin"))
        late = (now() - due.replace(microsecond=0)).total_seconds()
        self.assertGreaterEqual(late, 0)
        self.assertLess(late, 3)
        self.assertEqual(self.dose("Aspirin")["state"], "due")

    def test_a_second_confirm_changes_nothing_and_answers_who_and_when(self):
        self.start_with_due("Aspirin")
        proxy = self.dosed.dose(self.dose("Aspirin")["path"])
        options = dbus.Dictionary({"by": "Maria"}, signature="sv")
        first = proxy.Confirm(options)
        self.assertFalse(first.get("already", False))
        self.assertTrue(first["durable"])
        second = proxy.Confirm(dbus.Dictionary({}, signature="sv"))
        self.assertTrue(second["already"])
        self.assertEqual(str(second["recorded-by"]), str(first["recorded-by"]))
        self.assertEqual(int(second["taken-at"]), int(first["taken-at"]))
        self.assertEqual(self.dose("Aspirin")["taken-at"], int(first["taken-at"]))

    def test_an_unknown_option_is_refused_by_name(self):
        self.start_with_due("Aspirin")
        proxy = self.dosed.dose(self.dose("Aspirin")["path"])
        options = dbus.Dictionary({"frobnicate": True}, signature="sv")
        with self.assertRaisesRegex(dbus.DBusException, "frobnicate"):
            proxy.Confirm(options)
        self.assertEqual(error_name(proxy.Confirm, options), "BadOption")
        self.assertEqual(self.dose("Aspirin")["state"], "due")

    def test_skipping_keeps_the_reason(self):
        self.start_with_due("Aspirin")
        self.dosed.dosectl("skip", "Aspirin", "before surgery", check=0)
        dose = self.dose("Aspirin")
        self.assertEqual((dose["state"], dose["note"]), ("skipped", "before surgery"))

    def test_snooze_is_clipped_to_the_window_and_survives_a_crash(self):
        self.start_with_due("Aspirin")
        until = int(self.dosed.dose(self.dose("Aspirin")["path"]).Snooze(dbus.UInt64(24 * 3600 * 1_000_000)))
        self.assertGreater(until, usec(now()))
        self.assertLess(until, self.dose("Aspirin")["window-end"])
        self.dosed.kill()
        self.dosed.start()
        dose = self.dose("Aspirin")
        self.assertEqual((dose["state"], dose["snoozed-until"]), ("snoozed", until))

    def test_undo_returns_to_what_it_would_be_now(self):
        self.start_with_due("Aspirin")
        self.dosed.dosectl("take", "Aspirin", check=0)
        self.assertEqual(str(self.dosed.dose(self.dose("Aspirin")["path"]).Undo()), "due")
        self.assertEqual(self.dose("Aspirin")["state"], "due")

    def test_nobody_answers_and_it_is_missed_when_its_window_ends(self):
        self.dosed.start()
        monitor = self.dosed.monitor()
        self.put("Aspirin", now() + timedelta(seconds=2), X_DOSED_WINDOW="PT2S")
        self.dosed.dosectl("reload", check=0)
        monitor.wait_for(reminder("Aspirin"))
        monitor.wait_for(changed("Aspirin", "missed"))
        self.assertEqual(self.dose("Aspirin")["state"], "missed")

    def test_a_window_that_passed_while_it_was_down_is_unattended(self):
        self.dosed.start()
        due = now() + timedelta(seconds=3)
        self.put("Aspirin", due, X_DOSED_WINDOW="PT1S")
        self.dosed.dosectl("reload", check=0)
        self.assertEqual(self.dose("Aspirin")["state"], "upcoming")
        self.dosed.kill()
        wait_until(due + timedelta(seconds=2))
        self.dosed.start()
        self.assertEqual(self.dose("Aspirin")["state"], "unattended")

    def test_what_was_confirmed_survives_a_crash_and_is_not_reminded_again(self):
        monitor = self.start_with_due("Aspirin", "Ramipril")
        before = len(monitor.seen)
        self.dosed.dosectl("take", "Aspirin", check=0)
        self.dosed.kill()
        self.dosed.start()
        self.assertEqual(self.dose("Aspirin")["state"], "taken")
        self.assertEqual(self.dose("Ramipril")["state"], "due")
        # What comes after the restart has come when this has.
        self.dosed.dosectl("take", "Ramipril", check=0)
        monitor.wait_for(changed("Ramipril", "taken"))
        self.assertFalse([said for said in monitor.seen[before:] if reminder("Aspirin")(said)])

    def test_a_file_that_appears_is_followed_by_itself(self):
        self.dosed.start()
        monitor = self.dosed.monitor()
        self.put("Aspirin", now() + timedelta(hours=1))
        monitor.wait_for(lambda said: said["event"] == "PlanChanged" and said["person"] == "ana")
        self.assertEqual(self.dose("Aspirin")["state"], "upcoming")

    def test_a_broken_file_is_named_and_its_last_good_version_stays_in_force(self):
        self.put("Aspirin", now() + timedelta(hours=1))
        self.put("Ramipril", now() + timedelta(hours=1))
        self.dosed.start()
        self.dosed.put_ics("aspirin", calendar(event("Aspirin", "20261399T080000")))
        self.dosed.dosectl("reload")
        self.assertRegex(" ".join(self.dosed.proxy().get("Degraded")), r"aspirin\.ics:\d+")
        self.assertEqual(self.dose("Aspirin")["state"], "upcoming")
        self.dosed.restart()
        self.assertRegex(" ".join(self.dosed.proxy().get("Degraded")), r"aspirin\.ics:\d+")
        self.assertEqual(self.dose("Aspirin")["state"], "upcoming")

    def test_a_plan_that_vanishes_stays_in_force_until_it_is_accepted(self):
        for name in ("Aspirin", "Ramipril", "Metformin"):
            self.put(name, now() + timedelta(hours=1))
        self.dosed.start()
        for name in ("aspirin", "ramipril", "metformin"):
            self.dosed.remove_ics(name)
        self.dosed.dosectl("reload")
        self.assertEqual(len(self.dosed.doses()), 3)
        self.assertTrue(self.dosed.proxy().get("Degraded"))
        self.dosed.dosectl("plan", "accept", check=0)
        self.assertEqual(self.dosed.doses(), [])
        self.assertEqual(self.dosed.proxy().get("Degraded"), [])

    def test_a_schedule_added_today_has_no_missed_doses_from_before(self):
        start = now() - timedelta(days=400, hours=6)
        self.put("Aspirin", start, RRULE="FREQ=DAILY")
        self.dosed.start()
        self.assertEqual({dose["state"] for dose in self.dosed.doses()}, {"upcoming"})

    def test_an_unknown_dose_is_no_such_dose(self):
        self.dosed.start()
        for wrong in ("ana/nothing/20261123T080000Z", "nobody/x/y", "", "ana", "///", "ana/x/" + "9" * 5000):
            with self.subTest(id=wrong[:40]):
                self.assertEqual(error_name(self.dosed.proxy().GetDose, wrong), "NoSuchDose")


if __name__ == "__main__":
    unittest.main()
