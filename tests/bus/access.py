# SPDX-License-Identifier: LGPL-2.1-or-later
"""A dosed --system on a bus that a user of each kind is on: who takes medicines, each kind of caregiver, others, and root."""

import os
import pwd
import unittest
from datetime import timedelta

import dbus
from harness import DEADLINE_SEC, PATH, calendar, event, now, sealed
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
