# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desktop as dosed sees it: dunst on a virtual screen, a finger for its buttons, and an eye on what it was told to show."""

import os
import subprocess
import time
from pathlib import Path

import dbus
import dbus.mainloop.glib
from gi.repository import GLib
from harness import DEADLINE_SEC, Lines, Timeout, end, plain

NAME = "org.freedesktop.Notifications"

DUNSTRC = """[global]
font = Sans 11
width = 420
height = 400
origin = top-right
offset = 20x20
padding = 12
frame_color = "#4a6fa5"
markup = full
show_indicators = no
dmenu = {picker}
browser = /bin/true

[urgency_low]
timeout = 0
[urgency_normal]
timeout = 0
background = "#f4f6f8"
foreground = "#1c2733"
[urgency_critical]
timeout = 0
"""

# dunst hands every button of what is up to its menu program, a line each, and takes the line that this prints.
PICKER = """#!/bin/sh
exec grep -m 1 -F -- "$(cat '{wanted}')"
"""


class Watcher:
    """Sees every call to the notification server and every answer, as dbus-monitor does."""

    def __init__(self, address):
        self.loop = dbus.mainloop.glib.DBusGMainLoop()
        self.connection = dbus.bus.BusConnection(address, mainloop=self.loop)
        self.connection.set_exit_on_disconnect(False)
        self.pending = {}
        self.up = {}
        self.connection.add_message_filter(self.see)
        self.connection.call_blocking(
            dbus.BUS_DAEMON_NAME,
            dbus.BUS_DAEMON_PATH,
            "org.freedesktop.DBus.Monitoring",
            "BecomeMonitor",
            "asu",
            ([f"interface='{NAME}'", "type='method_return'"], dbus.UInt32(0)),
        )

    def see(self, _, message):
        kind, member = message.get_type(), message.get_member()
        if kind == dbus.lowlevel.MESSAGE_TYPE_METHOD_CALL and member == "Notify":
            arguments = [plain(value) for value in message.get_args_list()]
            self.pending[message.get_sender(), message.get_serial()] = arguments
        elif kind == dbus.lowlevel.MESSAGE_TYPE_METHOD_RETURN:
            arguments = self.pending.pop((message.get_destination(), message.get_reply_serial()), None)
            if arguments is not None:
                self.up[plain(message.get_args_list()[0])] = {
                    "id": plain(message.get_args_list()[0]),
                    "summary": arguments[3],
                    "body": arguments[4],
                    "actions": dict(zip(arguments[5][::2], arguments[5][1::2])),
                }
        elif kind == dbus.lowlevel.MESSAGE_TYPE_SIGNAL and member == "NotificationClosed":
            self.up.pop(plain(message.get_args_list()[0]), None)
        # Nothing of it is for this connection; without this the library would answer calls that went to others.
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    def wait(self, predicate, what):
        deadline = time.monotonic() + DEADLINE_SEC
        timer = GLib.timeout_add(200, lambda: True)
        try:
            while True:
                found = predicate()
                if found:
                    return found
                if time.monotonic() > deadline:
                    raise Timeout(f"{what}; up are {list(self.up.values())}")
                GLib.MainContext.default().iteration(True)
        finally:
            GLib.source_remove(timer)

    def close(self):
        self.connection.close()


class Desktop:
    """Shows on $DISPLAY where `visible` and there is one, else on a screen that nobody sees."""

    def __init__(self, address, folder, visible=False):
        self.address, self.folder = address, Path(folder)
        self.display = os.environ.get("DISPLAY") if visible else None
        self.screen = self.dunst = self.watcher = self.connection = None
        self.environment = dict(os.environ, DBUS_SESSION_BUS_ADDRESS=address, HOME=str(self.folder / "home"))
        self.environment.pop("WAYLAND_DISPLAY", None)

    def start(self):
        if not self.display:
            self.start_screen()
        self.environment["DISPLAY"] = self.display
        self.watcher = Watcher(self.address)
        self.start_dunst()

    def start_screen(self):
        reading, writing = os.pipe()
        self.screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=[writing],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as stream:
            self.display = ":" + Lines(stream).read(time.monotonic() + DEADLINE_SEC)

    def start_dunst(self):
        picker, wanted, configuration = (self.folder / name for name in ("picker", "wanted", "dunstrc"))
        picker.write_text(PICKER.format(wanted=wanted))
        picker.chmod(0o700)
        configuration.write_text(DUNSTRC.format(picker=picker))
        with open(self.folder / "dunst.log", "ab") as log:
            self.dunst = subprocess.Popen(
                ["dunst", "-conf", str(configuration)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.connection = dbus.bus.BusConnection(self.address, mainloop=self.watcher.loop)
        self.connection.set_exit_on_disconnect(False)
        self.watcher.wait(lambda: self.connection.name_has_owner(NAME), "dunst does not start")

    def displayed(self):
        """How many dunst says it has on the screen: it answers Notify before it draws."""
        return int(
            self.connection.call_blocking(
                NAME,
                "/org/freedesktop/Notifications",
                dbus.PROPERTIES_IFACE,
                "Get",
                "ss",
                ("org.dunstproject.cmd0", "displayedLength"),
                timeout=DEADLINE_SEC,
            )
        )

    def shown(self, *words):
        """What is up and names all these words."""
        return [
            notification
            for notification in self.watcher.up.values()
            if all(word in notification["summary"] + notification["body"] for word in words)
        ]

    def wait_shown(self, *words):
        found = self.watcher.wait(lambda: self.shown(*words), f"no notification names {', '.join(words)}")[0]
        self.watcher.wait(lambda: self.displayed() >= len(self.watcher.up), "dunst does not show it")
        return found

    def wait_closed(self, notification):
        self.watcher.wait(lambda: notification["id"] not in self.watcher.up, f"{notification} is still up")

    def wait_gone(self, *words):
        self.watcher.wait(lambda: not self.shown(*words), f"the notification of {', '.join(words)} stays")

    def press(self, notification, label):
        """Presses a button by what is written on it, through dunst's own menu."""
        if label not in notification["actions"].values():
            raise AssertionError(f"no button {label!r}: there are {list(notification['actions'].values())}")
        (self.folder / "wanted").write_text(f"#{label} ({notification['summary']})")
        subprocess.run(["dunstctl", "context"], env=self.environment, check=True, timeout=DEADLINE_SEC)

    def where(self):
        if self.screen:
            return f"There is no $DISPLAY: dunst is on the virtual screen {self.display}.\n"
        return f"Notifications come up on your display {self.display}.\n"

    def stop(self):
        for connection in (self.connection, self.watcher):
            if connection:
                connection.close()
        end(self.dunst)
        end(self.screen)
