# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sandbox of the service lets through what dosed calls."""

import re
import shutil
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd/dosed.service.in"
AGENT = ROOT / "systemd/user/dosed-agent.service.in"


def group(name):
    done = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    return {name for line in done.stdout.splitlines() if not line.strip().startswith("#") for name in line.split()}


class Sandbox(unittest.TestCase):
    def setUp(self):
        lines = re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(), re.MULTILINE)
        self.allowed = {name for line in lines for name in line.split()}

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not there to say what its groups hold")
    def test_asking_whether_the_clock_is_synchronised_is_allowed(self):
        # glibc's adjtimex(3) is one or the other of these, by architecture.
        found = set(self.allowed)
        while grown := {name for item in found if item.startswith("@") for name in group(item)} - found:
            found |= grown
        self.assertLessEqual({"adjtimex", "clock_adjtime", "clock_adjtime64"}, found)
        self.assertNotIn("clock_settime", found)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not there to say what its groups hold")
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
