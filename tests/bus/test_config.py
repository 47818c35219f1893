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

    def test_one_of_a_comment_line_does_without(self):
        self.file.write_text("# nobody\n")
        self.dosed.proxy().Reload()
        self.assertEqual((len(self.people()), self.degraded()), (1, ""))
        self.assertNotIn("bruno", self.people())

    def test_a_full_disk_leaves_it_empty(self):
        self.file.write_bytes(b"")
        self.assert_refused(r"dosed\.conf: the file is empty.*comment line")
        self.file.write_text(TWO)
        self.assert_mended()

    def test_a_full_disk_leaves_a_drop_in_empty(self):
        self.drop_ins.mkdir()
        (self.drop_ins / "a.conf").write_bytes(b"")
        self.assert_refused(r"a\.conf: the file is empty")

    def test_only_drop_ins_and_they_are_gone(self):
        self.drop_ins.mkdir()
        (self.drop_ins / "a.conf").write_text(TWO)
        self.file.write_text("# nobody\n")
        self.assert_mended()
        self.dosed.stop()
        (self.dosed.state / "dosed.db").unlink()
        self.file.unlink()
        self.dosed.start()
        self.assertEqual(self.people(), ["ana", "bruno"])
        self.drop_ins.rename(self.drop_ins.with_name("aside"))
        self.assert_refused(r"drop-ins are gone.*Put them back")
        self.drop_ins.with_name("aside").rename(self.drop_ins)
        self.assert_mended()

    def test_a_pipe_in_its_place(self):
        self.file.unlink()
        os.mkfifo(self.file)
        self.assert_refused(r"dosed\.conf: this is not a regular file")

    def test_a_device_among_its_drop_ins(self):
        self.drop_ins.mkdir()
        (self.drop_ins / "a.conf").symlink_to("/dev/zero")
        self.assert_refused(r"a\.conf: this is not a regular file")

    def test_more_than_anybody_writes(self):
        self.file.write_text(TWO + f"# {'x' * 97}\n" * 12000)
        self.assert_refused(r"dosed\.conf: .*larger than 1024 KiB")
        self.file.write_text("".join(f"[person p{i}]\n" for i in range(101)))
        self.assert_refused(r"dosed\.conf:101: there can be at most 100 people")
        self.file.write_text("[person ana]\n" + "".join(f"calendars = ~/{i}\n" for i in range(21)))
        self.assert_refused(r"dosed\.conf:22: .*at most 20 folders")

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

    def test_dosectl_names_nothing_of_it_to_a_log(self):
        self.file.write_text("[person ana]\ncaregivers = mria\n")
        done = self.dosed.dosectl("reload", "--quiet", check=1)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr, "dosectl: the configuration was not taken over: dosectl status and "
                                      "dosed --check-config say why\n")  # fmt: skip


class Understood(unittest.TestCase):
    """However it is laid out, there is one reading, and a start with a broken one comes back to the very same."""

    def setUp(self):
        self.dosed = self.enterContext(Dosed(None))
        self.file = self.dosed.folder / "config/dosed/dosed.conf"
        self.drop_ins = self.file.with_name("dosed.conf.d")
        self.drop_ins.mkdir(parents=True)

    def people(self):
        return sorted(self.dosed.proxy().get("People"))

    def assert_people(self, *people):
        self.dosed.start()
        self.assertEqual((self.people(), self.dosed.proxy().get("Degraded")), (sorted(people), []))
        self.dosed.stop()
        self.file.write_text("[frobnicate]\n")
        self.dosed.start()
        self.assertEqual((self.people(), len(self.dosed.proxy().get("Degraded"))), (sorted(people), 1))

    def assert_refused(self, text, words):
        self.file.write_bytes(text)
        self.dosed.start(wait=False)
        self.assertEqual(self.dosed.process.wait(DEADLINE_SEC), os.EX_CONFIG)
        self.assertRegex(self.dosed.stderr(), words)
        self.dosed.process = None

    def test_indented_sections_without_keys(self):
        self.file.write_text("[person ana]\n  [person bruno]\n\t[person clara]\ntimezone = UTC\n  [person david]\n")
        self.assert_people("ana", "bruno", "clara", "david")

    def test_a_byte_order_mark(self):
        self.file.write_bytes(b"\xef\xbb\xbf[person ana]\r\n[person bruno]\r\ntimezone = UTC\r\n")
        self.assert_people("ana", "bruno")

    def test_blanks_about_a_name(self):
        self.file.write_text("[person ana]\n[person ana ]\n[ person \t ana\t] ; again\n[person\tana]  # and again\n")
        self.assert_people("ana")

    def test_as_long_as_a_name_may_be(self):
        name = "Maria-" * 10 + "Luz"
        self.file.write_text(f"[person {name}]\ntimezone = UTC\n[person {name}2]\n")
        self.assert_people(name, f"{name}2")

    def test_each_file_begins_anew(self):
        self.file.write_text(f"[person ana]\ncalendars = {self.file.parent}/a\n  {self.file.parent}/b")
        (self.drop_ins / "a.conf").write_bytes(b"\xef\xbb\xbf  [person bruno]\n# a drop-in was there\ntimezone = UTC")
        (self.drop_ins / "b.conf").write_text("  [person clara]\ntimezone = UTC\n")
        self.assert_people("ana", "bruno", "clara")

    def test_a_key_of_no_section_is_not_one_of_the_file_before(self):
        (self.drop_ins / "a.conf").write_text("  timezone = UTC\n")
        self.assert_refused(f"[person ana]\ncalendars = {self.file.parent}/a\n".encode(), r"a\.conf:1: 'timezone' stands in no section")

    def test_a_nul_byte(self):
        self.assert_refused(b"[person ana]\n\0[person bruno]\n", r"dosed\.conf:2: .*NUL")

    def test_a_name_beyond_the_limit(self):
        self.assert_refused(b"[person %s]\ntimezone = UTC\n" % (b"x" * 65), r"dosed\.conf:1: .*at most 64 bytes")

    def test_a_section_that_does_not_end_or_goes_on(self):
        self.assert_refused(b"[person ana\n[person bruno]\n", r"dosed\.conf:1: a section")
        self.assert_refused(b"[person ana] [person bruno]\n", r"dosed\.conf:1: a section")


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
