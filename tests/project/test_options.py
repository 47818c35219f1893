# SPDX-License-Identifier: LGPL-2.1-or-later
"""Options, verbs and variables: what the parser takes, what --help shows and what the man page says are the same."""

import os
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("DOSED_BUILD", "build/plain")

# The program, its page, the file of its getopt table, and what that takes only in order to refuse it.
PROGRAMS = (
    ("dosed", "dosed.8", "src/daemon/main.c", set()),
    ("dosed-agent", "dosed-agent.1", "src/agent/main.c", set()),
    ("dosed-mail", "dosed-mail.8", "src/mail/settings.c", {"password"}),
)

def run(program, *arguments):
    return subprocess.run([f"{BUILD}/{program}", *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, check=False)  # fmt: skip


def shown(text):
    """The options that a --help shows."""
    return set(re.findall(r"^  (?:-\w, )?--([a-z-]+)", text, re.M))


def page(name):
    return (ROOT / "man" / name).read_text()


def listed(text):
    """The options that the items of a page's lists begin with."""
    return {option for line in re.findall(r"^\.It Fl (.*)", text, re.M) for option in re.findall(r"(?:^|Fl )-([a-z-]+)", line)}


class Programs(unittest.TestCase):
    def test_options_are_the_same_everywhere(self):
        for program, name, source, refused in PROGRAMS:
            with self.subTest(program=program):
                taken = set(re.findall(r'\{ "([a-z-]+)", (?:no|required)_argument', (ROOT / source).read_text())) - refused
                self.assertGreater(len(taken), 3)
                self.assertEqual(shown(run(program, "--help").stdout), taken)
                self.assertEqual(listed(page(name)), taken)

    def test_the_synopsis_has_no_option_that_is_not_there(self):
        for program, name, _, _ in PROGRAMS:
            with self.subTest(program=program):
                said = set(re.findall(r"Fl -([a-z-]+)", page(name).partition(".Sh DESCRIPTION")[0]))
                self.assertEqual(said - shown(run(program, "--help").stdout), set())
                self.assertNotEqual(said, set())

    def test_each_refuses_what_is_not_there(self):
        for program in ("dosed", "dosed-agent", "dosed-mail", "dosectl"):
            done = run(program, "--no-such-option")
            self.assertEqual(done.returncode, 2 if program == "dosectl" else os.EX_USAGE, done.stderr)

    def test_variables_are_on_the_page(self):
        rooms = {"dosed.8": "daemon", "dosed-agent.1": "agent", "dosed-mail.8": "mail", "dosectl.1": "ctl"}
        for name, room in rooms.items():
            text = "".join(path.read_text() for path in sorted(ROOT.glob(f"src/{room}/*.c")))
            read = set(re.findall(r'getenv\("(\w+)"\)|"(XDG_\w+|[A-Z]+_DIRECTORY)"', text))
            read = {one or other for one, other in read}
            if room == "mail":  # as a table; the daemon sets the same for it
                read |= set(re.findall(r'"(DOSED_MAIL_\w+)"', text))
            items = page(name).partition("\n.Sh ENVIRONMENT")[2].partition("\n.Sh ")[0].replace("\\\n", "")
            said = {word for line in re.findall(r"^\.It Ev (.*)", items, re.M) for word in line.replace(",", " ").split()}
            with self.subTest(page=name):
                self.assertNotEqual(read, set())
                self.assertEqual(read - said, set())


class Dosectl(unittest.TestCase):
    def setUp(self):
        self.text = page("dosectl.1")
        self.help = run("dosectl", "--help").stdout
        verbs = self.help.partition("\nVerbs\n")[2].partition("\n\n")[0]
        self.verbs = set(re.findall(r"^  ([a-z]+)\b", verbs, re.M))
        self.items = re.findall(r"^\.It Cm ([a-z]+)\b(.*)", self.text, re.M)

    def test_every_verb_and_no_other_is_on_the_page(self):
        self.assertGreater(len(self.verbs), 10)
        self.assertEqual({verb for verb, _ in self.items}, self.verbs)

    def test_every_verb_is_in_the_table(self):
        table = (ROOT / "src/ctl/verb.c").read_text()
        # A verb without a help text is for shells alone: --help does not show it.
        shown_verbs = re.findall(r'^\s+\{ "([a-z]+)", "(?:[^"\\]|\\.)*", \d+, \S+, (?!NULL)', table, re.M)
        self.assertEqual(set(shown_verbs), self.verbs)

    def test_every_option_of_each_verb_is_on_the_page(self):
        options = 0
        for verb in self.verbs:
            text = run("dosectl", verb, "--help").stdout
            own = shown(text.partition("\nOptions\n")[2].partition("\nOptions of every verb\n")[0])
            said = [set(re.findall(r"Fl -([a-z-]+)", rest)) for name, rest in self.items if name == verb]
            with self.subTest(verb=verb):
                self.assertEqual(set().union(*said), own)
            options += len(own)
        self.assertGreater(options, 25)

    def test_the_options_of_every_verb_are_on_the_page(self):
        common = shown(self.help.partition("\nOptions of every verb\n")[2])
        self.assertGreater(len(common), 5)
        self.assertEqual(listed(self.text.partition("\n.Ss Global options\n")[2].partition("\n.Sh ")[0]), common)

    def test_every_option_that_is_parsed_is_of_a_verb_or_of_all(self):
        names = (ROOT / "src/ctl/request.c").read_text()
        names = names[names.index("option_names[_OPTION_MAX] = {") :].partition("};")[0]
        taken = set(re.findall(r'\] = "([a-z-]+)"', names))
        everywhere = set().union(*(shown(run("dosectl", verb, "--help").stdout) for verb in self.verbs))
        self.assertGreater(len(taken), 20)
        self.assertEqual(everywhere, taken)


if __name__ == "__main__":
    unittest.main()
