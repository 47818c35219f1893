# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what on the system bus: each member of each interface, tried as each kind of user."""

import unittest
import xml.etree.ElementTree as ElementTree
from datetime import timedelta

import dbus
from access import DENIED, EVERYBODY, HIDDEN, INSIDE, MANAGERS, NOTHING, RECORDERS, VIEWERS, Access, plan_file
from harness import DEADLINE_SEC, NAME, PATH, calendar, event, now

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


class Rights(Access):
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

    def test_PlanChanged_of_what_is_confidential_reaches_the_persons_own_users(self):
        self.subscribe()
        for secrecy, amount, wanted in (("PRIVATE", "1", {"own", "root"}), ("PUBLIC", "1", VIEWERS), ("PUBLIC", "2", VIEWERS),
                                        ("PRIVATE", "2", VIEWERS), ("PRIVATE", "3", {"own", "root"})):  # fmt: skip
            text = calendar(event("Frobnitol 5 mg", self.due, uid="Frobnitol", CLASS=secrecy, X_DOSED_AMOUNT=amount))
            self.dosed.put_ics("frobnitol", text, person="ana")
            self.heard()
            self.reload()
            self.assertEqual(self.heard("PlanChanged"), wanted, (secrecy, amount))

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
