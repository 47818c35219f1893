# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sandboxes of the services let through what dosed calls, and say why they are as they are."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNITS = {mode: (ROOT / f"systemd/{mode}/dosed.service.in").read_text() for mode in ("user", "system")}
AGENT = ROOT / "systemd/user/dosed-agent.service.in"


def group(name):
    done = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    return {name for line in done.stdout.splitlines() if not line.strip().startswith("#") for name in line.split()}


def setting(unit, name):
    return re.findall(rf"^{name}=(.*)$", UNITS[unit], re.MULTILINE)


class Sandbox(unittest.TestCase):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not there to say what its groups hold")
    def test_asking_whether_the_clock_is_synchronised_is_allowed(self):
        # glibc's adjtimex(3) is one or the other of these, by architecture.
        found = {name for line in setting("user", "SystemCallFilter") for name in line.split()}
        while grown := {name for item in found if item.startswith("@") for name in group(item)} - found:
            found |= grown
        self.assertLessEqual({"adjtimex", "clock_adjtime", "clock_adjtime64"}, found)
        self.assertNotIn("clock_settime", found)

    def test_a_household_is_woken_for_a_dose(self):
        self.assertEqual(setting("system", "AmbientCapabilities"), ["CAP_WAKE_ALARM"])
        self.assertEqual(setting("system", "CapabilityBoundingSet"), ["CAP_WAKE_ALARM"])
        self.assertEqual(setting("system", "PrivateUsers") + setting("system", "ProtectClock"), [])

    def test_what_check_config_takes_for_hidden_is_hidden(self):
        (listed,) = re.findall(r"hidden\[\] = \{ (.*?) \}", (ROOT / "src/daemon/config-around.c").read_text())
        hidden = {"ProtectHome": {"/home", "/root", "/run/user"}, "PrivateTmp": {"/tmp", "/var/tmp"}}
        by_the_unit = set().union(*(places for name, places in hidden.items() if setting("system", name) == ["yes"]))
        self.assertEqual(set(re.findall(r'"(.*?)"', listed)), by_the_unit)
        (user,) = re.findall(r'SERVICE_USER "(.*?)"', (ROOT / "src/daemon/config-check.c").read_text())
        self.assertEqual(setting("system", "User"), [user])

    def test_both_come_back_whatever_happens(self):
        for unit in UNITS:
            with self.subTest(unit=unit):
                self.assertEqual(setting(unit, "Restart"), ["always"])
                self.assertEqual(setting(unit, "StartLimitIntervalSec"), ["0"])
                self.assertTrue(setting(unit, "WatchdogSec"))


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not there to read them")
class Reading(unittest.TestCase):
    def test_systemd_finds_nothing_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            for mode, text in UNITS.items():
                unit = Path(folder) / mode / "dosed.service"
                unit.parent.mkdir()
                unit.write_text(text.replace("@bindir@/dosectl", "/bin/true").replace("@bindir@/dosed", "/bin/true"))
                with self.subTest(unit=mode):
                    self.verify(unit, *["--user"] * (mode == "user"))
            for sample in sorted((ROOT / "data/sync").glob("*.service")) + sorted((ROOT / "data/sync").glob("*.timer")):
                unit = Path(folder) / sample.name
                unit.write_text(sample.read_text().replace("=vdirsyncer", "=/bin/true"))
            for unit in sorted(Path(folder).glob("dosed-sync.*")):
                with self.subTest(unit=unit.name):
                    self.verify(unit)

    def verify(self, unit, *options):
        environment = dict(os.environ, XDG_RUNTIME_DIR=str(unit.parent))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *options, str(unit)],
                              env=environment, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual([line for line in (done.stdout + done.stderr).splitlines() if unit.name in line], [])


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not there to say what its groups hold")
class AgentSandbox(unittest.TestCase):
    def test_the_agent_may_do_all_that_a_client_of_two_buses_does(self):
        allowed = set()
        for line in re.findall(r"^SystemCallFilter=(.*)$", AGENT.read_text(), re.MULTILINE):
            found = set(line.removeprefix("~").split())
            while grown := {name for item in found if item.startswith("@") for name in group(item)} - found:
                found |= grown
            allowed = allowed - found if line.startswith("~") else allowed | found
        self.assertLessEqual({"socket", "connect", "sendmsg", "recvmsg", "ppoll", "epoll_wait", "timerfd_create", "signalfd4",
                              "mkdir", "openat", "rename", "unlink", "getrandom", "gettid"}, allowed)
        self.assertNotIn("setuid", allowed)


class Agent(unittest.TestCase):
    def setUp(self):
        self.lines = AGENT.read_text().splitlines()

    def test_it_comes_back_for_ever(self):
        self.assertLessEqual({"Restart=always", "StartLimitIntervalSec=0"}, set(self.lines))

    def test_it_waits_for_no_target_that_many_desktops_never_reach(self):
        self.assertIn("WantedBy=default.target", self.lines)
        self.assertEqual([line for line in self.lines if "graphical" in line and not line.startswith("#")], [])

    def test_it_runs_for_people_only(self):
        self.assertLessEqual({"ConditionUser=!root", "ConditionUser=!@system"}, set(self.lines))


if __name__ == "__main__":
    unittest.main()
