# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed-agent: reminders of a dosed on another bus, with working buttons, whatever restarts in between."""

import os
import shutil
import unittest
from datetime import timedelta
from pathlib import Path

from agent import Session
from desktop import Desktop
from harness import NAME, Dosed, calendar, changed, event, now, reminder
from notify import FakeServer, wait

SOON = timedelta(seconds=2)
AHEAD = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:soon\r\nTRIGGER:-P1D\r\nEND:VALARM\r\nEND:VEVENT"
TWO_PEOPLE = "[dosed]\ntimezone = UTC\nsettle = 1s\n\n[person ana]\n\n[person rui]\n"


class Household(unittest.TestCase):
    configuration = TWO_PEOPLE

    def setUp(self):
        self.dosed = self.enterContext(Dosed(self.configuration))
        self.session = self.add_session()

    def add_session(self, bus=None):
        session = Session(self.dosed, bus)
        self.addCleanup(session.close)
        return session

    def serve(self, session=None, **options):
        server = FakeServer((session or self.session).address, **options)
        self.addCleanup(server.stop)
        return server

    def begin(self, *events, person="ana"):
        for number, text in enumerate(events):
            self.dosed.put_ics(f"plan-{number}", calendar(text), person)
        self.dosed.start()
        return self.dosed.monitor()

    def states(self):
        return {dose["medication"]: dose["state"] for dose in self.dosed.doses()}

    def settle(self, *servers):
        """What was sent to dosed by then, and what it said of it, was heard by the agent."""
        for server in servers:
            server.round_trip()
        self.dosed.dosectl("reload", check=0)
        for server in servers:
            server.round_trip()


class Reminders(Household):
    def test_a_reminder_says_all_that_the_daemon_says(self):
        server = self.serve()
        self.session.start()
        monitor = self.begin(event("Lisinopril 10 mg", now() + SOON, X_DOSED_AMOUNT="1 tablet", PRIORITY="1",
                                   DESCRIPTION="with water\\nsitting"))
        server.wait_up("ana: Lisinopril 10 mg")
        call = server.calls[-1]
        self.assertRegex(call.body, r"^1 tablet · due \d\d:\d\d\nwith water\nsitting$")
        self.assertEqual((call.labels, call.hints["urgency"]), (["Taken", "Snooze", "Skip"], 2))

        server.press(server.identity("ana: Lisinopril 10 mg"), call.action("Taken"))
        monitor.wait_for(changed("Lisinopril 10 mg", "taken"))
        server.wait_up()

    def test_a_group_and_each_of_its_buttons(self):
        server = self.serve()
        self.session.start()
        due = now() + SOON
        self.begin(event("Aspirin", due), event("Bisoprolol", due), event("Calcium", due), event("Digoxin", due))
        server.wait_up(f"ana: 4 medicines at {due:%H:%M}")
        call = server.calls[-1]
        self.assertEqual(call.labels, ["All taken", "One by one", "Later"])
        server.press(server.identity(call.title), call.action("One by one"))
        server.wait_up("ana: Aspirin", "ana: Bisoprolol", "ana: Calcium", "ana: Digoxin")
        for title, label in (("ana: Aspirin", "Taken"), ("ana: Bisoprolol", "Skip"), ("ana: Calcium", "Snooze")):
            identity = server.identity(title)
            server.press(identity, server.up[identity].action(label))
        server.wait_up("ana: Digoxin")
        wait(lambda: self.states() == {"Aspirin": "taken", "Bisoprolol": "skipped", "Calcium": "snoozed",
                                       "Digoxin": "due"}, self.states)

    def test_a_private_one_and_one_to_be_checked_first(self):
        server = self.serve()
        self.session.start()
        due = now() + SOON
        monitor = self.begin(
            event("Secret", due, CLASS="PRIVATE", X_DOSED_AMOUNT="3 drops", DESCRIPTION="at night", PRIORITY="1"),
            event("Paracetamol", due, uid="p", X_DOSED_MIN_INTERVAL="PT4H", PRIORITY="1"),
            event("Paracetamol", due + SOON, uid="q", X_DOSED_MIN_INTERVAL="PT4H", PRIORITY="1"))
        server.wait_up("ana: a medicine", "ana: Paracetamol")
        self.assertNotRegex(server.up[server.identity("ana: a medicine")].body, "drops|night")
        identity = server.identity("ana: Paracetamol")
        server.press(identity, server.up[identity].action("Taken"))
        monitor.wait_for(changed("Paracetamol", "taken"))
        server.wait_up("ana: a medicine", "ana: Paracetamol")
        check = server.up[server.identity("ana: Paracetamol")]
        self.assertRegex(check.body, "^Check first: taken just now")
        self.assertEqual(check.labels, ["Snooze", "Skip"])

    def test_an_alarm_ahead_is_shown_and_later_takes_it_down(self):
        server = self.serve()
        self.session.start()
        tomorrow = now() + SOON + timedelta(days=1)
        self.begin(event("Methotrexate", tomorrow).replace("END:VEVENT", AHEAD))
        server.wait_up("ana: Methotrexate")
        call = server.calls[-1]
        self.assertIn(f"Not due yet: {tomorrow:%H:%M on %a} {tomorrow.day} {tomorrow:%b}", call.body)
        server.press(server.identity(call.title), call.action("Later"))
        self.settle(server)
        self.assertEqual((server.titles(), self.states()), ([], {"Methotrexate": "upcoming"}))

    def test_recorded_elsewhere_it_is_withdrawn(self):
        server = self.serve()
        self.session.start()
        self.begin(event("Aspirin", now() + SOON))
        server.wait_up("ana: Aspirin")
        self.dosed.dosectl("take", "Aspirin", check=0)
        server.wait_up()

    def test_many_doses_are_all_told_and_answered(self):
        server = self.serve()
        self.session.start()
        due = now() + SOON
        self.begin(*(event(f"Medicine {number:03}", due, PRIORITY="1") for number in range(150)))
        wait(lambda: len(server.up) == 100, lambda: f"{len(server.up)} are up")
        for _ in range(60):
            identity = min(server.up)
            server.press(identity, server.up[identity].action("Taken"))
        wait(lambda: list(self.states().values()).count("taken") == 60, "not all are taken")
        wait(lambda: len(server.up) == 90, lambda: f"{len(server.up)} are up")

    def test_idle_it_never_wakes_up(self):
        server = self.serve()
        self.session.start()
        self.begin(event("Aspirin", now() + SOON, X_DOSED_WINDOW="PT4H"))
        server.wait_up("ana: Aspirin")
        self.settle(server)
        self.session.wait_rest()


class Restarts(Household):
    def test_without_dosed_it_waits_and_says_nothing(self):
        server = self.serve()
        self.session.start("--patience=1s")
        self.session.heard("STATUS=Waiting for dosed")
        self.session.wait_rest()
        self.assertEqual(server.calls, [])
        self.begin(event("Aspirin", now() + SOON))
        server.wait_up("ana: Aspirin")

    def test_it_starts_nobody(self):
        (self.dosed.bus.services / "dosed.service").write_text(
            f"[D-BUS Service]\nName={NAME}\nExec=/usr/bin/touch {self.dosed.folder}/started\n")
        self.serve()
        self.session.start()
        self.session.heard("STATUS=Waiting for dosed")
        self.assertFalse((self.dosed.folder / "started").exists())

    def test_what_was_recorded_while_dosed_restarted_is_withdrawn_and_the_rest_works(self):
        server = self.serve()
        self.session.start()
        self.begin(event("Aspirin", now() + SOON, PRIORITY="1"), event("Bisoprolol", now() + SOON, PRIORITY="1"))
        server.wait_up("ana: Aspirin", "ana: Bisoprolol")
        identity = server.identity("ana: Bisoprolol")
        self.dosed.stop()
        self.session.heard("STATUS=Waiting for dosed")
        self.assertEqual(server.titles(), ["ana: Aspirin", "ana: Bisoprolol"])

        # One of them is recorded where the agent does not look.
        system = self.dosed.environment["DBUS_SESSION_BUS_ADDRESS"]
        self.dosed.environment["DBUS_SESSION_BUS_ADDRESS"] = self.add_session().address
        self.dosed.start()
        self.dosed.dosectl("take", "Aspirin", check=0)
        self.dosed.stop()
        self.dosed.environment["DBUS_SESSION_BUS_ADDRESS"] = system

        self.dosed.start()
        server.wait_up("ana: Bisoprolol")
        self.assertEqual(server.identity("ana: Bisoprolol"), identity)  # it never went, and did not alert anew
        server.press(identity, server.up[identity].action("Taken"))
        server.wait_up()
        wait(lambda: self.states() == {"Aspirin": "taken", "Bisoprolol": "taken"}, self.states)

    def test_a_button_while_dosed_is_away_says_so_and_the_reminder_comes_back(self):
        server = self.serve()
        self.session.start()
        self.begin(event("Aspirin", now() + SOON))
        server.wait_up("ana: Aspirin")
        identity = server.identity("ana: Aspirin")
        self.dosed.stop()
        self.session.heard("STATUS=Waiting for dosed")
        server.press(identity, server.up[identity].action("Taken"))
        server.wait_up("Please check first")
        self.assertRegex(server.calls[-1].body, "^ana: Aspirin: not recorded, since dosed is not running")
        self.dosed.start()
        server.wait_up("Please check first", "ana: Aspirin")
        identity = server.identity("ana: Aspirin")
        server.press(identity, server.up[identity].action("Taken"))
        server.wait_up()
        wait(lambda: self.states() == {"Aspirin": "taken"}, self.states)

    def test_a_dosed_that_does_not_come_back_is_told(self):
        server = self.serve()
        self.session.start("--patience=1s")
        self.begin(event("Aspirin", now() + SOON))
        server.wait_up("ana: Aspirin")
        self.dosed.stop()
        server.wait_up("ana: Aspirin", "No more reminders of medicines")
        self.dosed.start()
        server.wait_up("ana: Aspirin")

    def test_a_dosed_that_is_killed_comes_back(self):
        server = self.serve()
        self.session.start()
        self.begin(event("Aspirin", now() + SOON))
        server.wait_up("ana: Aspirin")
        self.dosed.kill()
        self.dosed.start()
        self.dosed.dosectl("skip", "Aspirin", check=0)
        server.wait_up()

    def test_a_server_that_restarts_gets_it_again(self):
        server = self.serve()
        self.session.start()
        self.begin(event("Aspirin", now() + SOON))
        server.wait_up("ana: Aspirin")
        server.stop()
        server = self.serve()
        server.wait_up("ana: Aspirin")
        identity = server.identity("ana: Aspirin")
        server.press(identity, server.up[identity].action("Skip"))
        server.wait_up()
        wait(lambda: self.states() == {"Aspirin": "skipped"}, self.states)

    def test_a_server_that_comes_late_gets_what_is_open(self):
        self.session.start()
        monitor = self.begin(event("Aspirin", now() + SOON), event("Bisoprolol", now() + SOON))
        monitor.wait_for(reminder("Aspirin"))
        self.dosed.dosectl("take", "Bisoprolol", check=0)
        self.serve().wait_up("ana: Aspirin")

    def wait_remembered(self):
        """It has heard what the server answered."""
        wait(lambda: (self.session.folder / "dosed/agent-notifications").exists(), "it remembers nothing")

    def test_an_agent_that_is_killed_leaves_no_dead_button(self):
        server = self.serve()
        self.session.start()
        self.begin(event("Aspirin", now() + SOON))
        server.wait_up("ana: Aspirin")
        dead = server.identity("ana: Aspirin")
        self.wait_remembered()
        self.session.kill()
        self.session.start()
        wait(lambda: dead in server.withdrawn, "the dead one is still up")
        server.wait_up("ana: Aspirin")

    def test_a_clean_stop_takes_everything_down(self):
        server = self.serve()
        self.session.start()
        self.begin(event("Aspirin", now() + SOON))
        server.wait_up("ana: Aspirin")
        self.wait_remembered()
        self.assertEqual(self.session.stop(), 0)
        server.wait_up()

    def test_a_lost_system_bus_ends_it_for_the_service_manager_to_start_it_anew(self):
        self.serve()
        self.session.start()
        self.dosed.bus.stop()
        self.assertEqual(self.session.process.wait(60), 69)


class SeveralSessions(Household):
    def test_a_button_in_one_withdraws_the_other(self):
        other = self.add_session()
        here, there = self.serve(), self.serve(other)
        self.session.start()
        other.start()
        due = now() + SOON
        self.begin(event("Aspirin", due, PRIORITY="1"), event("Bisoprolol", due, PRIORITY="1"))
        for server in (here, there):
            server.wait_up("ana: Aspirin", "ana: Bisoprolol")
        for server, title in ((here, "ana: Aspirin"), (there, "ana: Bisoprolol")):
            identity = server.identity(title)
            server.press(identity, server.up[identity].action("Taken"))
        here.wait_up()
        there.wait_up()
        wait(lambda: self.states() == {"Aspirin": "taken", "Bisoprolol": "taken"}, self.states)

    def test_the_same_button_in_both_is_recorded_once(self):
        other = self.add_session()
        here, there = self.serve(), self.serve(other)
        self.session.start()
        other.start()
        monitor = self.begin(event("Aspirin", now() + SOON))
        here.wait_up("ana: Aspirin")
        there.wait_up("ana: Aspirin")
        for server in (here, there):
            identity = server.identity("ana: Aspirin")
            server.press(identity, server.up[identity].action("Taken"), stays=True)
        monitor.wait_for(changed("Aspirin", "taken"))
        wait(lambda: "ana: Aspirin" not in here.titles() + there.titles(), "one is still up")
        self.settle(here, there)
        self.assertEqual([seen["event"] for seen in monitor.seen if seen.get("state") == "taken"], ["DoseChanged"])

    def test_a_button_heard_twice_is_one_press(self):
        server = self.serve()
        self.session.start()
        self.begin(event("Aspirin", now() + SOON))
        server.wait_up("ana: Aspirin")
        identity, call = server.identity("ana: Aspirin"), server.calls[-1]
        server.press(identity, call.action("Taken"), stays=True)
        server.press(identity, call.action("Taken"), stays=True)
        server.wait_up()
        server.press(identity, call.action("Taken"), stays=True)
        self.settle(server)
        self.assertEqual((server.titles(), self.states()), ([], {"Aspirin": "taken"}))

    def test_the_second_agent_of_a_session_waits_for_the_first_to_end(self):
        server = self.serve()
        second = self.add_session(self.session.bus)
        self.session.start()
        second.start(wait=False)
        second.heard("STATUS=Waiting for another dosed-agent to end")
        second.heard("READY=1")
        self.begin(event("Aspirin", now() + SOON))
        server.wait_up("ana: Aspirin")
        self.settle(server)
        self.assertEqual(len(server.calls), 1)
        self.session.stop()
        wait(lambda: len(server.calls) == 2, "the second one does not show it")
        server.wait_up("ana: Aspirin")


class Withdrawn(Household):
    def test_pressed_while_it_is_taken_down_says_that_nothing_was_recorded(self):
        server = self.serve()
        self.session.start()
        self.begin(event("Aspirin", now() + SOON))
        server.wait_up("ana: Aspirin")
        identity, call = server.identity("ana: Aspirin"), server.calls[-1]
        self.dosed.dosectl("skip", "Aspirin", check=0)
        server.wait_up()
        server.press(identity, call.action("Taken"), stays=True)
        server.wait_up("Please check first")
        self.assertRegex(server.calls[-1].body, "^ana: Aspirin: not recorded, its reminder had just been taken down")
        server.dismiss(server.identity("Please check first"))
        self.settle(server)
        self.assertEqual(server.titles(), [])


@unittest.skipUnless(shutil.which("dunst") and shutil.which("Xvfb"), "dunst and Xvfb are not installed")
class Screen(Household):
    def test_on_a_real_desktop(self):
        desktop = Desktop(self.session.address, self.session.folder)
        self.addCleanup(desktop.stop)
        self.session.start()  # before there is anybody to show it
        due = now() + SOON
        self.begin(event("Lisinopril 10 mg", due, X_DOSED_AMOUNT="1 tablet", DESCRIPTION="with a glass of water"),
                   event("Metformin 500 mg", due, X_DOSED_AMOUNT="2 tablets"), event("Insulin", due, PRIORITY="1"))
        desktop.start()
        group = desktop.wait_shown("ana: 2 medicines", "Lisinopril 10 mg · 1 tablet", "Metformin 500 mg · 2 tablets")
        single = desktop.wait_shown("ana: Insulin")
        if "DOSED_PICTURES" in os.environ:
            desktop.screenshot(Path(os.environ["DOSED_PICTURES"]) / "agent.png")
        desktop.press(group, "All taken")
        desktop.wait_gone("2 medicines")
        desktop.press(single, "Skip")
        desktop.wait_gone("Insulin")
        wait(lambda: self.states() == {"Lisinopril 10 mg": "taken", "Metformin 500 mg": "taken", "Insulin": "skipped"},
             self.states)


if __name__ == "__main__":
    unittest.main()
