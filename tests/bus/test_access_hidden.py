# SPDX-License-Identifier: LGPL-2.1-or-later
"""What somebody may not see on the system bus is as if it were not there: other people, and what is confidential."""

import contextlib
import sqlite3
import unittest
from datetime import timedelta

import dbus
from access import DENIED, HIDDEN, INSIDE, NOTHING, VIEWERS, Access, plan_file
from harness import NAME, PATH, calendar, event, now, plain, sealed, utc


class Hiding(Access):
    def test_the_root_tells_each_only_of_whom_they_may_see(self):
        self.make_due()
        for role, member in self.members.items():
            ana, bruno = role in VIEWERS, role in ("other", "root")
            private = role in ("own", "root")
            with self.subTest(role=role):
                self.assertEqual(sorted(member.get("People")), ["ana"] * ana + ["bruno"] * bruno)
                self.assertEqual(member.get("OpenDoses"), ana + bruno + private)
                self.assertEqual(member.get("NextDue"), 0)

    def test_the_next_dose_is_that_of_whom_they_may_see(self):
        due = now().replace(microsecond=0)
        plan = {"ana": (3, ""), "bruno": (2, ""), "private": (1, "PRIVATE")}
        for name, (tens, kind) in plan.items():
            moment = due + timedelta(minutes=tens * 10)
            self.dosed.put_ics(f"next-{name}", calendar(event("Later", moment, **({"CLASS": kind} if kind else {}))),
                               person="bruno" if name == "bruno" else "ana")
        self.reload()
        tens = {role: 3 for role in VIEWERS} | {"own": 1, "root": 1, "other": 2, "stranger": 0}
        for role, member in self.members.items():
            wanted = int((due + timedelta(minutes=tens[role] * 10)).timestamp()) * 1_000_000 if tens[role] else 0
            self.assertEqual(member.get("NextDue"), wanted, role)

    def test_lists_hold_only_what_is_theirs_to_see(self):
        self.make_due()
        for person in ("ana", "bruno"):
            self.members["root"].call("Rehearse", path=f"{PATH}/person/{person}", interface="Person")
        for role in INSIDE:
            member = self.members[role]
            wanted = {"Aspirin 100 mg"} if role in VIEWERS else set()
            wanted |= {"Ramipril 5 mg"} if role in ("other", "root") else set()
            wanted |= {"Frobnitol 5 mg"} if role in ("own", "root") else set()
            with self.subTest(role=role):
                for options in ({}, {"open": True}, {"reminded": True}):
                    self.assertEqual({dose["medication"] for dose in member.doses(**options)}, wanted, options)
                listed = member.call("ListMedications", "s", "")
                self.assertEqual({str(details["name"]) for _, details in listed}, wanted)
                told = {event["person"] for message in member.messages(open=True) for event in message["events"]}
                self.assertEqual(told, {"other": {"bruno"}, "root": {"ana", "bruno"}}.get(role, {"ana"}))

    def note_message(self, event, text, uid=None):
        """Somebody was told of it."""
        told = int(now().timestamp() * 1_000_000)
        self.dosed.stop()
        with contextlib.closing(sqlite3.connect(self.dosed.state / "dosed.db")) as ledger, ledger:
            ledger.execute("INSERT INTO message SELECT coalesce(max(id), 0) + 1, 'hook told', 'x', ?, ?, ?, 1, 'done', 0, NULL,"
                           " NULL FROM message", (told, told, told))  # fmt: skip
            ledger.execute("INSERT INTO telling SELECT coalesce(max(id), 0) + 1, 'hook told', ?, 'ana', ?, ?, ?, ?, ?, 0, 'told',"
                           " (SELECT max(id) FROM message), 0 FROM telling",
                           (event, uid, uid and self.due.strftime("%Y%m%dT%H%M%SZ"), text, told, told))  # fmt: skip
        self.dosed.start()

    def test_what_is_made_private_is_hidden_from_then_on_whenever_its_dose_was_made(self):
        self.make_due()
        self.note_message("stopped", "Aspirin 100 mg", "Aspirin")
        self.note_message("plan", "added Aspirin 100 mg")
        (path,) = [dose["path"] for dose in self.members["root"].doses() if dose["medication"] == "Aspirin 100 mg"]
        for secrecy in ("PUBLIC", "CONFIDENTIAL"):
            text = calendar(event("Aspirin 100 mg", self.due, uid="Aspirin", CLASS=secrecy, X_DOSED_WINDOW="PT5H",
                                  X_DOSED_EARLY="PT5H"))  # fmt: skip
            self.dosed.put_ics("aspirin", text, person="ana")
            self.reload()
            for role in ("own", "view", "record", "manage", "root"):
                member, shown = self.members[role], role in ("own", "root") or secrecy == "PUBLIC"
                member.try_call("Subscribe")
                told = {event["event"]: event for message in member.messages() for event in message["events"]}
                with self.subTest(role=role, secrecy=secrecy):
                    self.assertEqual("Aspirin 100 mg" in {dose["medication"] for dose in member.doses()}, shown)
                    self.assertEqual(member.error("Confirm", "a{sv}", dbus.Dictionary({"at": "never"}, signature="sv"),
                                                  path=path, interface="Dose") in HIDDEN, not shown)  # fmt: skip
                    self.assertEqual(member.get("OpenDoses"), {"own": 2, "root": 3}.get(role, int(shown)))
                    self.assertEqual([told[name].get("text") for name in ("stopped", "plan")],
                                     ["Aspirin 100 mg", "added Aspirin 100 mg"] if shown else [None, None])
                    self.assertEqual([told["stopped"].get("medication"), "dose" in told["stopped"]],
                                     ["Aspirin 100 mg", True] if shown else [None, False])
        for role in VIEWERS:
            self.members[role].hear()
        self.members["own"].call("Confirm", "a{sv}", NOTHING, path=path, interface="Dose")
        for role in VIEWERS:
            self.assertEqual("DoseChanged" in {name for name, _ in self.members[role].hear()}, role in ("own", "root"), role)

    def test_own_is_what_one_takes_oneself(self):
        for role, wanted in {"own": 2, "other": 1, "view": 0, "manage": 0, "root": 0}.items():
            self.assertEqual(len(self.members[role].doses(own=True)), wanted, role)

    def test_somebody_hidden_is_as_somebody_who_is_not_there(self):
        for role in ("other", "stranger"):
            member = self.members[role]
            with self.subTest(role=role):
                for method, signature, arguments in (
                    ("ListDoses", "stta{sv}", lambda name: (name, 0, 2**62, NOTHING)),
                    ("ListMedications", "s", lambda name: (name,)),
                    ("GetDose", "s", lambda name: (f"{name}/x/20260101T080000",)),
                ):
                    answers = [member.try_call(method, signature, *arguments(name)) for name in ("ana", "nobody")]
                    self.assertIsNotNone(answers[0][1])
                    self.assertEqual(*answers)

    def test_a_path_that_is_hidden_is_as_one_that_is_not_there(self):
        there = {"dose": self.paths["Aspirin"], "person": f"{PATH}/person/ana"}
        self.assertIn("/dose/ana", there["dose"])
        gone = {"dose": there["dose"].replace("/dose/ana", "/dose/zoe"), "person": f"{PATH}/person/zoe"}
        calls = (
            ("Introspect", "", (), dbus.INTROSPECTABLE_IFACE),
            ("GetAll", "s", (f"{NAME}.Dose",), dbus.PROPERTIES_IFACE),
            ("Get", "ss", (f"{NAME}.Dose", "State"), dbus.PROPERTIES_IFACE),
            ("Confirm", "a{sv}", (NOTHING,), "Dose"),
            ("AcceptPlan", "", (), "Person"),
            ("Frobnicate", "", (), "Dose"),
        )
        for role in ("other", "stranger"):
            for kind in there:
                for method, signature, arguments, interface in calls:
                    with self.subTest(role=role, kind=kind, method=method):
                        answers = [
                            self.members[role].try_call(method, signature, *arguments, path=path, interface=interface)
                            for path in (there[kind], gone[kind])
                        ]
                        words = [str(answer).replace(path, "") for answer, path in zip(answers, (there[kind], gone[kind]))]
                        self.assertEqual(*words)
                        self.assertIn(answers[0][1][0] if answers[0][1] else "", HIDDEN)

    def test_no_name_is_in_what_a_stranger_is_shown(self):
        for path in ("/", "/org", "/org/dosed", PATH, f"{PATH}/dose", f"{PATH}/person"):
            answer, _ = self.members["stranger"].try_call("Introspect", path=path, interface=dbus.INTROSPECTABLE_IFACE)
            for word in ("ana", "bruno"):
                self.assertNotRegex(answer or "", rf"\b{word}\b")

    def test_what_is_confidential_is_hidden_from_caregivers(self):
        path = self.paths["Frobnitol"]
        identity = self.members["root"].get("Id", path=path, interface="Dose")
        for role in ("view", "record", "manage"):
            self.assertIn(self.members[role].error("Undo", path=path, interface="Dose"), HIDDEN)
            self.assertEqual(self.members[role].error("GetDose", "s", identity), "NoSuchDose")
        self.assertEqual(self.members["own"].error("Confirm", "a{sv}", NOTHING, path=path, interface="Dose"), "")

    def test_that_it_was_taken_is_told_to_who_is_about_to_give_it_again(self):
        self.dosed.put_ics("more", calendar(event("Frobnitol 5 mg", self.due + timedelta(minutes=30), uid="more",
                                                  X_DOSED_MIN_INTERVAL="PT4H", X_DOSED_EARLY="PT5H")))  # fmt: skip
        self.reload()
        self.members["own"].call("Confirm", "a{sv}", NOTHING, path=self.paths["Frobnitol"], interface="Dose")
        recorder = self.members["record"]
        (dose,) = [dose for dose in recorder.doses() if dose["medication"] == "Frobnitol 5 mg"]
        self.assertIn("taken-before", dose)
        self.assertEqual(recorder.error("Confirm", "a{sv}", NOTHING, path=dose["path"], interface="Dose"), "TooSoon")

    def test_what_is_hidden_cannot_be_reached_by_a_way_round(self):
        ana = {"path": f"{PATH}/person/ana", "interface": "Person"}
        manager, viewer, root = (self.members[role] for role in ("manage", "view", "root"))
        private = self.dosed.calendars_of("ana") / "frobnitol.ics"
        text = private.read_text()
        # A newer version of the same UID.
        uid = calendar(event("Water", now() + timedelta(days=2), uid="Frobnitol", SEQUENCE=9))
        self.assertEqual(manager.error("PutCalendar", "sh", "z.ics", dbus.types.UnixFd(sealed(uid)), **ana), DENIED)
        # One that was written only in part, or has become too large, keeps its last good version.
        for broken in (text[: text.index("CLASS")], text + "x" * 4 * 1024 * 1024, text.replace("CLASS:", "CLASS ")):
            private.write_text(broken)
            self.reload()
            self.assertEqual(plain(manager.call("ListCalendars", **ana)), ["aspirin.ics"])
            for method, signature, arguments in (("GetCalendar", "s", ()), ("RemoveCalendar", "s", ()),
                                                 ("PutCalendar", "sh", (plan_file(),))):  # fmt: skip
                self.assertEqual(manager.error(method, signature, "frobnitol.ics", *arguments, **ana), DENIED)
            self.assertNotIn("frobnitol", "".join(viewer.get("Degraded")))
            self.assertIn("cannot be used", "".join(viewer.get("Degraded")))
            self.assertIn("frobnitol", "".join(root.get("Degraded")))
            self.assertIn("Frobnitol 5 mg", {dose["medication"] for dose in root.doses()})

    def test_a_file_that_has_just_changed_is_shown_only_when_it_was_looked_at(self):
        ana = {"path": f"{PATH}/person/ana", "interface": "Person"}
        path = self.dosed.calendars_of("ana") / "aspirin.ics"
        path.write_text(path.read_text().replace("SUMMARY:Aspirin", "CLASS:PRIVATE\nSUMMARY:Aspirin"), newline="\n")
        self.assertEqual(self.members["manage"].error("GetCalendar", "s", "aspirin.ics", **ana), DENIED)

    def test_a_file_with_something_hidden_is_not_named_where_a_medication_is(self):
        self.dosed.put_ics("mixed", calendar(event("Zinc", now() + timedelta(days=1)),
                                             event("Hivnitol", now() + timedelta(days=1), CLASS="PRIVATE")))  # fmt: skip
        self.reload()
        for role, wanted in (("manage", []), ("root", ["mixed.ics"])):
            listed = {details["name"]: details for _, details in plain(self.members[role].call("ListMedications", "s", "ana"))}
            self.assertEqual(listed["Zinc"]["files"], wanted, role)
            self.assertEqual(listed["Aspirin 100 mg"]["files"], ["aspirin.ics"], role)

    def test_what_comes_next_is_soon_known_where_all_of_it_is_hidden(self):
        due = now().replace(microsecond=0) + timedelta(minutes=1)
        recurring = f"{event('Zinc', due, uid='zinc', RRULE='FREQ=MINUTELY')}\r\n" + event(
            "Zinc", due, uid="zinc", CLASS="PRIVATE").replace("DTSTART", f"RECURRENCE-ID;RANGE=THISANDFUTURE:{utc(due)}\r\nDTSTART")
        for name in ("aspirin", "frobnitol"):
            self.dosed.remove_ics(name)
        self.dosed.put_ics("zinc", calendar(recurring))
        self.members["root"].call("AcceptPlan", path=f"{PATH}/person/ana", interface="Person")
        self.assertEqual(self.members["view"].get("NextDue"), 0)
        self.assertEqual(self.members["own"].get("NextDue"), int(due.timestamp()) * 1_000_000)

    def test_a_plan_file_with_something_confidential_is_hidden_from_caregivers_who_manage(self):
        self.dosed.put_ics("mixed", calendar(event("Zinc", now() + timedelta(days=1)),
                                             event("Yohimbine", "no time", CLASS="confidential")))  # fmt: skip
        ana = {"path": f"{PATH}/person/ana", "interface": "Person"}
        manager, root = self.members["manage"], self.members["root"]
        self.assertEqual(plain(manager.call("ListCalendars", **ana)), ["aspirin.ics"])
        self.assertEqual(plain(root.call("ListCalendars", **ana)), ["aspirin.ics", "frobnitol.ics", "mixed.ics"])
        for name in ("frobnitol.ics", "mixed.ics"):
            self.assertEqual(manager.error("GetCalendar", "s", name, **ana), DENIED)
            self.assertEqual(manager.error("PutCalendar", "sh", name, plan_file(), **ana), DENIED)
            self.assertEqual(manager.error("RemoveCalendar", "s", name, **ana), DENIED)
            self.assertEqual(root.error("GetCalendar", "s", name, **ana), "")

    def test_what_is_broken_is_told_with_names_only_to_who_may_see_them(self):
        self.dosed.put_ics("brokenplan", "BEGIN:VCALENDAR\r\n")
        self.reload()
        self.dosed.configure(self.dosed.configuration + "[person clara]\nfrobnicate = yes\n")
        self.assertEqual(self.members["root"].error("Reload"), "Degraded")
        _, (name, words) = self.members["manage"].try_call("Reload")
        self.assertEqual(name, "Degraded")
        self.assertNotIn("frobnicate", words)
        for role, member in self.members.items():
            text = "\n".join(member.get("Degraded"))
            with self.subTest(role=role):
                self.assertEqual("brokenplan" in text, role in ("own", "root"))
                self.assertEqual("in a plan cannot be used" in text, role in VIEWERS - {"own", "root"})
                self.assertEqual("frobnicate" in text, role == "root")
                self.assertEqual("onfiguration" in text or "frobnicate" in text, role in INSIDE)
                self.assertEqual(text == "", role == "stranger")


if __name__ == "__main__":
    unittest.main()
