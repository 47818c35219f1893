# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what, as processes of real users on the real system bus, with the policy and the units that were installed."""

import json
import unittest
from datetime import timedelta

from machine import CALENDARS, CONFIGURATION, STATE, Household, dosectl, now, run_as, systemctl
from somebody import Caller, Process

# machine.py says where these are
from harness import NAME, PATH, calendar, event

HOUSEHOLD = """[dosed]
timezone = UTC
settle = 1s

[person ana]
users = ana
caregivers = victor, maria, mona

[person bruno]
users = bruno

[caregiver victor]
user = victor
may = view
tell = none

[caregiver maria]
user = maria
may = record
tell = none

[caregiver mona]
user = mona
may = manage
tell = none
"""

# Of ana's.
LOOKING = {"ana", "victor", "maria", "mona", "root"}
RECORDING = LOOKING - {"victor"}
MANAGING = {"mona", "root"}
EVERYBODY = sorted(LOOKING | {"bruno", "stranger"})
DENIED, HIDDEN = "AccessDenied", "UnknownObject"
PROPERTIES = "org.freedesktop.DBus.Properties"
MONITORING = "org.freedesktop.DBus.Monitoring"
ADVICE = "who may do what for whom is set in dosed.conf"


def refusal(name, allowed):
    """With what error somebody is kept out: who may see nothing of ana's is not told that there is anything."""
    return "" if name in allowed else DENIED if name in LOOKING else HIDDEN


class Users(Household):
    def setUp(self):
        super().setUp()
        self.start(HOUSEHOLD)
        self.people = {name: self.process(name) for name in EVERYBODY}
        for person, medication in (("ana", "Aspirin"), ("bruno", "Ramipril")):
            dose = event(medication, now() + timedelta(hours=1), X_DOSED_WINDOW="PT5H", X_DOSED_EARLY="PT5H")
            self.put("plan", dose, person=person)
        self.wait_dose("Aspirin", "upcoming")
        self.wait_dose("Ramipril", "upcoming")
        (self.path,) = [dose["path"] for dose in self.people["root"].doses() if dose["medication"] == "Aspirin"]

    def process(self, name):
        process = Process(name, Caller)
        self.addCleanup(process.close)
        return process

    def test_each_sees_only_whom_they_may_see(self):
        self.put("due", event("Calcium", now() + timedelta(seconds=3), X_DOSED_WINDOW="PT1H"))
        self.wait_dose("Calcium", "due")
        (CALENDARS / "ana/broken.ics").write_text("BEGIN:VCALENDAR\r\n")
        dosectl("reload")
        for name, process in self.people.items():
            people = ["ana"] * 2 * (name in LOOKING) + ["bruno"] * (name in ("bruno", "root"))
            if people:
                self.assertEqual(sorted(dose["person"] for dose in process.doses()), people, name)
            self.assertEqual(process.error("ListDoses", "stta{sv}", "", 0, 2**62, {}), "" if people else DENIED, name)
            self.assertEqual(sorted(process.get("People")), sorted(set(people)), name)
            self.assertEqual(process.get("NextDue") > 0, bool(people), name)
            self.assertEqual(process.get("OpenDoses"), name in LOOKING, name)
            degraded = "".join(process.get("Degraded"))
            self.assertEqual("broken.ics" in degraded, name in ("ana", "root"), name)
            self.assertEqual(bool(degraded), name in LOOKING, name)

    def test_each_is_shown_only_the_objects_they_may_see(self):
        for name, process in self.people.items():
            for path in (self.path, f"{PATH}/person/ana"):
                shown, error = process.try_call("Introspect", path=path, interface="org.freedesktop.DBus.Introspectable")
                self.assertEqual((shown is not None and f"{NAME}." in shown, error and error[0]),
                                 (True, None) if name in LOOKING else (False, HIDDEN), name)
            self.assertEqual(process.error("Get", "ss", f"{NAME}.Dose", "Medication", path=self.path, interface=PROPERTIES),
                             "" if name in LOOKING else HIDDEN, name)
        for path in ("/", PATH, f"{PATH}/dose", f"{PATH}/person"):
            self.assertNotRegex(self.people["stranger"].introspect(path), r"\b(ana|bruno)\b")

    def test_each_records_and_edits_what_they_may_and_the_ledger_says_who(self):
        for name, process in self.people.items():
            error = process.error("Confirm", "a{sv}", {"by": "somebody"}, path=self.path, interface="Dose")
            self.assertEqual(error, refusal(name, RECORDING), name)
            if name in RECORDING:
                self.assertEqual(self.people["victor"].get("RecordedBy", path=self.path, interface="Dose"), name)
                process.call("Undo", path=self.path, interface="Dose")
            text = calendar(event(f"Medicine of {name}", now() + timedelta(days=2)))
            self.assertEqual(process.put_calendar("ana", f"{name}.ics", text), refusal(name, MANAGING), name)
            self.assertEqual((CALENDARS / f"ana/{name}.ics").exists(), name in MANAGING)

    def test_dosectl_says_the_same_to_each(self):
        for name in EVERYBODY:
            listed = run_as(name, "dosectl", "--json", "list", check=None)
            wanted = {"Aspirin"} if name in LOOKING else set()
            wanted |= {"Ramipril"} if name in ("bruno", "root") else set()
            if wanted:
                medications = {dose["medication"] for dose in json.loads(listed.stdout)}
                self.assertEqual(medications - {"Metformin"}, wanted, (name, listed.stderr))
            else:
                self.assertEqual((listed.returncode, listed.stdout), (1, ""), name)
                self.assertIn(ADVICE, listed.stderr)
            for command, allowed in (
                (("take", "Aspirin"), RECORDING),
                (("add", "Metformin", "--at", "20:00", "--person", "ana", "--force"), MANAGING),
                (("reload",), MANAGING),
            ):
                done = run_as(name, "dosectl", *command, check=None)
                self.assertEqual(done.returncode, 0 if name in allowed else 1, (name, command, done.stdout, done.stderr))
                if name not in allowed:
                    self.assertEqual(done.stdout, "", (name, command))
                if name in LOOKING - allowed:
                    self.assertIn(ADVICE, done.stderr, (name, command))
            if name in RECORDING:
                run_as(name, "dosectl", "undo", "Aspirin")

    def test_what_is_told_reaches_nobody_else_however_they_listen(self):
        stranger, spy = self.people["stranger"], self.process("root")
        self.assertEqual(spy.ask_bus("BecomeMonitor", "asu", [], 0, interface=MONITORING), "")
        for rule in (f"path_namespace='{PATH}'", f"sender='{NAME}'", f"eavesdrop='true',path_namespace='{PATH}'",
                     f"eavesdrop='true',sender='{NAME}'", "eavesdrop='true'", "eavesdrop='true',type='method_return'"):  # fmt: skip
            stranger.ask_bus("AddMatch", "s", rule)
        for name, process in self.people.items():
            self.assertEqual(process.error("Subscribe"), DENIED if name == "stranger" else "", name)
        self.assertEqual(stranger.ask_bus("BecomeMonitor", "asu", [], 0, interface=MONITORING), DENIED)
        spied = run_as("stranger", "busctl", "monitor", NAME, check=None)
        self.assertNotEqual(spied.returncode, 0)
        self.assertEqual(spied.stdout.replace(NAME, ""), "")

        self.put("soon", event("Bisoprolol", now() + timedelta(seconds=3), X_DOSED_WINDOW="PT1H"))
        self.people["root"].wait_for("ReminderDue")
        run_as("maria", "dosectl", "take", "Bisoprolol")
        for name, process in self.people.items():
            signals = {signal for signal, _ in process.hear()}
            self.assertEqual("DoseChanged" in signals, name in LOOKING, (name, signals))
            if name not in LOOKING:
                self.assertEqual(signals, set(), name)
            self.assertEqual(process.hear_of_others(), [], name)
        # All of this can be overheard, by root.
        self.wait("root overhears it", lambda: "Bisoprolol" in str(spy.overheard_so_far()))

    def test_nobody_passes_for_dosed(self):
        systemctl("stop", "dosed")
        for name in ("ana", "mona", "stranger"):
            self.assertEqual(self.people[name].ask_bus("RequestName", "su", NAME, 0), DENIED, name)

    def test_nobody_reads_the_ledger_the_plan_and_the_configuration_past_dosed(self):
        for name in ("ana", "mona", "stranger"):
            for path in (STATE, STATE / "dosed.db", CALENDARS / "ana/plan.ics", CONFIGURATION, "/run/dosed"):
                done = run_as(name, "ls", path, check=None)
                self.assertIn("Permission denied", done.stderr, (name, path))


if __name__ == "__main__":
    unittest.main()
