# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed-schedule(5): its files can be used, its commands say what it says they do, and its properties are the reader's."""

import os
import re
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("DOSED_BUILD", "build/plain")
PAGE = ROOT / "man/dosed-schedule.5"
NAME = r"[A-Z][A-Z0-9-]{2,}"


def unescape(text):
    return text.replace(r"\e", "\\").replace(r"\&", "")


def examples():
    """In the order of the page: (file name, None, its text) and (None, command, what it says)."""
    found, name = [], None
    for named, block in re.findall(r"^\.Pa (\S+) :$|^\.Bd -literal.*?\n(.*?)^\.Ed$", PAGE.read_text(), re.M | re.S):
        if named:
            name = named
        elif block.startswith("BEGIN:VCALENDAR"):
            found.append((name, None, unescape(block)))
        else:
            for part in re.split(r"^\$ ", unescape(block), flags=re.M)[1:]:
                command, _, output = part.partition("\n")
                found.append((None, command, output))
    return found


def items(section):
    """The names of a section's list."""
    text = re.search(rf"^\.Sh {section}\n(.*?)^\.Sh ", PAGE.read_text(), re.M | re.S)[1]
    return {name for line in re.findall(r"^\.It (.*)", text, re.M) for name in re.findall(NAME, line)}


def known():
    """The properties that the reader acts on, and those that it knows and keeps; with what it remarks on these."""
    text = (ROOT / "src/calendar/property.c").read_text()
    table, rest = text[text.index("properties[_PROPERTY_MAX]") :].split("};", 1)
    kept = rest[rest.index("others[] = {") :].partition("};")[0]
    return set(re.findall(rf'= \{{ "({NAME})"', table)), dict(re.findall(rf'\{{ "({NAME})", (\w+) \}}', kept))


class Examples(unittest.TestCase):
    def test_every_command_says_what_the_page_says(self):
        environment = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", NO_COLOR="1", HOME="/nonexistent")
        environment["PATH"] = f"{(ROOT / BUILD).resolve()}:{environment['PATH']}"
        commands = 0
        with tempfile.TemporaryDirectory() as folder:
            for name, command, text in examples():
                if name:
                    (Path(folder) / name).write_text(text)
                    continue
                with self.subTest(command=command):
                    done = subprocess.run(shlex.split(command), cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
                                          check=False)  # fmt: skip
                    self.assertEqual((done.returncode, done.stdout), (0, text))
                commands += 1
        self.assertGreater(commands, 12)

    def test_every_file_is_verified(self):
        files = [name for name, _, _ in examples() if name]
        verified = [command.split()[-1] for _, command, _ in examples() if command and " verify " in command]
        self.assertGreater(len(files), 6)
        self.assertEqual(files, verified)


class Properties(unittest.TestCase):
    SECTIONS = ("WHAT IS TAKEN", "WHEN IT IS DUE", "HOW LONG THERE IS TIME", "ALARMS", "THE REST")

    def test_the_page_has_every_property_that_is_acted_on_and_no_other(self):
        acted_on, _ = known()
        self.assertGreater(len(acted_on), 35)
        self.assertEqual(set().union(*map(items, self.SECTIONS)), acted_on)

    def test_what_is_only_kept_is_said_to_be(self):
        _, kept = known()
        self.assertGreater(len(kept), 5)
        self.assertEqual(items("NOT ACTED ON YET"), set(kept))

    def test_the_one_that_is_warned_of_is_the_first(self):
        _, kept = known()
        warned = [name for name, remark in kept.items() if remark == "NOT_YET"]
        first = re.search(r"^\.Sh NOT ACTED ON YET\n.*?^\.It (\S+)$", PAGE.read_text(), re.M | re.S)[1]
        self.assertEqual(warned, [first])


if __name__ == "__main__":
    unittest.main()
