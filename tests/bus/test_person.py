# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plan files that come and go over the bus: an answer of success means that what they say is in force."""

import contextlib
import fcntl
import os
import sqlite3
import struct
import unittest
from datetime import timedelta

import dbus
from harness import DEADLINE_SEC, NAME, PATH, Dosed, calendar, error_name, event, now, program, reminder, sealed

CRASH = program("tests/crash-on-word.so")
CLOCK = program("tests/move-clock.so")
LATER = timedelta(hours=1)


def preloaded(shim):
    return {
        "LD_PRELOAD": ":".join(filter(None, [os.environ.get("LD_PRELOAD"), shim])),
        "ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"])),
    }


class Person(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())

    def person(self):
        return self.dosed.proxy(f"{PATH}/person/ana", f"{NAME}.Person")

    def put_descriptor(self, name, descriptor):
        try:
            self.person().PutCalendar(f"{name}.ics", dbus.types.UnixFd(descriptor))
        finally:
            os.close(descriptor)

    def put(self, name, text):
        self.put_descriptor(name, sealed(text))

    def remove(self, name):
        self.person().RemoveCalendar(f"{name}.ics")

    def medicine(self, name, **properties):
        return calendar(event(name, now() + LATER, uid=name, **properties))

    def names(self):
        return sorted(medication["name"] for medication in self.dosed.json("meds"))

    def assert_refused(self, error, words, call, *arguments):
        with self.assertRaises(dbus.DBusException) as refused:
            call(*arguments)
        self.assertEqual(refused.exception.get_dbus_name(), error)
        self.assertRegex(refused.exception.get_dbus_message(), words)

    def assert_degraded(self, words, call, *arguments):
        self.assert_refused(f"{NAME}.Error.Degraded", words, call, *arguments)


class InForce(Person):
    def test_the_only_file_is_put_and_removed(self):
        self.dosed.start()
        self.put("a", self.medicine("Aspirin"))
        self.assertEqual(self.names(), ["Aspirin"])
        self.remove("a")
        self.assertEqual((self.names(), self.dosed.proxy().get("Degraded")), ([], []))
        self.dosed.restart()
        self.assertEqual((self.names(), self.dosed.proxy().get("Degraded")), ([], []))

    def test_a_plan_that_is_not_believed_is_no_success(self):
        for name in ("Aspirin", "Bisoprolol", "Candesartan"):
            self.dosed.put_ics(name, self.medicine(name))
        self.dosed.start()
        self.dosed.remove_ics("Aspirin")
        self.dosed.remove_ics("Bisoprolol")
        self.assert_degraded(r"stored, but .* not in force.*2 of 3.*plan accept", self.put, "d", self.medicine("Digoxin"))
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol", "Candesartan"])
        self.remove("Candesartan")
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol"])
        self.person().AcceptPlan()
        self.assertEqual(self.names(), ["Digoxin"])

    def test_an_older_version_than_another_file_has_is_no_success(self):
        self.dosed.put_ics("a", self.medicine("Aspirin", SEQUENCE=3))
        self.dosed.start()
        self.assert_degraded(r"another file, a\.ics, .*SEQUENCE", self.put, "b", self.medicine("Aspirin", SEQUENCE=2))
        self.put("b", self.medicine("Aspirin", SEQUENCE=4))

    def test_a_file_that_is_in_force_is_one_whatever_else_lies_in_its_folder(self):
        with open(os.fsencode(self.dosed.calendars_of("ana")) + b"/odd-\xff.ics", "xb"):
            self.dosed.start()
        self.assertEqual(len(self.dosed.proxy().get("Degraded")), 1)
        self.put("a", self.medicine("Aspirin"))
        self.assertEqual(self.names(), ["Aspirin"])
        self.put("a", self.medicine("Aspirin", SEQUENCE=2))
        self.assert_degraded("holds the same UID", self.put, "b", self.medicine("Aspirin", SEQUENCE=1))
        self.remove("a")

    def test_a_plan_that_is_not_believed_keeps_what_is_put_again_as_it_was(self):
        texts = {name: self.medicine(name) for name in ("Aspirin", "Bisoprolol", "Candesartan")}
        for name, text in texts.items():
            self.dosed.put_ics(name, text)
        self.dosed.start()
        self.dosed.remove_ics("Aspirin")
        self.dosed.remove_ics("Bisoprolol")
        self.put("Candesartan", texts["Candesartan"])
        self.assert_degraded("plan accept", self.put, "Candesartan", self.medicine("Candesartan", PRIORITY=1))

    def test_a_new_version_of_a_file_is_one(self):
        self.dosed.start()
        self.put("a", self.medicine("Aspirin"))
        self.put("a", self.medicine("Aspirin", SEQUENCE=1, PRIORITY=1))
        self.assertTrue(all(dose["critical"] for dose in self.dosed.doses()))


class Descriptors(Person):
    """What a caller may hand over, and what it gets."""

    def test_only_what_nobody_changes_any_more_is_read(self):
        self.dosed.start()
        text = self.medicine("Aspirin")
        path = self.dosed.folder / "plan.ics"
        path.write_text(text, newline="")
        unsealed = os.memfd_create("plan", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.write(unsealed, text.encode())
        half = os.dup(unsealed)
        fcntl.fcntl(half, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        reading, writing = os.pipe()
        self.addCleanup(os.close, writing)
        for descriptor in (os.open(path, os.O_RDONLY), unsealed, half, reading, os.open("/dev/zero", os.O_RDONLY)):
            self.assert_refused("org.freedesktop.DBus.Error.InvalidArgs", "sealed", self.put_descriptor, "a", descriptor)
        self.assertEqual(self.names(), [])
        self.put("a", text)
        self.assertEqual(self.names(), ["Aspirin"])

    def test_a_file_that_is_too_large_is_refused(self):
        self.dosed.start()
        self.assert_refused("org.freedesktop.DBus.Error.InvalidArgs", "larger than", self.put, "a", "x" * (4 * 1024 * 1024 + 1))

    def test_a_file_is_got_as_it_lies_there(self):
        text = self.medicine("Aspirin")
        self.dosed.put_ics("a", text)
        self.dosed.put_ics("broken", "BEGIN:VCALENDAR\r\n")
        (self.dosed.calendars_of("ana") / "notes.txt").write_text("no plan file")
        self.dosed.start()
        self.assertEqual(list(self.person().ListCalendars()), ["a.ics", "broken.ics"])
        for name, wanted in (("a", text), ("broken", "BEGIN:VCALENDAR\r\n")):
            with os.fdopen(self.person().GetCalendar(f"{name}.ics").take(), "rb") as file:
                self.assertEqual(file.read().decode(), wanted)
                self.assertEqual(fcntl.fcntl(file, fcntl.F_GET_SEALS) & fcntl.F_SEAL_WRITE, fcntl.F_SEAL_WRITE)
        self.assert_refused("org.freedesktop.DBus.Error.FileNotFound", "No such file", self.person().GetCalendar, "b.ics")
        for name in ("../a.ics", "notes.txt", ".a.ics", "a.ics\n"):
            self.assert_refused("org.freedesktop.DBus.Error.InvalidArgs", "NAME.ics", self.person().GetCalendar, name)


class Folders(Person):
    """A person may have several."""

    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.folders = [self.dosed.folder / name for name in ("first", "second")]
        for folder in self.folders:
            folder.mkdir()
        lines = "".join(f"calendars = {folder}\n" for folder in (*self.folders, self.dosed.folder / "gone"))
        self.dosed.configure(f"[dosed]\ntimezone = UTC\nsettle = 1s\n[person ana]\n{lines}")

    def lies_in(self, name):
        return [folder.name for folder in self.folders if (folder / f"{name}.ics").exists()]

    def test_a_file_is_got_put_and_removed_where_it_lies(self):
        (self.folders[1] / "a.ics").write_text(self.medicine("Aspirin"), newline="")
        self.dosed.start()
        self.assertEqual(list(self.person().ListCalendars()), ["a.ics"])
        self.put("a", self.medicine("Aspirin", SEQUENCE=1))
        self.put("b", self.medicine("Bisoprolol"))
        self.assertEqual((self.lies_in("a"), self.lies_in("b")), (["second"], ["first"]))
        self.assertIn("SEQUENCE:1", (self.folders[1] / "a.ics").read_text())
        self.remove("a")
        self.assertEqual((self.lies_in("a"), self.names()), ([], ["Bisoprolol"]))

    def test_of_two_with_one_name_that_in_the_first_folder_is_meant(self):
        for folder, name in zip(self.folders, ("Aspirin", "Bisoprolol")):
            (folder / "a.ics").write_text(self.medicine(name), newline="")
        self.dosed.start()
        self.assertEqual(list(self.person().ListCalendars()), ["a.ics"])
        with os.fdopen(self.person().GetCalendar("a.ics").take(), "rb") as file:
            self.assertIn(b"SUMMARY:Aspirin", file.read())


class Crash(Person):
    def test_bytes_that_crash_the_parser_are_refused_and_nothing_is_stored(self):
        self.dosed.start(**preloaded(CRASH))
        self.assert_refused("org.freedesktop.DBus.Error.InvalidArgs", r"^a\.ics: .*crashes", self.put, "a",
                            self.medicine("CRASH-HERE"))
        self.assertEqual(list(self.dosed.calendars_of("ana").iterdir()), [])
        self.put("a", self.medicine("Aspirin"))
        self.assertEqual(self.names(), ["Aspirin"])

    def test_a_store_that_cannot_keep_which_file_crashed_is_no_reason_to_read_it(self):
        self.dosed.put_ics("good", self.medicine("Aspirin"))
        self.dosed.put_ics("zz", self.medicine("CRASH-HERE"))
        self.dosed.start(wait=False, **preloaded(CRASH))
        self.assertNotEqual(self.dosed.process.wait(DEADLINE_SEC), 0)
        self.dosed.process = None
        self.change_store("CREATE TRIGGER full BEFORE INSERT ON quarantine BEGIN SELECT RAISE(ABORT, 'full'); END")
        for _ in range(2):
            self.dosed.start(**preloaded(CRASH))
            self.assertEqual(self.names(), ["Aspirin"])
            self.assertRegex(" ".join(self.dosed.proxy().get("Degraded")), r"zz\.ics: .*crashed")
            self.dosed.put_ics("new", self.medicine("Bisoprolol"))
            self.dosed.proxy().Reload()
            self.assertEqual(self.names(), ["Aspirin", "Bisoprolol"])
            self.dosed.remove_ics("new")
            self.dosed.proxy().Reload()
            self.dosed.stop()
        self.change_store("DROP TRIGGER full")
        for _ in range(2):
            self.dosed.start(**preloaded(CRASH))
            self.assertEqual(self.names(), ["Aspirin"])
            self.dosed.stop()

    def change_store(self, statement):
        with contextlib.closing(sqlite3.connect(self.dosed.state / "dosed.db")) as database:
            database.execute(statement)
            database.commit()


class Clock(Person):
    def test_nothing_is_recorded_while_the_clock_is_years_behind(self):
        offset, fifo = self.dosed.folder / "offset", self.dosed.folder / "set"
        os.mkfifo(fifo)
        offset.write_bytes(struct.pack("=q", 0))
        writing = os.open(fifo, os.O_RDWR)
        self.addCleanup(os.close, writing)

        def set_clock(seconds):
            with open(offset, "r+b") as file:  # in place: the daemon has it mapped
                file.write(struct.pack("=q", seconds * 10**9))

        self.dosed.start(DOSED_CLOCK_OFFSET=str(offset), DOSED_CLOCK_SET=str(fifo), **preloaded(CLOCK))
        monitor = self.dosed.monitor()
        self.put("a", calendar(event("Aspirin", now() + timedelta(seconds=2), uid="a", X_DOSED_WINDOW="PT1H")))
        monitor.wait_for(reminder("Aspirin"))
        (before,) = self.dosed.doses()
        dose = self.dosed.dose(before["path"])
        nothing = dbus.Dictionary({}, signature="sv")

        set_clock(-50 * 365 * 86400)
        wrong = "clock of this machine is wrong: set it"
        self.assert_degraded(wrong, dose.Confirm, nothing)
        self.assert_degraded(wrong, dose.Skip, "", nothing)
        self.assert_degraded(wrong, dose.Snooze, dbus.UInt64(0))
        self.assert_degraded(wrong, dose.Undo)
        self.assert_degraded(wrong, self.put, "b", self.medicine("Bisoprolol"))
        self.assert_degraded(wrong, self.remove, "a")
        self.assert_degraded(wrong, self.person().AcceptPlan)
        self.dosed.put_ics("c", self.medicine("Candesartan"))
        self.assert_degraded(wrong, self.dosed.proxy().Reload)

        set_clock(0)
        os.write(writing, b"12345678")
        monitor.wait_for(lambda said: said["event"] == "PlanChanged")
        self.assertEqual(self.names(), ["Aspirin", "Candesartan"])
        (after,) = [dose for dose in self.dosed.doses() if dose["medication"] == "Aspirin"]
        self.assertEqual((after["state"], after["reminders"]), ("due", before["reminders"]))
        self.assertEqual(error_name(dose.Confirm, nothing), "")


if __name__ == "__main__":
    unittest.main()
