# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosectl edit, and add of a file, with the real dosed: what an editor leaves is stored, or said to be wrong and kept."""

import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import time
import unittest
from datetime import timedelta
from pathlib import Path

from harness import DEADLINE_SEC, Dosed, calendar, event, now, program

MORNING, EVENING = "20260105T080000", "20260105T200000"


class Edit(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.places = self.dosed.folder / "editing"
        self.places.mkdir()

    def editor(self, script):
        """A program that does so with the file "$1"."""
        path = self.dosed.folder / "my editor"
        path.write_text(f"#!/bin/sh\nset -e\n{script}\n")
        path.chmod(0o755)
        return shlex.quote(str(path))

    def edit(self, what, script, *options, status=0, **environment):
        environment = {"VISUAL": "", "EDITOR": self.editor(script), "XDG_RUNTIME_DIR": str(self.places)} | environment
        return self.dosed.dosectl(*options, "edit", what, check=status, **environment)

    def plan(self, name="a"):
        return (self.dosed.calendars_of("ana") / f"{name}.ics").read_bytes().decode()

    def put(self, name, medication, at=MORNING, **properties):
        self.dosed.put_ics(name, calendar(event(medication, at, uid=name, **{"RRULE": "FREQ=DAILY", **properties})))

    def assert_nothing_is_left(self):
        self.assertEqual(list(self.places.iterdir()), [])

    def kept(self, said):
        path = Path(re.search(r"What you wrote is in (.*)\n", said)[1])
        self.assertEqual(path.parent.stat().st_mode & 0o777, 0o700)
        return path.read_text()


class Stored(Edit):
    def test_a_medication_is_found_by_the_beginning_of_its_name_and_its_file_put_in_force(self):
        self.put("a", "Metformin 500 mg")
        self.put("b", "Ramipril 5 mg")
        self.dosed.start()
        said = self.edit("metf", f'sed -i "s/{MORNING}/{EVENING}/" "$1"').stdout
        self.assertEqual(said, "Stored: a.ics of ana. It means:\n  Metformin 500 mg: every day at 20:00\n")
        self.assertIn(f"DTSTART:{EVENING}\r\n", self.plan())
        (dose,) = [dose for dose in self.dosed.json("list", "--from", "tomorrow", "--until", "tomorrow")
                   if dose["medication"] == "Metformin 500 mg"]  # fmt: skip
        self.assertEqual(dose["local"][11:16], "20:00")
        self.assert_nothing_is_left()

    def test_lines_end_as_editors_have_them_and_are_stored_as_the_standard_wants_them(self):
        self.put("a", "Metformin 500 mg", DESCRIPTION="with\r\n  water")
        self.dosed.start()
        former = self.plan()
        self.edit("a.ics", 'if grep -q "$(printf "\\r")" "$1"; then exit 1; fi; sed -i s/500/850/ "$1"')
        self.assertEqual(self.plan(), former.replace("500", "850"))

    def test_line_feeds_stay_line_feeds_and_the_mode_stays_the_mode(self):
        path = self.dosed.calendars_of("ana") / "a.ics"
        text = calendar(event("Metformin 500 mg", MORNING, uid="a")).replace("\r\n", "\n")
        path.write_text(text, newline="")
        path.chmod(0o664)
        self.dosed.start()
        self.edit("metf", 'sed -i s/500/850/ "$1"')
        self.assertEqual(self.plan(), text.replace("500", "850"))
        self.assertEqual(path.stat().st_mode & 0o777, 0o664)

    def test_what_was_not_changed_is_not_stored(self):
        self.put("a", "Metformin 500 mg")
        self.dosed.start()
        path = self.dosed.calendars_of("ana") / "a.ics"
        before = path.stat()
        self.assertEqual(self.edit("a.ics", "touch \"$1\"").stdout, "Nothing is changed.\n")
        self.assertEqual((before.st_ino, before.st_mtime_ns), (path.stat().st_ino, path.stat().st_mtime_ns))
        self.assert_nothing_is_left()

    def test_a_broken_file_is_mended_by_its_name(self):
        self.put("a", "Metformin 500 mg", RRULE="FREQ=SOMETIMES")
        self.dosed.start()
        self.edit("a.ics", 'sed -i "s/SOMETIMES/WEEKLY/" "$1"')
        self.assertEqual([medication["name"] for medication in self.dosed.json("meds")], ["Metformin 500 mg"])

    def test_VISUAL_goes_before_EDITOR_and_may_have_words(self):
        self.put("a", "Metformin 500 mg")
        self.dosed.start()
        self.edit("a.ics", "exit 1", VISUAL="sed -i -e s/500/1000/")
        self.assertIn("SUMMARY:Metformin 1000 mg", self.plan())

    def test_as_json_it_says_what_the_file_means(self):
        self.put("a", "Metformin 500 mg")
        self.dosed.start()
        said = self.edit("metf", f'sed -i "s/{MORNING}/{EVENING}/" "$1"', "--json").stdout
        self.assertEqual(
            json.loads(said),
            {"file": "a.ics", "person": "ana", "changed": True, "meaning": ["Metformin 500 mg: every day at 20:00"], "problems": []},
        )
        said = json.loads(self.edit("metf", "true", "--json").stdout)
        self.assertEqual((said["changed"], said["meaning"]), (False, ["Metformin 500 mg: every day at 20:00"]))


class Refused(Edit):
    def test_what_cannot_be_used_is_said_with_its_line_and_kept(self):
        self.put("a", "Metformin 500 mg")
        self.dosed.start()
        former = self.plan()
        said = self.edit("metf", 'sed -i "s/FREQ=DAILY/FREQ=SOMETIMES/" "$1"', status=1).stderr
        self.assertRegex(said, r"dosectl: a\.ics:9: RRULE: FREQ must be")
        self.assertEqual(self.plan(), former)
        self.assertIn("SOMETIMES", self.kept(said))

    def test_a_change_by_somebody_else_is_not_overwritten(self):
        self.put("a", "Metformin 500 mg")
        self.dosed.start()
        path = self.dosed.calendars_of("ana") / "a.ics"
        said = self.edit("metf", f'sed -i s/500/850/ "$1"; sed -i s/500/1000/ {path}', status=1).stderr
        self.assertIn("changed by somebody else meanwhile", said)
        self.assertIn("Metformin 1000 mg", self.plan())
        self.assertIn("Metformin 850 mg", self.kept(said))

    def test_an_editor_that_fails_changes_nothing(self):
        self.put("a", "Metformin 500 mg")
        self.dosed.start()
        former = self.plan()
        said = self.edit("metf", "", status=1, EDITOR="/nonexist -w").stderr
        self.assertIn("dosectl: the editor '/nonexist -w' cannot be started: set EDITOR to one that is here", said)
        self.assertIn("set VISUAL to one", self.edit("metf", "", status=1, VISUAL=str(self.places)).stderr)
        said = self.edit("metf", 'rm "$1"', status=1).stderr
        self.assertEqual(said, "dosectl: the editor left no file: nothing is changed\n")
        self.assert_nothing_is_left()
        self.assertIn("left with an error", self.edit("metf", 'sed -i s/500/850/ "$1"; exit 3', status=1).stderr)
        self.assertIn("set EDITOR", self.edit("metf", "", status=1, EDITOR="/nowhere/editor").stderr)
        self.assertEqual(self.plan(), former)
        self.assert_nothing_is_left()

    def test_what_was_saved_stays_whatever_becomes_of_the_editor(self):
        self.put("a", "Metformin 500 mg")
        self.dosed.start()
        said = self.edit("metf", 'sed -i s/500/850/ "$1"; kill -KILL $$', status=1).stderr
        self.assertIn("did not end by itself", said)
        self.assertIn("Metformin 850 mg", self.kept(said))
        said = self.edit("metf", 'head -c 5000000 /dev/zero | tr "\\0" x >>"$1"', status=1).stderr
        self.assertIn("File too large", said)
        self.assertIn("Metformin 500 mg", self.kept(said))

    def test_what_is_stored_is_not_kept_besides(self):
        self.put("a", "Metformin 500 mg", SEQUENCE=1)
        self.put("b", "Ramipril 5 mg")
        self.dosed.start()
        said = self.edit("b.ics", 'sed -i s/UID:b/UID:a/ "$1"', status=1).stderr
        self.assertIn("stored, but what it says is not in force", said)
        self.assertNotIn("What you wrote", said)
        self.assertIn("UID:a", self.plan("b"))
        self.assert_nothing_is_left()

    def test_a_link_is_not_replaced_by_a_file(self):
        target = self.dosed.folder / "elsewhere.ics"
        target.write_text(calendar(event("Metformin 500 mg", MORNING, uid="a", RRULE="FREQ=DAILY")), newline="")
        link = self.dosed.calendars_of("ana") / "a.ics"
        link.symlink_to(target)
        self.dosed.start()
        said = self.edit("metf", 'sed -i s/500/850/ "$1"', status=1).stderr
        self.assertIn("a.ics is a link", said)
        self.assertIn("Metformin 850 mg", self.kept(said))
        self.assertTrue(link.is_symlink())
        self.assertIn("500 mg", target.read_text())

    def test_another_file_of_the_same_name_is_not_opened_instead(self):
        first, second = (self.dosed.folder / name for name in ("first", "second"))
        for folder, medication in ((first, "Ramipril 5 mg"), (second, "Metformin 500 mg")):
            folder.mkdir()
            (folder / "a.ics").write_text(calendar(event(medication, MORNING, uid=folder.name)), newline="")
        self.dosed.configure(f"[dosed]\ntimezone = UTC\n[person ana]\ncalendars = {first}\ncalendars = {second}\n")
        self.dosed.start()
        said = self.edit("metf", 'sed -i s/500/850/ "$1"', status=1).stderr
        self.assertIn("lies in another folder", said)
        self.assert_nothing_is_left()

    def test_several_files_are_named_and_none_is_opened(self):
        self.put("a", "Metformin 500 mg")
        self.put("b", "Metformin 500 mg", EVENING)
        self.put("c", "Metformin 850 mg")
        self.dosed.start()
        said = self.edit("metformin 500 mg", 'touch "$1.opened"', status=1).stderr
        self.assertIn("several plan files", said)
        self.assertIn("a.ics  (Metformin 500 mg, ana)", said)
        self.assertIn("b.ics  (Metformin 500 mg, ana)", said)
        self.assertNotIn("c.ics", said)
        self.assert_nothing_is_left()

    def test_what_is_not_there_says_how_to_find_what_is(self):
        self.put("a", "Metformin 500 mg")
        self.dosed.start()
        self.assertIn("dosectl meds lists them", self.edit("warfarin", "false", status=1).stderr)
        self.assertIn("No such file", self.edit("warfarin.ics", "false", status=1).stderr)
        self.assert_nothing_is_left()


class Terminal(Edit):
    """As a person meets it."""

    def setUp(self):
        super().setUp()
        self.put("a", "Metformin 500 mg")
        self.dosed.start()

    def open(self, script):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        environment = {**self.dosed.environment, "VISUAL": self.editor(script), "XDG_RUNTIME_DIR": str(self.places)}
        process = subprocess.Popen([program("dosectl"), "--user", "edit", "metf"], env=environment, stdin=theirs, stdout=theirs,
                                   stderr=theirs, start_new_session=True)  # fmt: skip
        os.close(theirs)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, ours

    def read_until(self, terminal, words):
        deadline, said = time.monotonic() + DEADLINE_SEC, ""
        while words not in said:
            ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
            self.assertTrue(ready, said)
            said += os.read(terminal, 4096).decode()
        return said

    def test_a_mistake_can_be_mended_at_once(self):
        process, terminal = self.open('sed -i -e "s/=WEEKLY/=MONTHLY/" -e "s/SOMETIMES/WEEKLY/" -e "s/DAILY/SOMETIMES/" "$1"')
        self.read_until(terminal, "a.ics: edit it again? [Y/n] ")
        self.assertIn("FREQ=DAILY", self.plan())
        os.write(terminal, b"\n")
        self.read_until(terminal, "Stored: a.ics of ana.")
        self.assertEqual(process.wait(DEADLINE_SEC), 0)
        self.assertIn("FREQ=WEEKLY", self.plan())

    def test_who_gives_up_keeps_what_was_written(self):
        process, terminal = self.open('sed -i "s/DAILY/SOMETIMES/" "$1"')
        self.read_until(terminal, "a.ics: edit it again? [Y/n] ")
        os.write(terminal, b"n\n")
        said = self.read_until(terminal, ".ics\r\n")
        self.assertEqual(process.wait(DEADLINE_SEC), 1)
        self.assertIn("SOMETIMES", self.kept(said.replace("\r", "")))

    def test_an_interrupt_is_the_editors(self):
        waiting = self.dosed.folder / "waiting"
        os.mkfifo(waiting)
        process, terminal = self.open(f"trap 'sed -i s/500/850/ \"$1\"; exit 0' INT; echo ready; read line <{waiting}")
        self.read_until(terminal, "ready")
        os.killpg(process.pid, signal.SIGINT)
        self.read_until(terminal, "Stored: a.ics of ana.")
        self.assertEqual(process.wait(DEADLINE_SEC), 0)
        self.assertIn("Metformin 850 mg", self.plan())


class Added(Edit):
    def file(self, text, name="from-the-pharmacy.ics"):
        path = self.dosed.folder / name
        path.write_text(text, newline="")
        return str(path)

    def test_a_plan_file_is_added_as_it_is(self):
        self.dosed.start()
        text = calendar(event("Metformin 500 mg", MORNING, RRULE="FREQ=DAILY"))
        said = self.dosed.dosectl("add", self.file(text), check=0).stdout
        self.assertEqual(said, "Added: from-the-pharmacy.ics of ana. It means:\n  Metformin 500 mg: every day at 08:00\n")
        self.assertEqual(self.plan("from-the-pharmacy"), text)

    def test_one_that_is_there_already_is_not_replaced(self):
        self.dosed.start()
        former = calendar(event("Metformin 500 mg", MORNING))
        self.dosed.dosectl("add", self.file(former), check=0)
        path = self.file(calendar(event("Ramipril 5 mg", MORNING)))
        self.assertIn("has a from-the-pharmacy.ics already", self.dosed.dosectl("add", path, check=1).stderr)
        self.assertEqual(self.plan("from-the-pharmacy"), former)

    def test_one_that_cannot_be_used_is_refused_with_the_line(self):
        self.dosed.start()
        path = self.file(calendar(event("Metformin 500 mg", MORNING, RRULE="FREQ=SOMETIMES")))
        self.assertRegex(self.dosed.dosectl("add", path, check=1).stderr, r"from-the-pharmacy\.ics:9: RRULE: FREQ must be")
        self.assertIn("cannot be read", self.dosed.dosectl("add", "/nowhere.ics", check=1).stderr)
        self.assertIn("leave out the other options", self.dosed.dosectl("add", path, "--amount", "1", check=2).stderr)
        self.assertIn("leave out the other options", self.dosed.dosectl("add", path, "--at", "08:00", check=2).stderr)
        self.assertEqual(self.dosed.json("meds"), [])

    def test_a_medication_may_be_called_like_a_file_where_its_times_are_said(self):
        self.dosed.start()
        self.dosed.dosectl("add", "Odd.ics", "--at", (now() + timedelta(hours=1)).strftime("%H:%M"), check=0)
        self.assertEqual([medication["name"] for medication in self.dosed.json("meds")], ["Odd.ics"])


if __name__ == "__main__":
    unittest.main()
