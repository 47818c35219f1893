# SPDX-License-Identifier: LGPL-2.1-or-later
"""What Bash, zsh and fish offer behind dosectl, dosed and dosed-agent, each driven as its user would, against a pretended dosed."""

import os
import pty
import re
import shlex
import shutil
import subprocess
import time
import unittest
from datetime import timedelta

from harness import ROOT, Lines, end, now, program
from test_ctl import Client, dose

SCRIPTS = ROOT / "data/completions"
PATIENCE_SEC = 120  # for one answer; a shell that starts reads hundreds of files

BASH_LIBRARY = "/usr/share/bash-completion/bash_completion"
BASH = r"""
[ -e "$2" ] && . "$2"
. "$1"
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:@'
COMP_LINE=$3 COMP_POINT=${#3} COMP_TYPE=9 COMP_KEY=9
shift 3
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_"${1//-/_}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
[ "${#COMPREPLY[@]}" -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
"""

# Every match is put on the line, which is then told; it is a shell's own way to quote them.
ZSH = r"""
PS1= ; unsetopt beep zle_bracketed_paste prompt_cr prompt_sp
fpath=({scripts} $fpath)
autoload -Uz compinit && compinit -D -u
dosed_all() {{ _main_complete; compstate[insert]=all; compstate[list]= }}
zle -C dosed_all complete-word dosed_all
dosed_tell() {{ print -r -u {fd} -- "$BUFFER"; BUFFER= }}
zle -N dosed_tell
bindkey '^T' dosed_all
bindkey '^Y' dosed_tell
zle-line-init() {{ print -r -u {fd} -- ready; zle -D zle-line-init }}
zle -N zle-line-init
"""


def bash_words(line):
    """The words as Bash breaks them for completions: also around = : and @."""
    found = []
    for part in re.findall(r"(?:\\.|'[^']*'?|\"[^\"]*\"?|[^\s\\'\"])+|(?<=\s)$", line):
        found += [piece for piece in re.split(r"([=:@]+)", part) if piece] or [""]
    return found


class Shells:
    """What each shell is asked, in the same words."""

    def setUp(self):
        if not shutil.which(self.shell):
            self.skipTest(f"{self.shell} is not installed")
        super().setUp()
        programs = self.folder / "bin"
        programs.mkdir()
        for name in ("dosectl", "dosed", "dosed-agent"):
            (programs / name).symlink_to(program(name))
        self.environment |= {"PATH": f"{programs}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "TERM": "xterm",
                             "XDG_CONFIG_HOME": f"{self.folder}/config", "XDG_DATA_HOME": f"{self.folder}/data"}  # fmt: skip

    def household(self):
        self.people = ["ana", "joão"]
        self.script(
            dose("lis", "Lisinopril 10 mg", now() - timedelta(minutes=10)),
            dose("odd", "St. John's $HOME \"x\"", now() - timedelta(minutes=10)),
            dose("met1@home", "Metformin", now() - timedelta(minutes=50)),
            dose("met2@home", "Metformin", now() - timedelta(minutes=10)),
            dose("asp", "Aspirin", now() + timedelta(hours=3), "upcoming", person="joão"),
            dose("far", "Folate", now() + timedelta(days=3), "upcoming"),
            medications=[{"person": "ana", "key": "lis", "name": "Lisinopril 10 mg"},
                         {"person": "ana", "key": "folate", "name": "Folate"}],
            files={"ana": ["from the pharmacy.ics"], "joão": ["b.ics"]},
        )  # fmt: skip

    def answered(self, line):
        """As soon as there is anything: on a busy machine dosectl gives up before, as it should."""
        deadline = time.monotonic() + PATIENCE_SEC
        while not (offered := self.offered(line)) and time.monotonic() < deadline:
            pass
        return sorted(offered)

    def test_verbs_are_offered(self):
        offered = self.answered("dosectl ")
        self.assertIn("take", offered)
        self.assertIn("verify", offered)
        self.assertNotIn("complete", offered)
        self.assertEqual(self.answered("dosectl sn"), ["snooze"])

    def test_options_are_those_of_the_verb(self):
        offered = self.answered("dosectl take --")
        self.assertIn("--measurement", offered)
        self.assertIn("--person", offered)
        self.assertNotIn("--days", offered)
        self.assertIn("--days", self.answered("dosectl add --"))

    def test_doses_are_offered_by_what_says_which_is_meant(self):
        self.household()
        offered = self.answered("dosectl take ")
        self.assertEqual([name for name in offered if "/" not in name],
                         sorted(["Lisinopril 10 mg", "St. John's $HOME \"x\"", "Aspirin"]))  # fmt: skip
        ids = [name for name in offered if "/" in name]
        self.assertEqual([name.split("/")[1] for name in ids], ["met1@home", "met2@home"])
        self.assertEqual(self.answered("dosectl snooze Lis"), ["Lisinopril 10 mg"])

    def test_a_name_is_found_whatever_its_case(self):
        self.household()
        self.assertEqual(self.answered("dosectl take lis"), ["Lisinopril 10 mg"])

    def test_a_name_goes_on_behind_a_space(self):
        self.household()
        self.assertEqual(self.answered(r"dosectl take Lisinopril\ 1"), ["Lisinopril 10 mg"])

    def test_medications_are_offered_where_any_may_be_meant(self):
        self.household()
        self.assertEqual(self.answered("dosectl undo "), ["Folate", "Lisinopril 10 mg"])

    def test_medications_and_plan_files_are_offered_for_editing(self):
        self.household()
        self.assertEqual(self.answered("dosectl edit "), ["Folate", "Lisinopril 10 mg", "b.ics", "from the pharmacy.ics"])
        self.assertEqual(self.answered("dosectl --person joão edit b"), ["b.ics"])

    def test_people_are_offered(self):
        self.household()
        self.assertEqual(self.answered("dosectl --person "), ["ana", "joão"])
        self.assertEqual(self.answered("dosectl list --person a"), ["ana"])
        self.assertEqual(self.answered("dosectl plan accept "), ["ana", "joão"])

    def test_only_the_doses_of_the_person_that_was_named_are_offered(self):
        self.household()
        self.assertEqual(self.answered("dosectl --person joão take "), ["Aspirin"])

    def test_nothing_is_offered_where_a_value_is_free(self):
        self.household()
        self.assertEqual(self.answered("dosectl take Asp"), ["Aspirin"])
        self.assertEqual(self.offered("dosectl take --note Asp"), [])

    def test_nothing_is_offered_where_no_dosed_runs(self):
        self.assertEqual(self.offered("dosectl take "), [])
        self.assertEqual(self.offered("dosectl --person "), [])

    def test_every_option_of_dosed_and_of_its_agent_is_offered(self):
        for name in ("dosed", "dosed-agent"):
            text = subprocess.run([program(name), "--help"], capture_output=True, text=True, check=True, timeout=60).stdout
            self.assertEqual(self.answered(f"{name} --"), sorted(re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE)))

    def test_nothing_is_offered_where_the_agents_patience_is_free(self):
        self.assertEqual(self.answered("dosed-agent --pat"), ["--patience"])
        self.assertEqual(self.offered("dosed-agent --patience "), [])


class Bash(Shells, Client):
    shell = "bash"

    def raw(self, line):
        words = bash_words(line)
        done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", str(SCRIPTS / f"{words[0]}.bash"), BASH_LIBRARY, line, *words],
                              env=self.environment, capture_output=True, text=True, timeout=PATIENCE_SEC, check=False)  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def offered(self, line):
        return [shlex.split(word)[0] for word in self.raw(line)]

    def test_what_was_begun_in_quotes_goes_on_in_them(self):
        self.household()
        self.answered("dosectl take ")
        self.assertEqual(self.raw("dosectl take 'st. J"), ["St. John'\\''s $HOME \"x\""])
        self.assertEqual(self.raw('dosectl take "st. J'), ['St. John\'s \\$HOME \\"x\\"'])

    def test_behind_a_sign_at_which_readline_breaks_only_the_rest_is_given(self):
        self.household()
        if not os.path.exists(BASH_LIBRARY):
            self.skipTest("bash-completion is not installed")
        first = next(word for word in self.answered("dosectl take ") if "met1" in word)
        self.assertEqual(self.raw("dosectl take ana/met1@h"), [first.partition("@")[2]])
        self.assertEqual(self.raw("dosectl --person=a"), ["ana"])


class Zsh(Shells, Client):
    shell = "zsh"
    terminal = None

    def start_shell(self):
        reading, writing = os.pipe()
        (self.folder / ".zshrc").write_text(ZSH.format(scripts=shlex.quote(str(SCRIPTS)), fd=writing))
        self.terminal, theirs = pty.openpty()
        process = subprocess.Popen(
            ["zsh", "-d", "-i"], env=self.environment | {"ZDOTDIR": str(self.folder)}, stdin=theirs, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, pass_fds=[writing], start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        os.close(writing)
        self.addCleanup(os.close, self.terminal)
        self.addCleanup(os.close, reading)
        self.addCleanup(end, process, 9)
        stream = os.fdopen(os.dup(reading), "rb")
        self.addCleanup(stream.close)
        self.told = Lines(stream)
        self.assertEqual(self.told.read(time.monotonic() + PATIENCE_SEC), "ready")

    def offered(self, line):
        if self.terminal is None:
            self.start_shell()
        os.write(self.terminal, line.encode() + b"\x14\x19")
        said = self.told.read(time.monotonic() + PATIENCE_SEC)
        whole, before = shlex.split(said), shlex.split(line)
        return [] if said.strip() == line.strip() else whole[len(before) - (not line.endswith(" ")):]


class Fish(Shells, Client):
    shell = "fish"

    def offered(self, line):
        name = line.split()[0]
        script = f"source {shlex.quote(str(SCRIPTS / name))}.fish; complete -C {shlex.quote(line)}"
        done = subprocess.run(["fish", "--no-config", "-c", script], env=self.environment, capture_output=True, text=True,
                              timeout=PATIENCE_SEC, check=False)  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [text.partition("\t")[0] for text in done.stdout.splitlines()]


if __name__ == "__main__":
    unittest.main()
