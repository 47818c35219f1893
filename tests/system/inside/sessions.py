# SPDX-License-Identifier: LGPL-2.1-or-later
"""
dosed-agent as its unit runs it: shown, pressed and withdrawn in real sessions, whatever restarts in between; and a user's own dosed.
"""

import json
import pwd
import shutil
import unittest
from datetime import timedelta
from pathlib import Path

from machine import now, run_as, systemctl
from session import Sessions

# machine.py says where this is
from harness import calendar, event

HOUSEHOLD = "[dosed]\ntimezone = UTC\nsettle = 1s\n\n[person ana]\nusers = ana, ana2\n"


class Agent(Sessions):
    def setUp(self):
        super().setUp()
        self.start(HOUSEHOLD)

    def test_a_server_that_comes_later_shows_it_and_a_button_records_who_pressed_it(self):
        self.begin_session("ana")
        self.put_soon("Aspirin")
        desktop = self.desktop("ana")
        self.wait_up(desktop, "Aspirin")
        desktop.press_label("Aspirin", "Taken")
        self.assertEqual(self.wait_dose("Aspirin", "taken")["recorded_by"], "ana")
        self.wait_up(desktop)

    def test_dosed_and_the_server_and_the_agent_may_all_start_anew(self):
        self.begin_session("ana")
        desktop = self.desktop("ana")
        self.put_soon("Aspirin")
        self.wait_up(desktop, "Aspirin")

        systemctl("restart", "dosed")
        self.put_soon("Bisoprolol")
        self.wait_up(desktop, "Aspirin", "Bisoprolol")
        desktop.press_label("Bisoprolol", "Skip")
        self.wait_dose("Bisoprolol", "skipped")
        self.wait_up(desktop, "Aspirin")

        desktop.kill()
        desktop = self.desktop("ana")
        self.wait_up(desktop, "Aspirin")

        former = self.shown_of("ana", "MainPID")
        run_as("ana", "kill", "-KILL", former)
        self.wait("the agent is back", lambda: self.shown_of("ana", "ActiveState") == "active" and
                  self.shown_of("ana", "MainPID") not in (former, "0"))  # fmt: skip
        self.wait("it is up anew", lambda: desktop.titles_of_calls() == ["Aspirin"] * 2)
        self.wait_up(desktop, "Aspirin")
        desktop.press_label("Aspirin", "Taken")
        self.assertEqual(self.wait_dose("Aspirin", "taken")["recorded_by"], "ana")

    def test_a_button_of_one_user_takes_it_down_at_the_other_one_of_that_person(self):
        self.begin_session("ana")
        self.begin_session("ana2")
        desktops = {name: self.desktop(name) for name in ("ana", "ana2")}
        self.put_soon("Aspirin")
        for desktop in desktops.values():
            self.wait_up(desktop, "Aspirin")
        desktops["ana2"].press_label("Aspirin", "Taken")
        self.assertEqual(self.wait_dose("Aspirin", "taken")["recorded_by"], "ana2")
        for desktop in desktops.values():
            self.wait_up(desktop)

    def test_a_stranger_is_shown_nothing_until_dosed_conf_names_them(self):
        self.begin_session("ana")
        self.begin_session("stranger")
        ana, stranger = self.desktop("ana"), self.desktop("stranger")
        self.put_soon("Aspirin")
        self.wait_up(ana, "Aspirin")
        ana.press_label("Aspirin", "Taken")
        self.wait_up(ana)
        self.put_soon("Bisoprolol")
        self.wait_up(ana, "Bisoprolol")
        self.configure(HOUSEHOLD.replace("ana2", "stranger"))
        systemctl("reload", "dosed")
        self.wait_up(stranger, "Bisoprolol")
        self.assertEqual(stranger.titles_of_calls(), ["Bisoprolol"])
        self.assertNotIn("Aspirin", self.session_journal("stranger"))

    def test_it_ends_cleanly_with_the_session_and_comes_up_with_the_next(self):
        self.begin_session("ana")
        former = self.shown_of("ana", "MainPID")
        # The bus, which ends by the same signal, is not always the faster one.
        for _ in range(5):
            systemctl("reset-failed", self.manager("ana"))  # so many starts in ten seconds are no failure here
            systemctl("restart", self.manager("ana"))
            self.wait("the agent is there", lambda: self.shown_of("ana", "ActiveState") == "active")
        self.assertNotEqual(self.shown_of("ana", "MainPID"), former)
        self.assertEqual(self.shown_of("ana", "NRestarts"), "0")
        self.assertNotIn("bus was lost", self.session_journal("ana"))
        self.assertIn("Stopped dosed-agent.service", self.session_journal("ana"))

    def test_dosectl_in_a_session_finds_the_dosed_of_the_machine(self):
        self.begin_session("ana")
        self.put_soon("Aspirin")
        listed = json.loads(run_as("ana", "dosectl", "--json", "list").stdout)
        self.assertEqual([dose["medication"] for dose in listed], ["Aspirin"])
        run_as("ana", "dosectl", "take", "Aspirin")
        self.assertEqual(self.wait_dose("Aspirin", "taken")["recorded_by"], "ana")
        self.assertNotEqual(self.user_systemctl("ana", "is-active", "dosed.service", check=None).stdout.strip(), "active")

    def test_a_dosed_of_ones_own_runs_by_its_unit_and_needs_no_agent(self):
        systemctl("stop", "dosed")
        self.open_session("ana2")
        self.user_systemctl("ana2", "enable", "--quiet", "--now", "dosed")
        desktop = self.desktop("ana2")
        plan = Path(pwd.getpwnam("ana2").pw_dir, ".local/share/dosed/calendars/plan.ics")
        self.wait("there is a folder for plans", plan.parent.exists)
        # Without a configuration, plan files rest for ten seconds before they count.
        plan.write_text(calendar(event("Calcium", now() + timedelta(seconds=30), X_DOSED_WINDOW="PT1H")), newline="")
        shutil.chown(plan, "ana2")
        self.wait_up(desktop, "Calcium")
        desktop.press_label("Calcium", "Taken")
        self.wait_up(desktop)
        listed = json.loads(run_as("ana2", "dosectl", "--json", "list").stdout)
        self.assertIn(("Calcium", "taken"), [(dose["medication"], dose["state"]) for dose in listed])


class Own(Sessions):
    """A user's own dosed, without a household."""

    def test_the_bus_starts_it_only_where_it_is_enabled(self):
        self.open_session("ana")
        said = run_as("ana", "dosectl", "--user", "list", check=1).stderr
        self.assertIn("dosed is not running: start it with systemctl --user enable --now dosed", said)
        self.assertEqual(self.shown_of("ana", "ActiveState", "dosed"), "inactive")
        self.user_systemctl("ana", "enable", "--quiet", "dosed")
        run_as("ana", "dosectl", "--user", "list")
        self.assertEqual(self.shown_of("ana", "ActiveState", "dosed"), "active")


if __name__ == "__main__":
    unittest.main()
