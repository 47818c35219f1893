# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what on the system bus: each member of each interface, tried as each kind of user."""

import contextlib
import os
import pwd
import sqlite3
import unittest
import xml.etree.ElementTree as ElementTree
from datetime import timedelta

import dbus
from harness import DEADLINE_SEC, NAME, PATH, calendar, event, now, plain, sealed, utc
from household import Household, Member, unix_users

# Each may what those before it may. `own` takes ana's medicines; `other` is bruno; `stranger` is nobody in dosed.conf.
NAMED = ("own", "view", "record", "manage", "other", "stranger")
DENIED = "AccessDenied"
HIDDEN = ("UnknownObject", "UnknownMethod")

CONFIGURATION = """[dosed]
timezone = UTC
settle = 1s
[person ana]
users = {own}
caregivers = viewer, recorder, manager
[person bruno]
users = {other}
[caregiver viewer]
user = {view}
may = view
tell = none
[caregiver recorder]
user = {record}
may = record
tell = none
[caregiver manager]
user = {manage}
may = manage
tell = none
[hook told]
on = due
command = /bin/false
"""

VIEWERS = {"own", "view", "record", "manage", "root"}
RECORDERS = {"own", "record", "manage", "root"}
MANAGERS = {"manage", "root"}
INSIDE = VIEWERS | {"other"}
EVERYBODY = INSIDE | {"stranger"}
NOTHING = dbus.Dictionary({}, signature="sv")


def plan_file(medication="Metformin 500 mg"):
    return dbus.types.UnixFd(sealed(calendar(event(medication, now() + timedelta(days=2)))))


# Who may call it, of what the test has made of ana's; who may not is told by `refused`. Arguments are made anew for each call.
METHODS = {
    "Manager.ListDoses": (INSIDE, "stta{sv}", lambda: ("", dbus.UInt64(0), dbus.UInt64(2**62), NOTHING)),
    "Manager.ListMedications": (INSIDE, "s", lambda: ("",)),
    "Manager.GetDose": (VIEWERS, "s", None),
    "Manager.Subscribe": (INSIDE, "", lambda: ()),
    "Manager.Unsubscribe": (INSIDE, "", lambda: ()),
    "Manager.Reload": (MANAGERS, "", lambda: ()),
    "Dose.Confirm": (RECORDERS, "a{sv}", lambda: (NOTHING,)),
    "Dose.Undo": (RECORDERS, "", lambda: ()),
    "Dose.Snooze": (RECORDERS, "t", lambda: (dbus.UInt64(0),)),
    "Dose.Skip": (RECORDERS, "sa{sv}", lambda: ("felt ill", NOTHING)),
    "Person.ListCalendars": (MANAGERS, "", lambda: ()),
    "Person.GetCalendar": (MANAGERS, "s", lambda: ("aspirin.ics",)),
    "Person.PutCalendar": (MANAGERS, "sh", lambda: ("more.ics", plan_file())),
    "Person.RemoveCalendar": (MANAGERS, "s", lambda: ("more.ics",)),
    "Person.AcceptPlan": (MANAGERS, "", lambda: ()),
    "Person.Rehearse": (MANAGERS, "", lambda: ()),
    "Outbox.ListMessages": (INSIDE, "tta{sv}", lambda: (dbus.UInt64(0), dbus.UInt64(2**62), NOTHING)),
    "Outbox.RetryMessage": (MANAGERS, "t", None),
    "Outbox.TestMail": (MANAGERS, "s", lambda: ("ana@example.org",)),
}

# Who reads anything at all there. Of the root, what they read is looked at in Properties.
PROPERTIES = {f"Manager.{name}": EVERYBODY for name in ("Version", "NextDue", "People", "OpenDoses", "Degraded")}
PROPERTIES |= {f"Dose.{name}": VIEWERS for name in (
    "Id", "Person", "Medication", "Amount", "Instructions", "Purpose", "Due", "WindowEnd", "State", "SnoozedUntil",
    "TakenAt", "RecordedBy", "Critical",
)}  # fmt: skip

SIGNALS = {"Manager.ReminderDue", "Manager.DoseChanged", "Manager.PlanChanged"}  # each in a test of Signals


@unittest.skipUnless(os.geteuid() == 0, "only root can be several users: nobody's rights were tried")
@unittest.skipUnless(len(unix_users(len(NAMED))) == len(NAMED), "this machine has too few Unix users")
class Access(unittest.TestCase):
    def setUp(self):
        self.names = dict(zip(NAMED, unix_users(len(NAMED))))
        self.uids = {role: pwd.getpwnam(name).pw_uid for role, name in self.names.items()}
        self.uids["root"] = 0
        self.dosed = self.enterContext(Household(CONFIGURATION.format(**self.names), everybody=True))
        for person in ("ana", "bruno"):
            (self.dosed.calendars / person).mkdir(parents=True)
        self.put_plan(now() + timedelta(hours=1))
        self.dosed.start()
        self.members = {role: self.member(uid) for role, uid in self.uids.items()}
        self.paths = {dose["medication"].split()[0]: dose["path"] for dose in self.members["root"].doses()}

    def put_plan(self, due):
        """One dose of bruno, two of ana, one of which is confidential; each can be taken already."""
        self.due = due.replace(microsecond=0)
        for medication, person, secrecy in (("Aspirin 100 mg", "ana", "PUBLIC"), ("Frobnitol 5 mg", "ana", "PRIVATE"),
                                            ("Ramipril 5 mg", "bruno", "PUBLIC")):  # fmt: skip
            text = calendar(event(medication, self.due, uid=medication.split()[0], CLASS=secrecy, X_DOSED_WINDOW="PT5H",
                                  X_DOSED_EARLY="PT5H"))  # fmt: skip
            self.dosed.put_ics(medication.split()[0].lower(), text, person=person)

    def make_due(self):
        """All three are due, and somebody was reminded of them."""
        root, waited = self.members["root"], set()
        root.call("Subscribe")
        self.put_plan(now() + timedelta(seconds=6))
        self.reload()
        while waited != {"Aspirin 100 mg", "Frobnitol 5 mg", "Ramipril 5 mg"}:
            waited.add(root.wait_for("ReminderDue")[1]["medication"])

    def message_of(self, person):
        """The number of a message that tells of this person only: the hook says no to each."""
        self.members["root"].call("Rehearse", path=f"{PATH}/person/{person}", interface="Person")
        deadline = now() + timedelta(seconds=3 * DEADLINE_SEC)
        while now() < deadline:
            for message in self.members["root"].messages(person=person):
                if message["state"] == "failed" and "id" in message:
                    return int(message["id"])
        raise AssertionError("no message failed")

    def member(self, uid):
        member = Member(self.dosed.bus.address, uid)
        self.addCleanup(member.close)
        return member

    def subscribe(self, *roles):
        for role in roles or self.members:
            self.members[role].try_call("Subscribe")

    def reload(self):
        self.members["root"].call("Reload")

    def configure(self, old, new):
        text = self.dosed.configuration
        self.assertIn(old, text)
        self.dosed.configure(text.replace(old, new))
        self.reload()


class EveryMember(Access):
    """A member that nobody wrote a row for fails here."""

    def setUp(self):
        super().setUp()
        self.objects = {"": PATH, "dose": self.paths["Aspirin"], "person": f"{PATH}/person/ana"}

    def found(self):
        """Members of every interface of every kind of object, by kind: {"method": {"Dose.Undo": path, …}, …}."""
        found = {"method": {}, "property": {}, "signal": {}}
        root = self.members["root"]
        children = {node.get("name") for node in ElementTree.fromstring(root.introspect()).findall("node")}
        self.assertEqual(children, set(self.objects) - {""}, "a kind of objects that is not tried here")
        for path in self.objects.values():
            for interface in ElementTree.fromstring(root.introspect(path)).findall("interface"):
                if not interface.get("name").startswith(NAME):
                    continue
                for member in interface:
                    if member.tag in found:
                        found[member.tag][f"{interface.get('name').rpartition('.')[2]}.{member.get('name')}"] = path
        return found

    def arguments(self, name):
        if name == "Manager.GetDose":
            return (self.members["root"].get("Id", path=self.paths["Aspirin"], interface="Dose"),)
        if name == "Outbox.RetryMessage":
            return (dbus.UInt64(self.message_of("ana")),)
        return METHODS[name][2]()

    def refusal(self, role, name):
        """What keeps that role out: who may see nothing of ana's is not told that there is anything."""
        if role == "stranger":
            return HIDDEN if name.startswith(("Dose.", "Person.")) else (DENIED,)
        if role == "other" and name.startswith(("Dose.", "Person.")):
            return HIDDEN
        if role == "other" and name == "Manager.GetDose":
            return ("NoSuchDose",)
        return (DENIED,)

    def test_methods(self):
        found = self.found()["method"]
        self.assertEqual(set(found), set(METHODS))
        for name in METHODS:  # in this order: what is confirmed is undone
            allowed, signature, _ = METHODS[name]
            interface, _, method = name.partition(".")
            for role, member in self.members.items():
                with self.subTest(method=name, role=role):
                    error = member.error(method, signature, *self.arguments(name), path=found[name], interface=interface)
                    if role in allowed:
                        self.assertNotIn(error, (DENIED, *HIDDEN, "NoSuchDose", "NoSuchPerson", "InvalidArgs"))
                    else:
                        self.assertIn(error, self.refusal(role, name))

    def test_properties(self):
        found = self.found()["property"]
        self.assertEqual(set(found), set(PROPERTIES))
        for name, allowed in PROPERTIES.items():
            interface, _, short = name.partition(".")
            for role, member in self.members.items():
                with self.subTest(property=name, role=role):
                    where = {"path": found[name], "interface": dbus.PROPERTIES_IFACE}
                    one = member.error("Get", "ss", f"{NAME}.{interface}", short, **where)
                    every, error = member.try_call("GetAll", "s", f"{NAME}.{interface}", **where)
                    self.assertNotEqual(member.error("Set", "ssv", f"{NAME}.{interface}", short, "x", **where), "")
                    if role in allowed:
                        self.assertEqual((one, error), ("", None))
                        self.assertIn(short, every)
                    else:
                        self.assertIn(one, HIDDEN)
                        self.assertIn(error[0], HIDDEN)

    def test_signals(self):
        self.assertEqual(set(self.found()["signal"]), SIGNALS)
        for name in SIGNALS:
            self.assertTrue([test for test in dir(Signals) if test.startswith(f"test_{name.partition('.')[2]}")], name)


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
                           " (SELECT max(id) FROM message) FROM telling",
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

    def test_who_manages_one_person_manages_nobody_else(self):
        manage, number = self.members["manage"], dbus.UInt64(self.message_of("bruno"))
        self.assertEqual(manage.error("RetryMessage", "t", number, interface="Outbox"), "NoSuchMessage")
        self.assertIn(manage.error("AcceptPlan", path=f"{PATH}/person/bruno", interface="Person"), HIDDEN)
        self.configure("[person bruno]", "[person bruno]\ncaregivers = viewer, seer\n[caregiver seer]\ntell = none\n"
                       f"user = {self.names['manage']}\nmay = view\n[person carla]")  # fmt: skip
        self.assertEqual(manage.error("RetryMessage", "t", number, interface="Outbox"), DENIED)
        self.assertEqual(manage.error("AcceptPlan", path=f"{PATH}/person/bruno", interface="Person"), DENIED)
        self.assertEqual(manage.error("AcceptPlan", path=f"{PATH}/person/ana", interface="Person"), "")

    def test_who_recorded_is_in_the_ledger(self):
        for role in ("own", "record", "manage", "root"):
            member, path = self.members[role], self.paths["Aspirin"]
            self.assertEqual(member.error("Confirm", "a{sv}", {"by": "somebody"}, path=path, interface="Dose"), "")
            self.assertEqual(self.members["view"].get("RecordedBy", path=path, interface="Dose"), self.names.get(role, "root"))
            member.call("Undo", path=path, interface="Dose")


class Signals(Access):
    def heard(self, name=None):
        """Who heard something, or a signal of that name, since the last time."""
        return {role for role, member in self.members.items()
                if [signal for signal, _ in member.hear() if name in (None, signal)]}

    def confirm(self, medication, role="root"):
        self.members[role].call("Confirm", "a{sv}", NOTHING, path=self.paths[medication], interface="Dose")

    def test_DoseChanged_reaches_who_may_see_the_person(self):
        self.subscribe()
        self.heard()
        self.confirm("Aspirin")
        self.assertEqual(self.heard("DoseChanged"), VIEWERS)
        self.confirm("Ramipril")
        self.assertEqual(self.heard("DoseChanged"), {"other", "root"})
        self.confirm("Frobnitol", "own")
        self.assertEqual(self.heard("DoseChanged"), {"own", "root"})

    def test_ReminderDue_reaches_who_may_see_the_person(self):
        self.subscribe()
        for person, wanted in (("ana", VIEWERS), ("bruno", {"other", "root"})):
            due = now() + timedelta(seconds=3)
            self.dosed.put_ics("soon", calendar(event("Soon", due, X_DOSED_WINDOW="PT5H")), person=person)
            self.heard()
            self.reload()
            self.members["root"].wait_for("ReminderDue", lambda said: said[1]["medication"] == "Soon")
            self.members["root"].signals.append(("ReminderDue", []))
            self.assertEqual(self.heard("ReminderDue"), wanted)
            self.dosed.remove_ics("soon", person)
            self.reload()

    def test_PlanChanged_reaches_who_may_see_the_person(self):
        self.subscribe()
        for person, wanted in (("ana", VIEWERS), ("bruno", {"other", "root"})):
            self.heard()
            self.members["root"].call("PutCalendar", "sh", "new.ics", plan_file(), path=f"{PATH}/person/{person}",
                                      interface="Person")  # fmt: skip
            self.assertEqual(self.heard("PlanChanged"), wanted)

    def test_nobody_hears_anything_without_asking_for_it(self):
        self.subscribe("own", "view")
        self.members["view"].call("Unsubscribe")
        self.heard()
        # A match of one's own is no way round: nothing is broadcast.
        self.members["stranger"].connection.add_match_string(f"type='signal',path='{PATH}'")
        self.members["record"].connection.add_match_string(f"type='signal',path='{PATH}'")
        self.confirm("Aspirin")
        self.assertEqual(self.heard(), {"own"})

    def test_who_loses_the_right_hears_nothing_more_from_the_reload_on(self):
        self.subscribe()
        self.configure("caregivers = viewer, recorder, manager", "caregivers = recorder, manager")
        self.heard()
        self.confirm("Aspirin")
        self.assertEqual(self.heard(), VIEWERS - {"view"})
        self.assertEqual(self.members["view"].error("ListMedications", "s", ""), DENIED)
        self.assertEqual(self.members["view"].get("People"), [])
        self.configure("caregivers = recorder, manager", "caregivers = viewer, recorder, manager")
        self.confirm("Ramipril")
        self.members["root"].call("Undo", path=self.paths["Aspirin"], interface="Dose")
        self.assertIn("view", self.heard())

    def test_a_right_that_is_raised_holds_at_once(self):
        view, path = self.members["view"], self.paths["Aspirin"]
        self.assertEqual(view.error("Confirm", "a{sv}", NOTHING, path=path, interface="Dose"), DENIED)
        self.configure("may = view", "may = record")
        self.assertEqual(view.error("Confirm", "a{sv}", NOTHING, path=path, interface="Dose"), "")
        self.configure("users = " + self.names["own"], "users = " + self.names["stranger"])
        self.assertEqual(self.members["own"].error("Undo", path=path, interface="Dose"), HIDDEN[0])
        self.assertEqual(self.members["stranger"].error("Undo", path=path, interface="Dose"), "")

    def test_who_leaves_is_forgotten(self):
        self.subscribe("own")
        self.members["own"].close()
        self.members["own"] = self.member(self.uids["own"])
        self.confirm("Aspirin")
        self.assertEqual(self.heard(), set())
        self.subscribe("own")
        self.confirm("Ramipril")
        self.members["root"].call("Undo", path=self.paths["Aspirin"], interface="Dose")
        self.assertEqual(self.heard(), {"own"})


class Crowds(Access):
    def test_one_user_cannot_take_the_subscriptions_of_the_others(self):
        crowd = [self.member(self.uids["view"]) for _ in range(40)]
        errors = [member.error("Subscribe") for member in crowd]
        self.assertEqual(set(errors[:30]), {""})
        self.assertEqual(errors[-1], "LimitsExceeded")
        self.assertEqual(crowd[0].error("Subscribe"), "")  # again is no more than once
        self.assertEqual(self.members["own"].error("Subscribe"), "")
        self.assertEqual(self.members["manage"].error("Subscribe"), "")
        # Whoever leaves makes room, as soon as the bus has said so.
        crowd[0].close()
        deadline = now() + timedelta(seconds=3 * DEADLINE_SEC)
        while crowd[-1].error("Subscribe"):
            self.assertLess(now(), deadline)

    def test_more_callers_than_are_remembered_take_nothing_from_those_inside(self):
        self.subscribe("own")
        crowd = [self.member(self.uids[role]) for _ in range(220) for role in ("stranger", "other")]
        self.assertEqual([member.get("People") for member in crowd], [[], ["bruno"]] * 220)
        self.assertEqual([member.get("People") for member in crowd[:20]], [[], ["bruno"]] * 10)
        self.members["own"].hear()
        self.members["own"].call("Confirm", "a{sv}", NOTHING, path=self.paths["Aspirin"], interface="Dose")
        self.assertEqual([name for name, _ in self.members["own"].hear()], ["DoseChanged"])
        self.assertEqual(self.members["view"].get("RecordedBy", path=self.paths["Aspirin"], interface="Dose"),
                         self.names["own"])


if __name__ == "__main__":
    unittest.main()
