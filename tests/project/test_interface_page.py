# SPDX-License-Identifier: LGPL-2.1-or-later
"""org.dosed.Dosed1(5): its members are those of dbus/, its rights those that the test of access tries, its errors the daemon's."""

import re
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "man/org.dosed.Dosed1.5").read_text()

sys.path.insert(0, str(ROOT / "tests/bus"))
import test_access  # pylint: disable=wrong-import-position


def arguments(member, direction=None):
    return ", ".join(f"{arg.get('type')} {arg.get('name')}" for arg in member.findall("arg")
                     if direction is None or arg.get("direction") == direction)  # fmt: skip


def described():
    """How the page has to write each member of dbus/, by interface."""
    found = {}
    for path in sorted(ROOT.glob("dbus/*.xml")):
        lines = found[path.stem] = []
        for member in ElementTree.parse(path).getroot().find("interface"):
            name = member.get("name")
            if member.tag == "method":
                answer = arguments(member, "out")
                lines.append(f"Cm {name} No ({arguments(member, 'in')})" + (rf" \(-> {answer}" if answer else ""))
            elif member.tag == "signal":
                lines.append(f"signal Cm {name} No ({arguments(member)})")
            else:
                lines.append(f"property Cm {name} No {member.get('type')}")
    return found


def interfaces():
    """The items of the page's lists, by interface: each with its text."""
    part = re.search(r"^\.Sh INTERFACES\n(.*?)^\.Sh ", PAGE, re.M | re.S)[1]
    sections = re.split(r"^\.Ss (.*)\n", part, flags=re.M)
    return {name: re.findall(r"^\.It (.*)\n((?:(?!\.It |\.El).*\n)*)", text, re.M)
            for name, text in zip(sections[1::2], sections[2::2]) if name.startswith("org.")}  # fmt: skip


def needs(text):
    return (re.findall(r"^(?:Needs|Answers)\n\.Em (\w+) ", text, re.M) or [None])[0]


class Page(unittest.TestCase):
    def test_it_has_every_member_as_it_is_and_no_other(self):
        self.assertEqual({name: sorted(line for line, _ in items) for name, items in interfaces().items()},
                         {name: sorted(lines) for name, lines in described().items()})  # fmt: skip

    def test_it_says_who_may_call_each_method(self):
        words = {"view": (test_access.INSIDE, test_access.VIEWERS), "record": (test_access.RECORDERS,),
                 "manage": (test_access.MANAGERS,)}  # fmt: skip
        tried = 0
        for name, items in interfaces().items():
            for line, text in items:
                if line.startswith("Cm "):
                    member = f"{name.rpartition('.')[2]}.{line.split()[1]}"
                    with self.subTest(member=member):
                        self.assertIn(test_access.METHODS[member][0], words[needs(text)])
                    tried += 1
        self.assertEqual(tried, len(test_access.METHODS))

    def test_it_says_who_may_read_each_property(self):
        words = {"view": test_access.VIEWERS, "everybody": test_access.EVERYBODY}
        tried = 0
        for name, items in interfaces().items():
            said = None
            for line, text in items:
                if line.startswith("property "):
                    said = needs(text) or said  # of one without a text it is as of the one before
                    self.assertEqual(words[said], test_access.PROPERTIES[f"{name.rpartition('.')[2]}.{line.split()[2]}"], line)
                    tried += 1
        self.assertEqual(tried, len(test_access.PROPERTIES))

    def test_it_has_every_error_that_is_answered(self):
        outcomes = (ROOT / "src/engine/engine.c").read_text()
        answered = set(re.findall(r'\[ENGINE_\w+\] = "(\w+)"', outcomes))
        for path in ROOT.glob("src/bus/*.c"):
            answered |= set(re.findall(r'ERROR_PREFIX "(\w+)"', path.read_text()))
        part = re.search(r"^\.Sh D-BUS ERRORS\n(.*?)^\.Sh ", PAGE, re.M | re.S)[1]
        listed = set(re.findall(r"\b[A-Z]\w+", " ".join(re.findall(r"^\.It (.*)", part, re.M))))
        self.assertGreater(len(answered), 8)
        self.assertEqual(listed, answered)

    def test_it_has_every_key_of_a_dose(self):
        comment = (ROOT / "dbus/org.dosed.Dosed1.Manager.xml").read_text()
        comment = comment[comment.index("Each dose is its object path and:") :].partition("Keys without a value")[0]
        keys = set(re.findall(r"\b([a-z]+(?:-[a-z]+)*)\s+\([stbu][:)]", comment))
        part = re.search(r"^\.Ss A dose in words\n(.*?)^\.Sh ", PAGE, re.M | re.S)[1]
        listed = set(re.findall(r"\b[a-z][a-z-]+", " ".join(re.findall(r"^\.It (.*)", part, re.M))))
        self.assertGreater(len(keys), 30)
        self.assertEqual(listed, keys)


if __name__ == "__main__":
    unittest.main()
