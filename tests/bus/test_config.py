# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed.conf is unreadable, gone, or a folder: the last good one stays in force, and somebody is told."""

import os
import unittest
from datetime import timedelta

import dbus
from harness import DEADLINE_SEC, NAME, Dosed, calendar, error_name, event, now

TWO = "[dosed]\ntimezone = UTC\nsettle = 1s\n\n[person ana]\n[person bruno]\n"


class Unusable(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed(TWO))
        self.file = self.dosed.folder / "config/dosed/dosed.conf"
        self.drop_ins = self.file.with_name("dosed.conf.d")
        self.dosed.start()

    def people(self):
        return sorted(self.dosed.proxy().get("People"))

    def degraded(self):
        return " ".join(self.dosed.proxy().get("Degraded"))

    def assert_refused(self, words):
        """By a reload, by another one, and by a start: each time the two of the last good one stay."""
        with self.assertRaises(dbus.DBusException) as refused:
            self.dosed.proxy().Reload()
        self.assertEqual(refused.exception.get_dbus_name(), f"{NAME}.Error.Degraded")
        self.assertRegex(refused.exception.get_dbus_message(), words)
        for _ in range(2):
            self.assertEqual(self.people(), ["ana", "bruno"])
            self.assertRegex(self.degraded(), words)
            self.dosed.restart()
        self.assertIn("last good one is in force", self.dosed.stderr())

    def assert_mended(self):
        self.dosed.proxy().Reload()
        self.assertEqual((self.people(), self.degraded()), (["ana", "bruno"], ""))

    def test_a_folder_in_its_place(self):
        self.file.rename(self.file.with_name("aside"))
        self.file.mkdir()
        self.assert_refused(r"dosed\.conf: .*[Dd]irectory.*reload")
        self.file.rmdir()
        self.file.with_name("aside").rename(self.file)
        self.assert_mended()

    def test_it_is_gone(self):
        self.file.rename(self.file.with_name("aside"))
        self.assert_refused(r"dosed\.conf: the file is gone.*Put it back")
        self.file.with_name("aside").rename(self.file)
        self.assert_mended()

    def test_it_is_gone_and_its_drop_ins_are_not(self):
        self.drop_ins.mkdir()
        (self.drop_ins / "a.conf").write_text("[dosed]\nsnooze = 5min\n")
        self.assert_mended()
        self.file.rename(self.file.with_name("aside"))
        self.assert_refused(r"dosed\.conf: the file is gone.*Put it back")

    def test_an_empty_one_does_without(self):
        self.file.write_text("")
        self.dosed.proxy().Reload()
        self.assertEqual((len(self.people()), self.degraded()), (1, ""))
        self.assertNotIn("bruno", self.people())

    def test_a_link_that_leads_nowhere(self):
        self.file.unlink()
        self.file.symlink_to("nowhere")
        self.assert_refused(r"dosed\.conf: .*cannot be read")

    def test_a_folder_of_drop_ins_that_leads_in_a_circle(self):
        self.drop_ins.symlink_to(self.drop_ins.name)
        self.assert_refused(r"dosed\.conf\.d: the folder cannot be read: .*reload")
        self.drop_ins.unlink()
        self.assert_mended()

    def test_new_plan_files_are_read_all_the_same(self):
        self.file.write_text("[frobnicate]\n")
        self.dosed.put_ics("a", calendar(event("Aspirin", now() + timedelta(hours=1))))
        self.assertEqual(error_name(self.dosed.proxy().Reload), "Degraded")
        self.assertEqual([dose["medication"] for dose in self.dosed.doses()], ["Aspirin"])

    def test_dosectl_says_so(self):
        self.file.write_text("[frobnicate]\n")
        done = self.dosed.dosectl("reload", check=1)
        self.assertRegex(done.stderr, r"dosed\.conf:1: ")


class Never(unittest.TestCase):
    def test_a_file_that_never_was_is_no_problem(self):
        with Dosed(configuration=None) as dosed:
            dosed.start()
            dosed.proxy().Reload()
            dosed.restart()
            self.assertEqual(dosed.proxy().get("Degraded"), [])

    def test_a_start_that_has_nothing_to_go_by_says_why(self):
        with Dosed() as dosed:
            folder = dosed.folder / "config/dosed/dosed.conf.d"
            folder.symlink_to(folder.name)
            dosed.start(wait=False)
            self.assertEqual(dosed.process.wait(DEADLINE_SEC), os.EX_CONFIG)
            self.assertIn("no configuration that can be used", dosed.stderr())
            self.assertIn("the folder cannot be read", dosed.stderr())


if __name__ == "__main__":
    unittest.main()
