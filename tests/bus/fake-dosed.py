#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pretended dosed for the tests of its clients: the interfaces of dbus/, over a script of doses in JSON.

    fake-dosed.py SCRIPT.json

The script: {"people": [...], "degraded": [...], "doses": [...], "medications": [...], "messages": [...]}, each with the keys
of ListDoses, ListMedications and ListMessages; times are microseconds. "rehearsal": what Rehearse adds to the messages, its
events happening then. A dose may have "error": {"Confirm": ["TooSoon", "message"]}
(any method), or "answer": {...} to be merged into what Confirm answers. What was called is appended as JSON lines to
SCRIPT.json.calls. Prints "ready" once it has its name.
"""
import json
import os
import sys
import time

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.dosed.Dosed1"
ROOT = "/org/dosed/Dosed1"
MANAGER, DOSE, PERSON, OUTBOX = (NAME + "." + i for i in ("Manager", "Dose", "Person", "Outbox"))

TIMES = {
    "due", "window-end", "snoozed-until", "taken-at", "recorded-at", "taken-before", "next-due", "last-taken", "id", "made",
    "next", "ended", "expires", "happened", "not-before",
}  # fmt: skip
COUNTS = {"reminders", "schedules", "attempts", "more"}


def path_encode(text):
    """As sd_bus_path_encode(3)."""
    out = ""
    for i, byte in enumerate(text.encode()):
        c = chr(byte)
        plain = c.isascii() and (c.isalpha() or (c.isdigit() and i > 0))
        out += c if plain else "_%02x" % byte
    return out or "_"


def now_usec():
    return int(time.time() * 1_000_000)


def variant(key, value):
    if isinstance(value, bool):
        return dbus.Boolean(value, variant_level=1)
    if key == "events":
        return dbus.Array([details(event) for event in value], signature="a{sv}", variant_level=1)
    if key in TIMES and isinstance(value, int):
        return dbus.UInt64(value, variant_level=1)
    if key in COUNTS:
        return dbus.UInt32(value, variant_level=1)
    if isinstance(value, list):
        return dbus.Array(value, signature="s", variant_level=1)
    if isinstance(value, int):
        return dbus.Int32(value, variant_level=1)
    return dbus.String(value, variant_level=1)


def details(item, without=("error", "answer")):
    return dbus.Dictionary({k: variant(k, v) for k, v in item.items() if k not in without}, signature="sv")


def error(name, message):
    return dbus.DBusException(message, name=name if "." in name else NAME + ".Error." + name)


class Script:
    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as file:
            self.__dict__.update(json.load(file))
        self.open_states = ("due", "snoozed")
        self.messages = self.__dict__.get("messages", [])
        self.files = self.__dict__.get("files", {})
        self.rehearsal = self.__dict__.get("rehearsal", [])

    def record(self, *call):
        with open(self.path + ".calls", "a", encoding="utf-8") as file:
            file.write(json.dumps(call) + "\n")


class Dose(dbus.service.Object):
    def __init__(self, bus, script, item, manager):
        self.script, self.item, self.manager = script, item, manager
        self.path = f"{ROOT}/dose/{path_encode(item['id'])}"
        super().__init__(bus, self.path)

    def _called(self, method, *arguments):
        self.script.record(method, self.item["id"], *arguments)
        refusal = self.item.get("error", {}).get(method)
        if refusal:
            raise error(*refusal)

    def _changed(self, **values):
        self.item.update(values)
        self.manager.DoseChanged(dbus.ObjectPath(self.path), self.item["state"], details(self.item))

    def _answer(self, **values):
        values.update(self.item.get("answer", {}))
        return details(values)

    @dbus.service.method(DOSE, in_signature="a{sv}", out_signature="a{sv}")
    def Confirm(self, options):
        self._called("Confirm", options)
        if self.item["state"] == "taken" and not options.get("amend"):
            return self._answer(**{"state": "taken", "recorded-by": self.item["recorded-by"], "durable": True,
                                   "recorded-at": self.item["recorded-at"], "taken-at": self.item["taken-at"],
                                   "already": True})
        at = int(options.get("at", now_usec()))
        self._changed(**{"state": "taken", "taken-at": at, "recorded-at": now_usec(), "recorded-by": "ana",
                         "grade": "on-time"})
        return self._answer(**{"state": "taken", "recorded-by": "ana", "recorded-at": self.item["recorded-at"],
                               "taken-at": at, "grade": "on-time", "durable": True, "already": False})

    @dbus.service.method(DOSE, in_signature="sa{sv}", out_signature="a{sv}")
    def Skip(self, reason, options):
        self._called("Skip", reason, options)
        self._changed(**{"state": "skipped", "recorded-at": now_usec(), "recorded-by": "ana", "note": reason})
        return self._answer(**{"state": "skipped", "recorded-by": "ana", "recorded-at": self.item["recorded-at"],
                               "durable": True, "already": False})

    @dbus.service.method(DOSE, in_signature="t", out_signature="t")
    def Snooze(self, usec):
        self._called("Snooze", int(usec))
        until = now_usec() + (int(usec) or 600_000_000)
        self._changed(**{"state": "snoozed", "snoozed-until": until})
        return dbus.UInt64(until)

    @dbus.service.method(DOSE, in_signature="", out_signature="s")
    def Undo(self):
        self._called("Undo")
        self._changed(state="due")
        return "due"

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        if name == "Due":
            return dbus.UInt64(self.item["due"])
        raise error("org.freedesktop.DBus.Error.UnknownProperty", name)


class Person(dbus.service.Object):
    def __init__(self, bus, script, name, manager):
        self.script, self.name, self.manager = script, name, manager
        super().__init__(bus, f"{ROOT}/person/{path_encode(name)}")

    @dbus.service.method(PERSON, in_signature="", out_signature="as")
    def ListCalendars(self):
        return dbus.Array(self.script.files.get(self.name, []), signature="s")

    @dbus.service.method(PERSON, in_signature="sh", out_signature="")
    def PutCalendar(self, name, file):
        fd = file.take()
        with os.fdopen(fd, "rb") as stream:
            data = stream.read().decode()
        self.script.record("PutCalendar", self.name, name, data)
        if "refuse" in self.script.__dict__:
            raise error("org.freedesktop.DBus.Error.InvalidArgs", self.script.refuse)
        lines = dict(line.split(":", 1) for line in data.replace("\r\n", "\n").split("\n") if ":" in line)
        due = now_usec() // 1_000_000 * 1_000_000 + 3_600_000_000
        local = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(due / 1_000_000))
        item = {"id": f"{self.name}/{lines['UID']}/20300101T080000", "person": self.name, "state": "upcoming",
                "medication": lines["SUMMARY"], "due": due, "window-end": due + 3_600_000_000, "local": local}
        self.manager.doses.append(Dose(self.manager.bus, self.script, item, self.manager))
        self.manager.PlanChanged(self.name)

    @dbus.service.method(PERSON, in_signature="", out_signature="")
    def AcceptPlan(self):
        self.script.record("AcceptPlan", self.name)

    @dbus.service.method(PERSON, in_signature="", out_signature="u")
    def Rehearse(self):
        self.script.record("Rehearse", self.name)
        for message in self.script.rehearsal:
            for event in message["events"]:
                event["happened"] = now_usec()
        self.script.messages = self.script.rehearsal + self.script.messages
        return dbus.UInt32(len(self.script.rehearsal))


class Manager(dbus.service.Object):
    def __init__(self, bus, script):
        self.bus, self.script = bus, script
        super().__init__(bus, ROOT)
        self.doses = [Dose(bus, script, item, self) for item in script.doses]
        self.people = [Person(bus, script, name, self) for name in script.people]

    @dbus.service.method(MANAGER, in_signature="stta{sv}", out_signature="a(oa{sv})")
    def ListDoses(self, person, start, end, options):
        if person and person not in self.script.people:
            raise error("NoSuchPerson", f"There is no person '{person}'.")
        found = []
        for dose in sorted(self.doses, key=lambda dose: dose.item["due"]):
            item = dose.item
            if options.get("open"):
                late = item["state"] in ("missed", "unattended") and item.get("takeable")
                fits = item["state"] in self.script.open_states or late
            else:
                fits = start <= item["due"] < end
            if fits and person in ("", item["person"]):
                found.append((dbus.ObjectPath(dose.path), details(item)))
        return dbus.Array(found, signature="(oa{sv})")

    @dbus.service.method(MANAGER, in_signature="s", out_signature="a(oa{sv})")
    def ListMedications(self, person):
        return dbus.Array([(dbus.ObjectPath(f"{ROOT}/medication/{path_encode(item['key'])}"), details(item))
                           for item in self.script.medications if person in ("", item["person"])],
                          signature="(oa{sv})")

    @dbus.service.method(MANAGER, in_signature="s", out_signature="o")
    def GetDose(self, id):
        for dose in self.doses:
            if dose.item["id"] == id:
                return dbus.ObjectPath(dose.path)
        raise error("NoSuchDose", f"There is no dose '{id}'.")

    @dbus.service.method(MANAGER)
    def Subscribe(self):
        self.script.record("Subscribe")

    @dbus.service.method(MANAGER)
    def Reload(self):
        self.script.record("Reload")

    @dbus.service.method(OUTBOX, in_signature="tta{sv}", out_signature="aa{sv}")
    def ListMessages(self, start, end, options):
        self.script.record("ListMessages", int(start), int(end), options)
        found = []
        for message in self.script.messages:
            open_only = message["state"] in ("waits", "failed")
            fits = open_only if options.get("open") else start <= message.get("made", -1) < end
            if fits and options.get("event") in (None, *(event["event"] for event in message["events"])):
                found.append(details(message, without=()))
        return dbus.Array(found, signature="a{sv}")

    @dbus.service.method(OUTBOX, in_signature="t", out_signature="")
    def RetryMessage(self, id):
        self.script.record("RetryMessage", int(id))
        if id not in [message.get("id") for message in self.script.messages]:
            raise error("NoSuchMessage", "There is no message of this number")

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        if name == "People":
            return dbus.Array(self.script.people, signature="s")
        if name == "Degraded":
            return dbus.Array(self.script.degraded, signature="s")
        raise error("org.freedesktop.DBus.Error.UnknownProperty", name)

    @dbus.service.signal(MANAGER, signature="oa{sv}")
    def ReminderDue(self, dose, details):
        pass

    @dbus.service.signal(MANAGER, signature="osa{sv}")
    def DoseChanged(self, dose, state, details):
        pass

    @dbus.service.signal(MANAGER, signature="s")
    def PlanChanged(self, person):
        pass

    @dbus.service.method(NAME + ".Fake", in_signature="s")
    def Remind(self, id):
        """Only here: sends ReminderDue, so that a test can await it."""
        for dose in self.doses:
            if dose.item["id"] == id:
                self.ReminderDue(dbus.ObjectPath(dose.path), details(dose.item))


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SessionBus()
    manager = Manager(bus, Script(sys.argv[1]))
    name = dbus.service.BusName(NAME, bus, do_not_queue=True)
    print("ready", flush=True)
    GLib.MainLoop().run()
    return manager, name


if __name__ == "__main__":
    main()
