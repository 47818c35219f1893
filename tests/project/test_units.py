# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sandbox of the service lets through what dosed calls."""

import re
import shutil
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd/dosed.service.in"


def group(name):
    done = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    return set(done.stdout.split()) - {"#"}


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


if __name__ == "__main__":
    unittest.main()
