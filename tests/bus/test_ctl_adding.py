# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosectl add with the real dosed: what comes first, what the plan has already, and what is recorded long before its time."""

import unittest
from datetime import timedelta

from harness import Dosed, calendar, event, now


def minutes(moment):
    return moment.replace(second=0, microsecond=0)


def clock(moment):
    return moment.strftime("%H:%M")


class Adding(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.dosed.start()

    def say(self, *arguments, status=0):
        done = self.dosed.dosectl(*arguments, check=status)
        return done.stderr if status else done.stdout

    def schedules(self):
        return sum(line["schedules"] for line in self.dosed.json("meds"))

    def test_the_first_dose_is_the_earliest_whatever_its_minute(self):
        first = minutes(now() + timedelta(hours=2, minutes=45))
        times = f"{clock(now() - timedelta(minutes=30))},{clock(first)}"
        self.assertRegex(self.say("add", "First A", "--at", times), rf"First: (today|tomorrow) {clock(first)}\.\n$")
        due = self.dosed.json("add", "First B", "--at", times)["first"]["due"]
        self.assertEqual(due, first.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def test_what_the_plan_has_at_that_time_is_not_added_again(self):
        at = clock(now() + timedelta(hours=2))
        self.say("add", "Dup 5 mg", "--at", at)
        said = self.say("add", "dup 5 mg", "--at", f"{clock(now() + timedelta(hours=5, minutes=7))},{at}", status=1)
        self.assertRegex(said, rf'^dosectl: ana has Dup 5 mg at {at} already \(.*\): dosectl edit "Dup 5 mg" changes it, and '
                               r"--force adds it all the same\n$")
        self.assertEqual(self.schedules(), 1)
        self.say("add", "Dup 5 mg", "--at", at, "--force")
        self.assertEqual(self.schedules(), 2)

    def test_another_time_another_day_and_another_medication_are_added(self):
        at, day = clock(now() + timedelta(hours=2)), now() + timedelta(days=2)
        self.say("add", "Dup 5 mg", "--at", at, "--days", (day + timedelta(days=1)).strftime("%a"))
        self.say("add", "Dup 5 mg", "--at", at, "--days", day.strftime("%a"))
        self.say("add", "Dup 5 mg", "--at", clock(now() + timedelta(hours=3)))
        self.say("add", "Dup 50 mg", "--at", at)
        self.assertEqual(self.schedules(), 4)
        self.say("add", "Dup 5 mg", "--at", at, "--from", (now() + timedelta(days=20)).strftime("%Y-%m-%d"), status=1)

    def test_what_was_taken_out_of_the_plan_can_be_added_again(self):
        at = clock(now() + timedelta(hours=2))
        added = self.dosed.json("add", "Dup 5 mg", "--at", at)
        self.say("take", "dup", "--force")
        self.dosed.remove_ics(added["file"].removesuffix(".ics"))
        self.dosed.dosectl("reload")
        self.dosed.dosectl("plan", "accept", check=0)
        self.say("add", "Dup 5 mg", "--at", at)

    def test_neither_does_a_file_double_it(self):
        due = minutes(now() + timedelta(hours=2))
        self.say("add", "Dup 5 mg", "--at", clock(due))
        path = self.dosed.folder / "other.ics"
        path.write_text(calendar(event("Dup 5 mg", due, RRULE="FREQ=DAILY")), newline="")
        self.assertIn(f"ana has Dup 5 mg at {clock(due)} already", self.say("add", str(path), status=1))
        self.assertEqual(self.schedules(), 1)
        self.say("add", str(path), "--force")
        self.assertEqual(self.schedules(), 2)

    def test_a_day_without_a_time_is_not_doubled_whenever_its_time_of_day_is(self):
        at = minutes(now() + timedelta(hours=3))
        self.dosed.configure(self.dosed.configuration + f"[dosed]\nall-day-time = {clock(at)}\n")
        daily = {"DTSTART;VALUE=DATE": f"{now() - timedelta(days=1):%Y%m%d}", "RRULE": "FREQ=DAILY"}
        moved = minutes(now() + timedelta(hours=1))
        self.dosed.put_ics("days", calendar(
            event("Day", None, uid="day", **daily), event("Timed", at, RRULE="FREQ=DAILY"),
            event("Day", moved, uid="day", **{"RECURRENCE-ID;VALUE=DATE": f"{at:%Y%m%d}"})))
        self.dosed.dosectl("reload", check=0)
        path = self.dosed.folder / "other.ics"
        for name, time in (("Day", moved), ("Timed", at)):
            with self.subTest(name=name):
                path.write_text(calendar(event(name, None, **daily)), newline="")
                self.assertIn(f"ana has {name} at {clock(time)} already", self.say("add", str(path), status=1))
        path.write_text(calendar(event("Timed", None, **{"DTSTART;VALUE=DATE": f"{now() - timedelta(days=9):%Y%m%d}"})), newline="")
        self.say("add", str(path))

    def test_a_dose_taken_long_before_its_time_is_in_the_history_and_is_not_taken_again(self):
        at = clock(now() + timedelta(hours=9))
        self.say("add", "Zeta 5 mg", "--at", at)
        self.assertIn("--force if it is to be taken this early", self.say("take", "zeta", status=1))
        self.say("take", "zeta", "--force")
        self.assertRegex(self.say("history"), rf"✓ .*{at} +Zeta 5 mg +taken")
        for more in ((), ("--force",)):
            self.assertRegex(self.say("take", "zeta", *more), rf"^Nothing changed: Zeta 5 mg of .*{at} was taken at .*, recorded by ")
        self.assertEqual([line["state"] for line in self.dosed.json("history")], ["taken"])

    def test_a_blank_is_no_amount(self):
        self.dosed.put_ics("ins", calendar(event("Insulin", now() + timedelta(minutes=5), X_DOSED_AMOUNT="ask")))
        self.dosed.dosectl("reload", check=0)
        for amount in ("", " ", "  "):
            self.assertIn("its amount varies: say how much was taken", self.say("take", "ins", "--amount", amount, status=1))
        self.say("take", "ins", "--amount", "6 units")

    def test_what_was_added_is_said_in_one_line_of_words(self):
        said = self.say("add", "Bidi\u202etxt\nTaken: all\x1b[2J", "--at", "08:00", "--amount", "1\u202e\ntablet")
        self.assertRegex(said, r"^Added: Biditxt Taken: all\[2J, 1 tablet, every day at 08:00\. First: .*\.\n$")


if __name__ == "__main__":
    unittest.main()
