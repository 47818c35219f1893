# SPDX-License-Identifier: LGPL-2.1-or-later
"""The notify room by itself: a program that drives it, and a notification server that misbehaves when told to."""

import json
import os
import subprocess
import time

import dbus
import dbus.bus
import dbus.lowlevel
import dbus.mainloop.glib
from gi.repository import GLib
from harness import DEADLINE_SEC, Timeout, plain, program

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"


def wait(predicate, what):
    """Lets events come in until the predicate gives something."""
    context = GLib.MainContext.default()
    deadline = time.monotonic() + DEADLINE_SEC
    timer = GLib.timeout_add(int(DEADLINE_SEC * 1000), lambda: True)
    try:
        while not (found := predicate()):
            if time.monotonic() > deadline:
                raise Timeout(what() if callable(what) else what)
            context.iteration(True)
        return found
    finally:
        GLib.source_remove(timer)


class Call:
    """A Notify as it arrived."""

    def __init__(self, message):
        self.message = message
        arguments = message.get_args_list()
        self.byte_urgency = isinstance(arguments[6]["urgency"], dbus.Byte)
        (self.application, self.replaces, self.icon, self.title, self.body, actions, self.hints, self.timeout) = map(
            plain, arguments
        )
        self.actions = dict(zip(actions[::2], actions[1::2]))
        self.labels = list(self.actions.values())

    def action(self, label):
        """The key behind a button."""
        return next(key for key, value in self.actions.items() if value == label)


class FakeServer:
    """
    A notification server of our own. Each Notify is in `calls`, each id closed by its client in `withdrawn`, what
    stands on its screen in `up`. With `answers` "hold" it says nothing until answer() is called, with "refuse" it
    refuses, with "junk" it answers something that is no id. Where more than `room` stand on its screen, it expires the oldest.
    """

    def __init__(self, address, capabilities=("actions", "body", "body-markup"), answers="id", own=True, room=1000):
        self.connection = dbus.bus.BusConnection(address, mainloop=dbus.mainloop.glib.DBusGMainLoop())
        self.connection.set_exit_on_disconnect(False)
        self.connection.add_message_filter(self.on_message)
        self.capabilities, self.answers, self.room = capabilities, answers, room
        self.calls, self.held, self.withdrawn, self.up, self.last_id = [], [], [], {}, 0
        if own:
            self.connection.request_name(NAME, dbus.bus.NAME_FLAG_DO_NOT_QUEUE)

    def on_message(self, _, message):
        if message.get_type() != dbus.lowlevel.MESSAGE_TYPE_METHOD_CALL or message.get_interface() != NAME:
            return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        getattr(self, "on_" + message.get_member())(message)
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    def on_GetCapabilities(self, message):
        reply = dbus.lowlevel.MethodReturnMessage(message)
        reply.append(dbus.Array(self.capabilities, signature="s"))
        self.connection.send_message(reply)

    def on_Notify(self, message):
        self.calls.append(Call(message))
        if self.answers == "hold":
            self.held.append(self.calls[-1])
        else:
            self.answer(self.calls[-1])

    def on_CloseNotification(self, message):
        identity = plain(message.get_args_list()[0])
        self.withdrawn.append(identity)
        if self.up.pop(identity, None):
            self.signal("NotificationClosed", dbus.UInt32(identity), dbus.UInt32(3))

    def answer(self, call=None, identity=None):
        """Answers a call; without one, the oldest that is held."""
        call = call or self.held.pop(0)
        if self.answers == "refuse":
            reply = dbus.lowlevel.ErrorMessage(call.message, f"{NAME}.Error", "not now")
        else:
            reply = dbus.lowlevel.MethodReturnMessage(call.message)
            if self.answers == "junk":
                reply.append("junk")
            else:
                if identity is None:
                    if call.replaces not in self.up:
                        self.last_id += 1
                    identity = call.replaces if call.replaces in self.up else self.last_id
                self.up[identity] = call
                reply.append(dbus.UInt32(identity))
        self.connection.send_message(reply)
        while len(self.up) > self.room:
            self.dismiss(min(self.up), 1)

    def signal(self, member, *arguments):
        signal = dbus.lowlevel.SignalMessage(PATH, NAME, member)
        signal.append(*arguments)
        self.connection.send_message(signal)

    def identity(self, title):
        return next(identity for identity, call in self.up.items() if call.title == title)

    def press(self, identity, action, stays=False):
        """A button: most servers take the notification down with it."""
        self.signal("ActionInvoked", dbus.UInt32(identity), action)
        if not stays:
            self.dismiss(identity, 2)

    def dismiss(self, identity, reason=2):
        self.up.pop(identity, None)
        self.signal("NotificationClosed", dbus.UInt32(identity), dbus.UInt32(reason))

    def titles(self):
        return sorted(call.title for call in self.up.values())

    def round_trip(self):
        """What was sent to this connection before has arrived, and what it sent has been delivered."""
        self.connection.get_name_owner(dbus.BUS_DAEMON_NAME)
        while GLib.MainContext.default().iteration(False):
            pass

    def wait_up(self, *titles):
        wait(lambda: self.titles() == sorted(titles), lambda: f"up are {self.titles()}, not {sorted(titles)}")

    def wait_calls(self, number):
        wait(lambda: len(self.calls) >= number, lambda: f"{len(self.calls)} calls, not {number}")
        return self.calls[-1]

    def stop(self):
        self.connection.close()


class Driver:
    """notify-driver on a bus, its answers in `said`."""

    def __init__(self, address, memory=None):
        self.process = subprocess.Popen(
            [program("tests/notify-driver"), *([str(memory)] if memory else [])],
            env=dict(os.environ, DBUS_SESSION_BUS_ADDRESS=address, LC_ALL="C.UTF-8"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.said, self.rest = [], b""
        os.set_blocking(self.process.stdout.fileno(), False)
        self.watch = GLib.io_add_watch(
            self.process.stdout, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, self.on_output
        )

    def on_output(self, stream, _):
        chunk = os.read(stream.fileno(), 65536)
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        self.said += [json.loads(line) for line in lines]
        if not chunk:
            self.watch = None
        return bool(chunk)

    def send(self, *command):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()

    def doses(self, *doses):
        self.send("doses", doses)

    def notice(self, key, title, text, critical=False, quietly=False):
        self.send("notice", key, title, text, critical, quietly)

    def wait_said(self, *line):
        wait(lambda: list(line) in self.said, lambda: f"said {self.said}, not {line}")
        self.said.remove(list(line))

    def settle(self):
        self.send("settle")
        self.wait_said("settled")

    def sync(self, *servers):
        """Everything that was sent before, either way, has been heard: now what did not happen can be asserted."""
        for server in servers:
            server.round_trip()
        self.send("sync")
        self.wait_said("synced")
        for server in servers:
            server.round_trip()

    def kill(self):
        self.forget()
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def forget(self):
        if self.watch:
            GLib.source_remove(self.watch)
            self.watch = None

    def free(self):
        """Ends it as a daemon ends."""
        self.send("free")
        self.stop()

    def stop(self):
        self.forget()
        if self.process.returncode is None:
            self.process.stdin.close()
            status = self.process.wait(DEADLINE_SEC)
            self.process.stdout.close()
            assert status == 0, f"the driver ended with {status}"


def dose(identity, **details):
    """A dose for Driver.doses(): dose("a", title="Aspirin")."""
    return {"id": identity, "title": identity.upper(), **details}
