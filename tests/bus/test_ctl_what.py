# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which dose dosectl takes for meant, against a pretended dosed: nothing is recorded where it is not sure of all of them."""

import unittest
from datetime import timedelta

from harness import now, usec
from test_ctl import Client, dose

RECORDING = ("Confirm", "Skip", "Snooze", "Undo")


class What(Client):
    def assert_nothing_called(self):
        self.assertEqual([call for method in RECORDING for call in self.calls(method)], [])

    def test_an_empty_name_is_no_name(self):
        self.script(dose("a", "Aspirin", now() - timedelta(hours=1)),
                    dose("b", "Bisoprolol", now() - timedelta(hours=1), "taken", recorded_at=usec(now())))
        for verb in ("take", "skip", "snooze", "undo"):
            for what in ("", " ", "\t\n"):
                with self.subTest(verb=verb, what=what):
                    done = self.run_ctl(verb, what, status=2)
                    self.assertIn("WHAT is empty", done.stderr)
                    self.assertEqual(done.stdout, "")
        self.run_ctl("take", "aspirin", "", status=2)
        self.run_ctl("skip", "", "before surgery", status=2)
        self.run_ctl("skip", "aspirin", "", "--note", "before surgery", status=2)
        self.run_ctl("snooze", "", "10min", status=2)
        self.assert_nothing_called()

    def test_all_are_found_before_any_is_recorded(self):
        self.script(dose("a", "Aspirin", now()), dose("b", "Bisoprolol", now()))
        for arguments in (("take", "aspirin", "frobnitol"), ("take", "frobnitol", "aspirin"), ("snooze", "asp", "frob"),
                          ("skip", "asp", "frob", "--note", "ill")):
            with self.subTest(arguments=arguments):
                said = self.run_ctl(*arguments, status=1).stderr
                self.assertIn("is called 'frob", said)
                self.assertTrue(said.endswith("nothing is recorded of any of them\n"), said)
        self.assert_nothing_called()
        self.run_ctl("take", "aspirin", "biso")
        self.assertEqual(len(self.calls("Confirm")), 2)

    def test_a_span_in_two_words_is_said_to_be_one(self):
        self.script(dose("a", "Aspirin", now()))
        said = self.run_ctl("snooze", "asp", "10", "min", status=1).stderr
        self.assertIn("if '10' says for how long: that is one word, and the last: dosectl snooze WHAT 10min\n", said)
        said = self.run_ctl("take", "asp", "08:10", status=1).stderr
        self.assertIn("if '08:10' is no name: --at TIME says when it was taken, --amount how much\n", said)
        self.assertNotIn("--at TIME", self.run_ctl("take", "frobnitol", status=1).stderr)
        self.assert_nothing_called()

    def test_one_that_was_taken_long_before_its_time_is_not_taken_again(self):
        taken = now() - timedelta(minutes=5)
        early = dose("a", "Aspirin", now() + timedelta(hours=5), "taken", taken_at=usec(taken), recorded_at=usec(taken),
                     recorded_by="ana")
        later = dose("a", "Aspirin", now() + timedelta(hours=17), "upcoming")
        self.script(early, later)
        self.assertRegex(self.run_ctl("take", "asp").stdout, r"^Nothing changed: Aspirin of .* recorded by ana at ")
        at = (now() - timedelta(minutes=2)).strftime("%Y-%m-%d %H:%M")
        self.assertIn("Nothing changed", self.run_ctl("take", "asp", "--at", at).stdout)
        self.assertEqual({call[0] for call in self.calls("Confirm")}, {early["id"]})
        said = self.run_ctl("take", "asp", "--force").stdout
        self.assertRegex(said, r"^Nothing changed: Aspirin of .* recorded by ana at .*\.\n  If it was the one of ")
        self.assertIn(f": dosectl take {later['id']} --force\n", said)
        self.assertEqual({call[0] for call in self.calls("Confirm")}, {early["id"]})
        self.run_ctl("take", later["id"], "--force")
        self.assertEqual(self.calls("Confirm")[-1], [later["id"], {"force": 1}])

    def test_saying_it_with_force_again_does_not_take_the_next_one(self):
        taken = now() - timedelta(minutes=2)
        recorded = {"taken_at": usec(taken), "recorded_at": usec(taken), "recorded_by": "ana"}
        names = {"Due": 1, "Late": 6, "Later": 72}
        first = [dose(name, name, now() - timedelta(hours=ago), "taken", **recorded) for name, ago in names.items()]
        later = [dose(name, name, now() + timedelta(hours=6), "upcoming") for name in names]
        self.script(*first, *later)
        for name in names:
            with self.subTest(name=name):
                self.assertIn("Nothing changed", self.run_ctl("take", name, "--force").stdout)
        self.assertEqual([call[0] for call in self.calls("Confirm")], [one["id"] for one in first])

    def test_what_was_taken_more_than_an_hour_ago_is_not_said_again(self):
        taken = now() - timedelta(minutes=65)
        later = dose("a", "Aspirin", now() + timedelta(hours=6), "upcoming")
        self.script(dose("a", "Aspirin", now() - timedelta(hours=6), "taken", taken_at=usec(taken), recorded_at=usec(taken)), later)
        self.run_ctl("take", "asp", "--force")
        self.assertEqual(self.calls("Confirm"), [[later["id"], {"force": 1}]])

    def test_the_same_time_said_again_is_the_same_dose(self):
        at = (now() - timedelta(hours=2)).replace(second=0, microsecond=0)
        recorded = {"taken_at": usec(at), "recorded_at": usec(now()), "recorded_by": "ana"}
        first = dose("a", "Aspirin", now() - timedelta(hours=9), "taken", **recorded)
        self.script(dose("a", "Aspirin", now() - timedelta(hours=21), "missed"), first)
        for more in ((), ("--force",)):
            self.assertIn("Nothing changed", self.run_ctl("take", "asp", "--at", at.strftime("%Y-%m-%d %H:%M"), *more).stdout)
        self.assertEqual({call[0] for call in self.calls("Confirm")}, {first["id"]})

    def test_where_there_is_no_other_one_saying_it_with_force_again_changes_nothing(self):
        taken = now() - timedelta(minutes=5)
        self.script(dose("a", "Aspirin", now() + timedelta(hours=5), "taken", taken_at=usec(taken), recorded_by="ana",
                         recorded_at=usec(taken)))
        self.assertIn("Nothing changed", self.run_ctl("take", "asp", "--force").stdout)

    def test_what_was_recorded_only_later_is_not_meant(self):
        taken = now() - timedelta(minutes=5)
        self.script(dose("a", "Aspirin", now() + timedelta(hours=5), "taken", taken_at=usec(taken), recorded_by="ana",
                         recorded_at=usec(taken)))
        at = (now() - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M")
        self.assertIn("no unrecorded dose called 'asp' belongs to that time",
                      self.run_ctl("take", "asp", "--at", at, status=1).stderr)


class History(Client):
    def test_it_holds_what_was_recorded_then_whenever_that_is_due(self):
        moment = now() - timedelta(minutes=5)
        recorded = {"taken_at": usec(moment), "recorded_at": usec(moment), "recorded_by": "ana"}
        self.script(
            dose("a", "Before", now() - timedelta(days=9), "taken", **recorded),
            dose("b", "Old", now() - timedelta(days=8), "taken", recorded_at=usec(now() - timedelta(days=8))),
            dose("c", "Due", now() - timedelta(days=1), "missed"),
            dose("d", "Early", now() + timedelta(hours=5), "taken", **recorded),
            dose("e", "Left out", now() + timedelta(hours=5), "skipped", **recorded),
            dose("f", "Coming", now() + timedelta(hours=5), "upcoming"),
        )
        names = lambda *arguments: [line["medication"] for line in self.json(*arguments)]  # noqa: E731
        self.assertEqual(names("history"), ["Before", "Due", "Early", "Left out"])
        self.assertEqual(names("history", "--until", "-2d"), [])
        self.assertEqual(names("list", "--from", "-1d", "--until", "now"), ["Due"])
        self.assertRegex(self.run_ctl("history").stdout, r"✓ .* Early +taken ")

    def test_where_there_is_nothing_no_plan_is_spoken_of(self):
        self.script(dose("f", "Coming", now() + timedelta(hours=5), "upcoming"))
        self.assertEqual(self.run_ctl("history").stdout, "No dose was due or recorded in this time.\n")
        self.assertEqual(self.run_ctl("list", "--from", "-2d", "--until", "-2d").stdout, "No dose is planned in this time.\n")


if __name__ == "__main__":
    unittest.main()
