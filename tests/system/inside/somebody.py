# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes of other Unix users, each with one object in it whose methods are called from here."""

import multiprocessing
import os
import sys
from functools import partial

from machine import SOURCE, add_user

# tests/bus has a module of this name too, which reads its own neighbours only.
sys.path.append(str(SOURCE / "bus"))

import dbus  # noqa: E402
import dbus.lowlevel  # noqa: E402
from gi.repository import GLib  # noqa: E402
from harness import DEADLINE_SEC, PATH, sealed  # noqa: E402
from household import Member  # noqa: E402
from notify import FakeServer  # noqa: E402

SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"


class Process:
    """
    One process of a user, in which `make()` has made something: each method of that can be called here.

        ana = Process("ana", lambda: Caller())
        ana.error("Subscribe")
        ana.close()
    """

    def __init__(self, name, make):
        self.user = add_user(name)
        self.pipe, theirs = multiprocessing.Pipe()
        self.child = multiprocessing.get_context("fork").Process(target=serve, args=(self.user, make, theirs), daemon=True)
        self.child.start()
        self.receive()

    def __getattr__(self, method):
        return partial(self.ask, method)

    def ask(self, *call, **named):
        self.pipe.send((*call, named))
        return self.receive()

    def receive(self):
        if not self.pipe.poll(2 * DEADLINE_SEC):
            raise AssertionError(f"a process of {self.user.pw_name} does not answer")
        answer, error = self.pipe.recv()
        if error:
            raise AssertionError(f"{self.user.pw_name}: {error}")
        return answer

    def kill(self):
        self.child.kill()
        self.child.join()

    def close(self):
        if self.child.is_alive():
            self.pipe.send(None)
            self.child.join(DEADLINE_SEC)
        if self.child.is_alive():
            self.kill()


def become(user):
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.chdir("/")


def serve(user, make, pipe):
    """Answers calls until there are no more; in between, what comes from the bus is heard."""
    become(user)
    loop, made = GLib.MainLoop(), []

    def on_call(*_):
        call = pipe.recv()
        if call is None:
            loop.quit()
        else:
            method, *arguments, named = call
            reply(pipe, lambda: getattr(made[0], method)(*arguments, **named))
        return True

    reply(pipe, lambda: made.append(make()))
    GLib.io_add_watch(pipe.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, on_call)
    loop.run()


def reply(pipe, call):
    try:
        answer = (call(), None)
    except Exception as error:  # pylint: disable=broad-exception-caught
        answer = (None, f"{type(error).__name__}: {error}")
    pipe.send(answer)


class Caller(Member):
    """Somebody on the system bus."""

    def __init__(self):
        self.overheard = []
        super().__init__(SYSTEM_BUS, os.getuid())

    def note(self, connection, message):
        super().note(connection, message)
        if message.get_sender() != dbus.BUS_DAEMON_NAME and message.get_destination() != connection.get_unique_name():
            self.overheard.append((message.get_member(), str(message.get_args_list())))
            return dbus.lowlevel.HANDLER_RESULT_HANDLED
        return None

    def overheard_so_far(self):
        """What came here although it is not for this connection."""
        return self.overheard

    def hear_of_others(self):
        self.hear()
        return self.overheard

    def put_calendar(self, person, name, text):
        arguments = ("PutCalendar", "sh", name, dbus.types.UnixFd(sealed(text)))
        return self.error(*arguments, path=f"{PATH}/person/{person}", interface="Person")

    def ask_bus(self, method, signature, *arguments, interface=dbus.BUS_DAEMON_IFACE):
        """The last word of the error with which the bus itself refuses it."""
        try:
            self.connection.call_blocking(dbus.BUS_DAEMON_NAME, dbus.BUS_DAEMON_PATH, interface, method, signature, arguments)
        except dbus.DBusException as error:
            return error.get_dbus_name().rpartition(".")[2]
        return ""


class Desktop(FakeServer):
    """The notification server of the session that a user has on this machine."""

    def __init__(self):
        super().__init__(f"unix:path=/run/user/{os.getuid()}/bus")

    def press_label(self, title, label):
        identity = self.identity(title)
        self.press(identity, self.up[identity].action(label))

    def titles_of_calls(self):
        """What was ever shown."""
        return [call.title for call in self.calls]
