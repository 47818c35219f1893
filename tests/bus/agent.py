# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed-agent between two buses: one that a dosed is on, and one of a desktop."""

import os
import select
import subprocess
import tempfile
import time
from pathlib import Path

import dbus
import dbus.bus
import dbus.lowlevel
import dbus.mainloop.glib
from gi.repository import GLib
from harness import NAME, PATH, Bus, Notifications, Timeout, end, plain, program, usec
from notify import wait


class Session:
    """A desktop session: a bus of its own, and an agent that is started on it."""

    def __init__(self, dosed, bus=None):
        self.system = dosed.bus.address
        self.folder = Path(tempfile.mkdtemp(prefix="session-", dir=dosed.folder))
        self.own_bus = bus is None
        self.bus = bus or Bus(self.folder)
        self.process, self.log = None, self.folder / "agent.log"
        self.notifications = Notifications(self.folder / "notify")

    @property
    def address(self):
        return self.bus.address

    def start(self, *arguments, wait=True):
        environment = dict(
            os.environ,
            DBUS_SYSTEM_BUS_ADDRESS=self.system,
            DBUS_SESSION_BUS_ADDRESS=self.address,
            XDG_RUNTIME_DIR=str(self.folder),
            NOTIFY_SOCKET=self.notifications.path,
            TZ="UTC",
            LC_ALL="C.UTF-8",
        )
        for name in ("JOURNAL_STREAM", "DBUS_STARTER_ADDRESS", "WATCHDOG_USEC", "WATCHDOG_PID"):
            environment.pop(name, None)
        self.notifications.forget()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [program("dosed-agent"), *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        if wait:
            self.heard("READY=1")
        return self

    def heard(self, said):
        """Waits until the service manager was told so."""
        try:
            self.notifications.wait(said, alive=lambda: self.process.poll() is None)
        except Timeout as error:
            raise Timeout(f"{error}\n{self.stderr()}") from None

    def stderr(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self):
        process, self.process = self.process, None
        return end(process)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def wait_rest(self, seconds=3):
        """Waits until it has not run at all for so long."""
        deadline = time.monotonic() + 60
        before = None
        while (runs := self.count_runs()) != before:
            if time.monotonic() > deadline:
                raise Timeout(f"it goes on running: {runs} times so far")
            before = runs
            select.select([], [], [], seconds)

    def count_runs(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return int(lines["voluntary_ctxt_switches"]) + int(lines["nonvoluntary_ctxt_switches"])

    def close(self):
        self.stop()
        self.notifications.close()
        if self.own_bus:
            self.bus.stop()
        text = self.stderr()
        for word in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:"):
            if word in text:
                raise AssertionError(text)


class Pretender:
    """
    A dosed that does as it is told: lists `doses` (put() them), answers a call of a method as `answers` says (an error's name
    and message, "hold", or details), and keeps what was called in `calls`. With `own` False it is somebody who has not the name.
    """

    def __init__(self, address, own=True):
        self.connection = dbus.bus.BusConnection(address, mainloop=dbus.mainloop.glib.DBusGMainLoop())
        self.connection.set_exit_on_disconnect(False)
        self.connection.add_message_filter(self.on_message)
        self.doses, self.answers, self.calls, self.lists, self.people = {}, {}, [], 0, ["ana"]
        self.listeners = set()
        if own:
            self.connection.request_name(NAME, dbus.bus.NAME_FLAG_DO_NOT_QUEUE)

    def path(self, name):
        return f"{PATH}/dose/{name}"

    def put(self, name, at, **details):
        """A dose that is reminded of, as of now."""
        self.doses[name] = {
            "id": f"ana/{name}/{at:%Y%m%dT%H%M%SZ}", "person": "ana", "medication": name, "state": "due", "takeable": True,
            "due": dbus.UInt64(usec(at)), "reminded-at": dbus.UInt64(usec(at)), "group": dbus.UInt64(usec(at)),
            "local": f"{at:%Y-%m-%dT%H:%M:%S}", "reminded-local": f"{at:%Y-%m-%dT%H:%M:%S}", "reminders": dbus.UInt32(1),
            "stands-alone": True, **details,
        }  # fmt: skip

    def details(self, values):
        return dbus.Dictionary(values, signature="sv")

    def on_message(self, _, message):
        if message.get_type() != dbus.lowlevel.MESSAGE_TYPE_METHOD_CALL or not (message.get_path() or "").startswith(PATH):
            return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        member, arguments = message.get_member(), message.get_args_list()
        answer = self.answers.get(member)
        self.listeners.add(message.get_sender())
        if member == "ListDoses":
            self.lists += 1
            self.asked = plain(arguments[3])
        elif member not in ("Get", "Subscribe"):
            self.calls.append((member, message.get_path().removeprefix(f"{PATH}/dose/"), *map(plain, arguments)))
        if answer == "hold":
            return dbus.lowlevel.HANDLER_RESULT_HANDLED
        if isinstance(answer, tuple):
            self.connection.send_message(dbus.lowlevel.ErrorMessage(message, *answer))
            return dbus.lowlevel.HANDLER_RESULT_HANDLED
        reply = dbus.lowlevel.MethodReturnMessage(message)
        if answer is not None:
            reply.append(answer)
        elif member == "ListDoses":
            listed = [(dbus.ObjectPath(self.path(name)), self.details(dose)) for name, dose in self.doses.items()]
            reply.append(dbus.Array(listed, signature="(oa{sv})"), signature="a(oa{sv})")
        elif member == "Get":
            reply.append(dbus.Array(self.people, signature="s", variant_level=1))
        elif member == "Snooze":
            reply.append(dbus.UInt64(1))
        elif member in ("Confirm", "Skip"):
            reply.append(self.details({"durable": True}))
        self.connection.send_message(reply)
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    def tell(self, name, state, to=None, interface=f"{NAME}.Manager", member="DoseChanged"):
        """Says that a dose has changed; to one only, as on the system bus, or to all."""
        signal = dbus.lowlevel.SignalMessage(PATH, interface, member)
        signal.append(dbus.ObjectPath(self.path(name)), state, self.details({"state": state}), signature="osa{sv}")
        if to:
            signal.set_destination(to)
        self.connection.send_message(signal)

    def tell_all(self, name, state):
        """To each that has asked for anything, as to subscribers."""
        for listener in sorted(self.listeners):
            self.tell(name, state, to=listener)

    def wait_lists(self, number):
        wait(lambda: self.lists >= number, lambda: f"asked for the list {self.lists} times, not {number}")

    def round_trip(self):
        self.connection.get_name_owner(dbus.BUS_DAEMON_NAME)
        while GLib.MainContext.default().iteration(False):
            pass

    def stop(self):
        self.connection.close()
