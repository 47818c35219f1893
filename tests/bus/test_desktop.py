# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed and a real notification server: what stands on the screen follows from what is open, and buttons record it."""

import os
import shutil
import unittest
from datetime import timedelta
from pathlib import Path

from desktop import Desktop
from harness import Dosed, calendar, changed, event, now, reminder, wait_until
from notify import FakeServer, wait

SOON = timedelta(seconds=2)
# A reminder every second, so that repeats can be seen.
EVERY_SECOND = ("BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:again\r\nTRIGGER:PT1S\r\nREPEAT:5\r\nDURATION:PT1S\r\n"
                "END:VALARM\r\nEND:VEVENT")
AHEAD = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:soon\r\nTRIGGER:%s\r\nEND:VALARM\r\nEND:VEVENT"


@unittest.skipUnless(shutil.which("dunst") and shutil.which("Xvfb"), "dunst and Xvfb are not installed")
class Screen(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.desktop = Desktop(self.dosed.bus.address, self.dosed.folder)
        self.addCleanup(self.desktop.stop)
        self.desktop.start()

    def begin(self, *events):
        """A plan comes into force while dosed runs; gives the monitor."""
        for number, text in enumerate(events):
            self.dosed.put_ics(f"plan-{number}", calendar(text))
        self.dosed.start()
        return self.dosed.monitor()

    def picture(self, name):
        """Kept where somebody wants to look at it."""
        if "DOSED_PICTURES" in os.environ:
            self.desktop.screenshot(Path(os.environ["DOSED_PICTURES"]) / f"{name}.png")

    def states(self):
        return {dose["medication"]: dose["state"] for dose in self.dosed.doses()}

    def test_the_button_takes_it(self):
        monitor = self.begin(event("Lisinopril 10 mg", now() + SOON, X_DOSED_AMOUNT="1 tablet"))
        shown = self.desktop.wait_shown("Lisinopril 10 mg", "1 tablet")
        self.assertEqual(sorted(shown["actions"].values()), ["Skip", "Snooze", "Taken"])
        self.picture("daemon")
        self.desktop.press(shown, "Taken")
        monitor.wait_for(changed("Lisinopril 10 mg", "taken"))
        self.desktop.wait_gone("Lisinopril")
        (dose,) = self.dosed.doses()
        self.assertEqual((dose["state"], dose["recorded-by"]), ("taken", "desktop"))

    def test_the_button_skips_it(self):
        monitor = self.begin(event("Lisinopril 10 mg", now() + SOON))
        self.desktop.press(self.desktop.wait_shown("Lisinopril"), "Skip")
        monitor.wait_for(changed("Lisinopril 10 mg", "skipped"))
        self.desktop.wait_gone("Lisinopril")

    def test_the_button_snoozes_it(self):
        monitor = self.begin(event("Lisinopril 10 mg", now() + SOON))
        self.desktop.press(self.desktop.wait_shown("Lisinopril"), "Snooze")
        self.assertTrue(monitor.wait_for(changed("Lisinopril 10 mg", "snoozed"))["snoozed_until"])
        self.desktop.wait_gone("Lisinopril")

    def group(self):
        due = now() + SOON
        return self.begin(event("Lisinopril 10 mg", due), event("Metformin 500 mg", due), event("Vitamin D", due))

    def test_a_group_names_all_and_all_are_taken(self):
        self.group()
        shown = self.desktop.wait_shown("3 medicines", "Lisinopril 10 mg", "Metformin 500 mg", "Vitamin D")
        self.assertEqual(sorted(shown["actions"].values()), ["All taken", "Later", "One by one"])
        self.desktop.press(shown, "All taken")
        wait(lambda: set(self.states().values()) == {"taken"}, "not all are taken")
        self.desktop.wait_gone("medicines")

    def test_a_group_later_is_snoozed_as_a_whole(self):
        self.group()
        self.desktop.press(self.desktop.wait_shown("3 medicines"), "Later")
        wait(lambda: set(self.states().values()) == {"snoozed"}, "not all are snoozed")
        self.desktop.wait_gone("medicines")

    def test_a_group_one_by_one(self):
        monitor = self.group()
        self.desktop.press(self.desktop.wait_shown("3 medicines"), "One by one")
        self.desktop.wait_gone("3 medicines")
        self.desktop.press(self.desktop.wait_shown("Metformin 500 mg"), "Taken")
        monitor.wait_for(changed("Metformin 500 mg", "taken"))
        self.desktop.wait_gone("Metformin")
        self.assertEqual(self.states(), {"Lisinopril 10 mg": "due", "Metformin 500 mg": "taken", "Vitamin D": "due"})

    def test_recorded_elsewhere_it_is_withdrawn(self):
        self.begin(event("Lisinopril 10 mg", now() + SOON))
        self.desktop.wait_shown("Lisinopril")
        self.dosed.dosectl("take", "Lisinopril", check=0)
        self.desktop.wait_gone("Lisinopril")

    def test_a_repeat_replaces_it(self):
        monitor = self.begin(event("Lisinopril 10 mg", now() + SOON).replace("END:VEVENT", EVERY_SECOND))
        first = self.desktop.wait_shown("Lisinopril")
        monitor.wait_for(reminder("Lisinopril 10 mg"))
        monitor.wait_for(reminder("Lisinopril 10 mg"))
        again = self.desktop.wait_shown("Lisinopril", "still not confirmed")
        self.assertEqual(again["id"], first["id"])
        self.assertEqual(len(self.desktop.shown()), 1)

    def test_just_taken_says_check_first_and_has_no_taken_button(self):
        due = now() + SOON
        monitor = self.begin(event("Paracetamol", due, uid="one", X_DOSED_MIN_INTERVAL="PT4H"),
                             event("Paracetamol", due + timedelta(seconds=3), uid="two", X_DOSED_MIN_INTERVAL="PT4H"))
        monitor.wait_for(reminder("Paracetamol"))
        self.desktop.press(self.desktop.wait_shown("Paracetamol"), "Taken")
        monitor.wait_for(changed("Paracetamol", "taken"))
        shown = self.desktop.wait_shown("Paracetamol", "Check first")
        self.assertEqual(sorted(shown["actions"].values()), ["Skip", "Snooze"])

    def test_an_alarm_ahead_of_its_time_has_no_taken_button_and_later_takes_it_down(self):
        tomorrow = now() + SOON + timedelta(days=1)
        monitor = self.begin(event("Methotrexate", tomorrow).replace("END:VEVENT", AHEAD % "-P1D"))
        shown = self.desktop.wait_shown("Methotrexate", f"Not due yet: {tomorrow:%H:%M on %a} {tomorrow.day} {tomorrow:%b}")
        self.assertEqual(sorted(shown["actions"].values()), ["Later", "Skip"])
        self.picture("ahead")
        monitor.wait_for(reminder("Methotrexate"))
        self.desktop.press(shown, "Later")
        self.desktop.wait_gone()
        self.dosed.dosectl("reload", check=0)
        self.assertEqual((self.desktop.shown(), self.states()), ([], {"Methotrexate": "upcoming"}))

    def test_later_lasts_until_the_due_time(self):
        due = now() + SOON + SOON
        monitor = self.begin(event("Lisinopril 10 mg", due).replace("END:VEVENT", AHEAD % "-PT2S"))
        shown = self.desktop.wait_shown("Lisinopril", "Not due yet")
        self.assertEqual(sorted(shown["actions"].values()), ["Later", "Skip", "Taken"])
        self.desktop.press(shown, "Later")
        self.desktop.wait_gone()
        monitor.wait_for(changed("Lisinopril 10 mg", "due"))
        shown = self.desktop.wait_shown("Lisinopril", "Due ")
        self.assertEqual(sorted(shown["actions"].values()), ["Skip", "Snooze", "Taken"])

    def test_a_server_that_restarts_gets_it_again(self):
        self.begin(event("Lisinopril 10 mg", now() + SOON))
        self.desktop.wait_shown("Lisinopril")
        self.desktop.stop_dunst()
        self.desktop.start_dunst()
        self.desktop.press(self.desktop.wait_shown("Lisinopril"), "Taken")
        wait(lambda: self.states() == {"Lisinopril 10 mg": "taken"}, "it is not taken")

    def test_a_server_that_comes_late_gets_what_is_open(self):
        self.desktop.stop_dunst()
        monitor = self.begin(event("Lisinopril 10 mg", now() + SOON), event("Ramipril", now() + SOON))
        monitor.wait_for(reminder("Lisinopril 10 mg"))
        self.dosed.dosectl("take", "Ramipril", check=0)
        self.desktop.start_dunst()
        self.desktop.wait_shown("Lisinopril")
        self.assertEqual(len(self.desktop.shown()), 1)

    def test_after_a_crash_no_dead_button_is_left(self):
        monitor = self.begin(event("Lisinopril 10 mg", now() + SOON))
        dead = self.desktop.wait_shown("Lisinopril")
        monitor.wait_for(reminder("Lisinopril 10 mg"))
        self.dosed.kill()
        self.dosed.start()
        wait(lambda: dead["id"] not in [shown["id"] for shown in self.desktop.shown()], "the dead one is still up")
        self.desktop.press(self.desktop.wait_shown("Lisinopril"), "Taken")
        wait(lambda: self.states() == {"Lisinopril 10 mg": "taken"}, "it is not taken")

    def test_a_clean_stop_takes_everything_down(self):
        self.begin(event("Lisinopril 10 mg", now() + SOON))
        self.desktop.wait_shown("Lisinopril")
        self.assertEqual(self.dosed.stop(), 0)
        self.desktop.wait_gone("Lisinopril")

    def test_after_an_outage_the_open_are_one_group_and_the_passed_are_told(self):
        due = now() + SOON
        self.begin(event("Lisinopril 10 mg", due), event("Metformin 500 mg", due),
                   event("Ramipril", due, X_DOSED_WINDOW="PT1S"))
        self.dosed.stop()
        wait_until(due + timedelta(seconds=2))
        self.dosed.start()
        self.desktop.wait_shown("2 medicines", "Lisinopril 10 mg", "Metformin 500 mg")
        self.desktop.wait_shown("1 dose passed without a reminder", "dosed was not looking then", "nobody was logged in",
                                "Ramipril")
        self.picture("unattended")

    def test_a_private_dose_is_not_named(self):
        self.begin(event("Lisinopril 10 mg", now() + SOON, CLASS="PRIVATE"))
        self.desktop.wait_shown("medicine")
        self.assertNotIn("Lisinopril", str(self.desktop.shown()))


class OtherServers(unittest.TestCase):
    """Servers that can less than dunst, or nothing at all."""

    def setUp(self):
        self.dosed = self.enterContext(Dosed())

    def serve(self, **options):
        server = FakeServer(self.dosed.bus.address, **options)
        self.addCleanup(server.stop)
        return server

    def begin(self, *events):
        for number, text in enumerate(events):
            self.dosed.put_ics(f"plan-{number}", calendar(text))
        self.dosed.start()

    def test_a_server_without_buttons_and_markup_gets_plain_words(self):
        server = self.serve(capabilities=("body",))
        self.begin(event("Iron & <b>C</b>", now() + SOON, X_DOSED_AMOUNT="<i>1</i> & 1/2"))
        call = server.wait_calls(1)
        self.assertEqual((call.title, call.labels), ("Iron & <b>C</b>", []))
        self.assertIn("<i>1</i> & 1/2", call.body)
        self.assertNotIn("amp;", call.body)
        self.dosed.dosectl("take", "Iron", check=0)
        server.wait_up()

    def test_a_server_that_never_answers_holds_nothing_up(self):
        server = self.serve(answers="hold")
        self.begin(event("Aspirin", now() + SOON, uid="a"), event("Bisoprolol", now() + SOON, uid="b"))
        server.wait_calls(1)
        self.dosed.dosectl("take", "Aspirin", check=0)
        states = {dose["medication"]: dose["state"] for dose in self.dosed.doses()}
        self.assertEqual(states, {"Aspirin": "taken", "Bisoprolol": "due"})
        self.assertEqual(self.dosed.stop(), 0)

    def test_a_server_that_refuses_loses_nothing(self):
        server = self.serve(answers="refuse")
        self.begin(event("Aspirin", now() + SOON))
        server.wait_calls(1)
        self.assertEqual([dose["state"] for dose in self.dosed.doses()], ["due"])
        server.stop()
        self.serve().wait_up("Aspirin")

    def test_a_button_pressed_by_somebody_else_is_no_button(self):
        server, stranger = self.serve(), self.serve(own=False)
        self.begin(event("Aspirin", now() + SOON, uid="a"), event("Bisoprolol", now() + SOON, uid="b"))
        call = server.wait_calls(1)
        stranger.press(server.identity(call.title), call.action("All taken"), stays=True)
        stranger.round_trip()
        server.press(server.identity(call.title), call.action("One by one"))
        server.wait_up("Aspirin", "Bisoprolol")
        self.assertEqual([dose["state"] for dose in self.dosed.doses()], ["due", "due"])

    def unattended(self, server):
        return [call for call in server.up.values() if "without a reminder" in call.title]

    def restart(self, server):
        server.round_trip()
        self.dosed.dosectl("reload", check=0)  # answered after all that the server said was heard
        self.dosed.stop()
        self.dosed.start()

    def test_what_was_unattended_and_not_read_outlives_a_restart(self):
        server, due = self.serve(), now() + SOON
        self.begin(event("Ramipril", due, uid="a", X_DOSED_WINDOW="PT1S"),
                   event("Aspirin", due, uid="b", X_DOSED_WINDOW="PT1S"))
        self.dosed.stop()
        wait_until(due + SOON)
        self.dosed.start()
        wait(lambda: self.unattended(server), "the doses are not told")
        self.restart(server)
        (call,) = wait(lambda: self.unattended(server), "the doses are not told again")
        self.assertEqual(call.title, "2 doses passed without a reminder")
        self.assertRegex(call.body, "Aspirin(.|\n)*Ramipril|Ramipril(.|\n)*Aspirin")

        # What was recorded since is not told; and what was read is not told again.
        (aspirin,) = [dose["id"] for dose in self.dosed.doses() if dose["medication"] == "Aspirin"]
        self.dosed.dosectl("skip", aspirin, check=0)
        (call,) = wait(lambda: [c for c in self.unattended(server) if c.title.startswith("1 ")], "both are still told")
        server.dismiss(server.identity(call.title))
        self.restart(server)
        self.dosed.dosectl("reload", check=0)
        server.round_trip()
        self.assertEqual(self.unattended(server), [])

    def test_a_button_pressed_while_it_is_taken_down_says_that_nothing_was_recorded(self):
        server = self.serve()
        self.begin(event("Aspirin", now() + SOON))
        call = server.wait_calls(1)
        identity = server.identity("Aspirin")
        self.dosed.dosectl("skip", "Aspirin", check=0)
        server.wait_up()
        server.press(identity, call.action("Taken"), stays=True)
        server.wait_up("Please check first")
        self.assertRegex(server.calls[-1].body, "^Aspirin: not recorded, its reminder had just been taken down")

    def test_a_button_that_is_heard_twice_worked(self):
        server = self.serve()
        self.begin(event("Aspirin", now() + SOON))
        call = server.wait_calls(1)
        identity = server.identity("Aspirin")
        server.press(identity, call.action("Taken"), stays=True)
        server.wait_up()
        server.press(identity, call.action("Taken"), stays=True)
        server.round_trip()
        self.dosed.dosectl("reload", check=0)
        server.round_trip()
        self.assertEqual((server.titles(), [dose["state"] for dose in self.dosed.doses()]), ([], ["taken"]))

    def trouble(self, server):
        return [call for call in server.up.values() if "needs a look" in call.title]

    def test_a_trouble_names_no_file_and_a_worse_one_is_told_anew(self):
        server = self.serve()
        for number in range(12):
            self.dosed.put_ics(f"truvada-{number}", "BEGIN:VCALENDAR\r\n")
        self.begin(event("Aspirin", now() + timedelta(hours=1)))
        (call,) = wait(lambda: self.trouble(server), "the broken files are not told")
        self.assertEqual(call.body, "12 things of the plan cannot be used as meant: see dosectl status")
        server.dismiss(server.identity(call.title))
        (self.dosed.folder / "config/dosed/dosed.conf").write_text("[frob]\n")
        self.dosed.dosectl("reload")
        (call,) = wait(lambda: self.trouble(server), "the broken configuration is not told")
        self.assertRegex(call.body, "^The configuration cannot be used: see dosectl status\n12 things")
        self.assertIn("truvada-3.ics", self.dosed.dosectl("status").stdout)

    def test_another_file_that_breaks_is_told_in_the_same_words(self):
        server = self.serve()
        self.dosed.put_ics("a", "BEGIN:VCALENDAR\r\n")
        self.begin(event("Aspirin", now() + timedelta(hours=1)))
        (call,) = wait(lambda: self.trouble(server), "the broken file is not told")
        server.dismiss(server.identity(call.title))
        (self.dosed.calendars_of("ana") / "a.ics").rename(self.dosed.calendars_of("ana") / "b.ics")
        (again,) = wait(lambda: self.trouble(server), "the other broken file is not told")
        self.assertEqual(again.body, call.body)

    def test_without_any_server_nothing_is_lost(self):
        self.begin(event("Aspirin", now() + SOON, uid="a", X_DOSED_WINDOW="PT2S"),
                   event("Bisoprolol", now() + SOON, uid="b"))
        monitor = self.dosed.monitor()
        monitor.wait_for(changed("Aspirin", "missed"))
        self.dosed.dosectl("take", "Bisoprolol", check=0)
        self.assertEqual({dose["medication"]: dose["state"] for dose in self.dosed.doses()},
                         {"Aspirin": "missed", "Bisoprolol": "taken"})
        self.assertEqual(sum(map(reminder("Aspirin"), monitor.seen)), 1)


if __name__ == "__main__":
    unittest.main()
