# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real desktop: dunst on a screen that nobody sees, a finger for its buttons, and a camera."""

import os
import subprocess
import time
from pathlib import Path

import dbus
import dbus.bus
import dbus.lowlevel
import dbus.mainloop.glib
from harness import DEADLINE_SEC, Lines, end, plain
from notify import NAME, PATH, wait

DUNSTRC = """[global]
font = Sans 11
width = 420
height = 400
origin = top-right
offset = 20x20
padding = 12
horizontal_padding = 14
frame_width = 1
frame_color = "#4a6fa5"
separator_color = frame
markup = {markup}
format = "<b>%s</b>\\n%b"
show_indicators = no
dmenu = {finger}

[urgency_normal]
timeout = 0
background = "#f6f7f9"
foreground = "#1c2733"
[urgency_critical]
timeout = 0
background = "#7a1f1f"
foreground = "#ffffff"
"""

# dunst shows its menu by another program: it writes a line for each button and reads back the one that was chosen.
FINGER = """#!/bin/sh
exec grep -m 1 -F -f '{wanted}'
"""


class Watcher:
    """What stands on the screen, by listening to all that is said to the notification server and by it."""

    def __init__(self, address):
        self.up, self.asked = {}, {}
        self.connection = dbus.bus.BusConnection(address, mainloop=dbus.mainloop.glib.DBusGMainLoop())
        self.connection.set_exit_on_disconnect(False)
        self.connection.add_message_filter(self.on_message)
        self.connection.call_blocking(
            dbus.BUS_DAEMON_NAME,
            dbus.BUS_DAEMON_PATH,
            "org.freedesktop.DBus.Monitoring",
            "BecomeMonitor",
            "asu",
            ([f"interface='{NAME}'", "type='method_return'", "member='NameOwnerChanged'"], dbus.UInt32(0)),
        )

    def on_message(self, _, message):
        kind, member = message.get_type(), message.get_member()
        if kind == dbus.lowlevel.MESSAGE_TYPE_METHOD_CALL and member == "Notify":
            self.asked[message.get_sender(), message.get_serial()] = [plain(value) for value in message.get_args_list()]
        elif kind == dbus.lowlevel.MESSAGE_TYPE_METHOD_RETURN:
            self.on_answer(message, self.asked.pop((message.get_destination(), message.get_reply_serial()), None))
        elif kind == dbus.lowlevel.MESSAGE_TYPE_SIGNAL and member == "NotificationClosed":
            self.up.pop(plain(message.get_args_list()[0]), None)
        elif kind == dbus.lowlevel.MESSAGE_TYPE_SIGNAL and member == "NameOwnerChanged":
            if message.get_args_list()[0] == NAME:
                self.up.clear()
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    def on_answer(self, message, asked):
        if asked is None:
            return
        identity = plain(message.get_args_list()[0])
        _, replaces, _, title, body, actions, hints, _ = asked
        self.up[identity] = {
            "id": identity,
            "replaces": replaces,
            "title": title,
            "body": body,
            "actions": dict(zip(actions[::2], actions[1::2])),
            "hints": hints,
        }

    def stop(self):
        self.connection.close()


class Desktop:
    """
    dunst on a bus, with a virtual screen of its own or on `display`:

        desktop = Desktop(bus.address, folder)
        desktop.start()
        shown = desktop.wait_shown("Lisinopril")
        desktop.press(shown, "Taken")
        desktop.wait_gone("Lisinopril")
        desktop.stop()
    """

    def __init__(self, address, folder, display=None, markup="full", size="640x480"):
        self.folder, self.display, self.markup, self.size = Path(folder), display, markup, size
        self.screen = self.dunst = self.watcher = self.connection = None
        self.address = address
        self.environment = dict(os.environ, DBUS_SESSION_BUS_ADDRESS=address, HOME=str(folder), LC_ALL="C.UTF-8")
        self.environment.pop("WAYLAND_DISPLAY", None)

    def start(self):
        if self.display is None:
            self.start_screen()
        self.environment["DISPLAY"] = self.display
        self.watcher = Watcher(self.address)
        self.connection = dbus.bus.BusConnection(self.address, mainloop=dbus.mainloop.glib.DBusGMainLoop())
        self.connection.set_exit_on_disconnect(False)
        self.start_dunst()

    def stop(self):
        self.stop_dunst()
        if self.connection:
            self.connection.close()
        if self.watcher:
            self.watcher.stop()
        end(self.screen)
        self.screen = self.watcher = self.connection = None

    def start_screen(self):
        reading, writing = os.pipe()
        self.screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{self.size}x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=[writing],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as stream:
            self.display = ":" + Lines(stream).read(time.monotonic() + DEADLINE_SEC)

    def start_dunst(self):
        finger, configuration = self.folder / "finger", self.folder / "dunstrc"
        finger.write_text(FINGER.format(wanted=self.folder / "wanted"))
        finger.chmod(0o700)
        configuration.write_text(DUNSTRC.format(finger=finger, markup=self.markup))
        with open(self.folder / "dunst.log", "ab") as log:
            self.dunst = subprocess.Popen(
                ["dunst", "-conf", str(configuration)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait(lambda: self.connection.name_has_owner(NAME), "dunst does not start")

    def stop_dunst(self):
        end(self.dunst)
        self.dunst = None

    def restart_dunst(self):
        self.stop_dunst()
        self.start_dunst()

    def displayed(self):
        """How many dunst says are on its screen: it answers Notify before it draws."""
        arguments = ("org.dunstproject.cmd0", "displayedLength")
        return int(
            self.connection.call_blocking(
                NAME, PATH, dbus.PROPERTIES_IFACE, "Get", "ss", arguments, timeout=DEADLINE_SEC
            )
        )

    def shown(self, *words):
        """What is up and says all these words, as dictionaries with id, title, body, actions, hints."""
        return [
            notification
            for notification in self.watcher.up.values()
            if all(word in notification["title"] + "\n" + notification["body"] for word in words)
        ]

    def titles(self):
        return sorted(notification["title"] for notification in self.watcher.up.values())

    def wait_shown(self, *words):
        found = wait(lambda: self.shown(*words), lambda: f"nothing says {words}; up are {self.titles()}")[0]
        wait(lambda: self.displayed() == len(self.watcher.up), "dunst shows something else than it was told")
        return found

    def wait_gone(self, *words):
        wait(lambda: not self.shown(*words), f"what says {words} stays")

    def press(self, notification, label):
        """Presses a button by the words on it."""
        if label not in notification["actions"].values():
            raise AssertionError(f"no button {label!r} among {list(notification['actions'].values())}")
        (self.folder / "wanted").write_text(f"#{label} ({notification['title']}) [{notification['id']},")
        self.dunstctl("context")

    def close(self):
        """Closes the newest, as a person does who has seen it."""
        self.dunstctl("close")

    def dunstctl(self, *arguments):
        subprocess.run(["dunstctl", *arguments], env=self.environment, check=True, timeout=DEADLINE_SEC)

    def screenshot(self, path):
        """The whole screen, once dunst has drawn."""
        subprocess.run(
            ["import", "-display", self.display, "-window", "root", str(path)], check=True, timeout=DEADLINE_SEC
        )
