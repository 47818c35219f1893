# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed.conf: the table of keys, the man page and the sample say the same, and what the sample shows can be used."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("DOSED_BUILD", "build/plain")

# A line of the sample that is a comment only so that nothing of it counts.
SHOWN = re.compile(r"^#(?=\[|[a-z-]+ = |  \S)", re.MULTILINE)


def table():
    """The keys of the program, as (section, key)."""
    text = (ROOT / "src/daemon/config-key.c").read_text()
    text = text[text.index("keys[] = {") :].partition("};")[0]
    return sorted((section.lower(), key) for section, key in re.findall(r'^\s+([A-Z]+)\("([a-z-]+)"', text, re.MULTILINE))


def page():
    found = []
    for part in re.split(r"^\.Ss \[", (ROOT / "man/dosed.conf.5").read_text(), flags=re.MULTILINE)[1:]:
        section = re.match(r"[a-z]+", part)[0]
        text, depth = part.partition("\n.Sh ")[0], 0
        for line in text.splitlines():
            depth += line.startswith(".Bl") - line.startswith(".El")
            if depth == 1 and line.startswith(".It "):
                found += [(section, key) for key in re.findall(r"Cm ([a-z-]+)", line)]
    return sorted(found)


def sample():
    return SHOWN.sub("", (ROOT / "data/dosed.conf").read_text())


def shown():
    found, section = set(), None
    for line in sample().splitlines():
        if heading := re.match(r"\[([a-z]+)", line):
            section = heading[1]
        elif pair := re.match(r"([a-z-]+) = ", line):
            found.add((section, pair[1]))
    return sorted(found)


def check(text, mode="--user"):
    """What --check-config says of it: exit code, stdout, stderr without the path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dosed.conf"
        path.write_text(text)
        done = subprocess.run(
            [f"{BUILD}/dosed", mode, "--check-config", "--config", str(path)],
            cwd=ROOT,
            env={"HOME": folder, "PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr.replace(f"{path}:", "")


class Keys(unittest.TestCase):
    def test_the_man_page_has_every_key_and_no_other(self):
        self.assertGreater(len(table()), 30)
        self.assertEqual(page(), table())

    def test_the_sample_shows_every_key_and_no_other(self):
        self.assertEqual(shown(), table())


class Sample(unittest.TestCase):
    def test_as_it_is_it_changes_nothing(self):
        code, said, problems = check((ROOT / "data/dosed.conf").read_text())
        self.assertEqual((code, problems), (0, ""))
        self.assertIn("1 person, no caregiver, no hook", said)

    def test_what_it_shows_can_be_used(self):
        code, said, problems = check(sample())
        self.assertNotIn("error", problems)
        self.assertEqual((code, said), (0, "The configuration is good: 2 people, 1 caregiver, 2 hooks\n"))

    def test_as_it_is_a_household_is_empty(self):
        code, said, problems = check((ROOT / "data/dosed.conf").read_text(), "--system")
        self.assertEqual((code, said, problems), (0, "The configuration is good: no person, no caregiver, no hook\n", ""))

    def test_what_it_shows_can_be_used_in_a_household_but_for_the_folders(self):
        text = re.sub(r"^calendars = .*\n", "", sample(), flags=re.MULTILINE)
        code, said, problems = check(text, "--system")
        self.assertNotIn("error", problems)
        self.assertEqual((code, said), (0, "The configuration is good: 2 people, 1 caregiver, 2 hooks\n"))

    def test_the_example_of_the_man_page_can_be_used(self):
        (example,) = re.findall(r"^\.Bd .*?\n(.*?)^\.Ed", (ROOT / "man/dosed.conf.5").read_text(), re.MULTILINE | re.DOTALL)
        code, said, problems = check(example)
        self.assertNotIn("error", problems)
        self.assertEqual((code, said), (0, "The configuration is good: 1 person, 1 caregiver, no hook\n"))

    def test_the_example_of_the_readme_can_be_used(self):
        part = (ROOT / "README.md").read_text().partition("\n## Somebody is told\n")[2].partition("\n## ")[0]
        told, named = re.findall(r"^```ini\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
        for example in (told, named + told):
            code, said, problems = check(example)
            self.assertNotIn("error", problems)
            self.assertEqual((code, said), (0, "The configuration is good: 1 person, 1 caregiver, no hook\n"))


if __name__ == "__main__":
    unittest.main()
