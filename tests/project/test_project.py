# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files around the code: each description says the same as what it describes."""

import datetime
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("DOSED_BUILD", "build/plain")


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


class Descriptions(unittest.TestCase):
    def test_introspection_files_are_well_formed(self):
        for path in sorted(ROOT.glob("dbus/*.xml")):
            with self.subTest(file=path.name):
                done = run("xmllint", "--noout", "--nonet", str(path))
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_introspection_files_hold_the_interface_they_are_named_after(self):
        for path in sorted(ROOT.glob("dbus/*.xml")):
            with self.subTest(file=path.name):
                self.assertIn(f'<interface name="{path.stem}">', path.read_text())

    def test_the_plan_file_of_the_readme_can_be_used(self):
        (text,) = re.findall(r"^BEGIN:VCALENDAR\n.*?^END:VCALENDAR\n", (ROOT / "README.md").read_text(), re.M | re.S)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "readme.ics"
            path.write_text(text)
            done = run(f"{BUILD}/dosectl", "verify", str(path))
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            self.assertNotIn("warning", done.stdout)

    def test_the_plan_of_the_demo_can_be_used(self):
        sys.path.insert(0, str(ROOT / "tests/demo"))
        from regimen import plan

        moment = datetime.datetime.now(datetime.timezone.utc)
        with tempfile.TemporaryDirectory() as folder:
            for person, name, text in plan(moment, moment, moment, 10):
                path = Path(folder) / f"{person}-{name}.ics"
                path.write_text(text, newline="")
                done = run(f"{BUILD}/dosectl", "verify", str(path))
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertNotIn("warning", done.stdout)

    def test_every_message_id_is_in_the_catalog(self):
        header = (ROOT / "include/dosed/log.h").read_text()
        wanted = set(re.findall(r'define MESSAGE_\w+ "([0-9a-f]{32})"', header))
        catalog = (ROOT / "data/dosed.catalog").read_text()
        self.assertTrue(wanted)
        self.assertEqual(set(re.findall(r"^-- ([0-9a-f]{32})$", catalog, re.MULTILINE)), wanted)


if __name__ == "__main__":
    unittest.main()
