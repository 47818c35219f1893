# SPDX-License-Identifier: LGPL-2.1-or-later
"""A dosed --system with the folders of a service, and a bus with the system's policy that several Unix users are on."""

import os
import pwd
import subprocess
import time
from pathlib import Path

import dbus
import dbus.bus
import dbus.mainloop.glib
from gi.repository import GLib

from harness import DEADLINE_SEC, NAME, PATH, ROOT, Bus, Dosed, Lines, plain

# As /usr/share/dbus-1/system.conf has it on Debian and Fedora, without its services.
SYSTEM_POLICY = """<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN'
 'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'>
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context='default'>
<allow user='*'/><deny own='*'/><deny send_type='method_call'/><allow send_type='signal'/>
<allow send_requested_reply='true' send_type='method_return'/><allow send_requested_reply='true' send_type='error'/>
<allow receive_type='method_call'/><allow receive_type='method_return'/><allow receive_type='error'/>
<allow receive_type='signal'/>
<allow send_destination='org.freedesktop.DBus' send_interface='org.freedesktop.DBus'/>
</policy>
<limit name='max_connections_per_user'>2000</limit>
<include>{policy}</include>
</busconfig>
"""


class SystemBus(Bus):
    """A bus of everybody on the machine, on which dosed has no more than its own policy file gives it."""

    def __init__(self, folder):  # pylint: disable=super-init-not-called
        folder = Path(folder)
        folder.chmod(0o711)
        policy = folder / "org.dosed.Dosed1.conf"
        policy.write_text((ROOT / "dbus/org.dosed.Dosed1.conf").read_text().replace('user="dosed"', 'user="root"'))
        configuration = folder / "system-bus.conf"
        configuration.write_text(SYSTEM_POLICY.format(socket=folder / "system-bus", policy=policy))
        with open(folder / "system-bus.log", "ab") as log:
            self.process = subprocess.Popen(
                ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile", "--print-address"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.address = Lines(self.process.stdout).read(time.monotonic() + DEADLINE_SEC)


class Household(Dosed):
    """One dosed --system with the folders that a service is given."""

    mode = "--system"

    def __init__(self, configuration=None, everybody=False):
        super().__init__(None)
        if everybody:
            self.bus.stop()
            self.bus = SystemBus(self.folder)
        self.environment.pop("DBUS_SESSION_BUS_ADDRESS")
        self.environment["DBUS_SYSTEM_BUS_ADDRESS"] = self.bus.address
        self.state = self.folder / "var"
        self.calendars = self.state / "calendars"
        for name, path in (("STATE", self.state), ("CONFIGURATION", self.folder / "etc"), ("RUNTIME", self.folder / "run/d")):
            path.mkdir()
            self.environment[f"{name}_DIRECTORY"] = str(path)
        if configuration is not None:
            self.configure(configuration)

    def configure(self, text):
        self.configuration = text
        (self.folder / "etc/dosed.conf").write_text(text)


def unix_users(n):
    """Names of some users that every machine has, none of them root; fewer where it has not so many."""
    return sorted({entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != 0 and
                   entry.pw_name == pwd.getpwuid(entry.pw_uid).pw_name and entry.pw_name.isalpha()})[:n]


class Member:
    """Somebody's connection, by the number of their user: the bus looks at who connects, then never again."""

    def __init__(self, address, uid):
        before = os.geteuid()
        os.seteuid(uid)
        try:
            self.connection = dbus.bus.BusConnection(address, mainloop=dbus.mainloop.glib.DBusGMainLoop())
        finally:
            os.seteuid(before)
        self.connection.set_exit_on_disconnect(False)
        self.connection.add_message_filter(self.note)
        self.signals = []

    def note(self, _connection, message):
        if message.get_type() == 4 and (message.get_interface() or "").startswith(NAME):
            self.signals.append((message.get_member(), plain(dbus.Array(message.get_args_list(), signature="v"))))

    def call(self, method, signature="", *arguments, path=PATH, interface="Manager"):
        interface = interface if "." in interface else f"{NAME}.{interface}"
        return self.connection.call_blocking(NAME, path, interface, method, signature, arguments, timeout=DEADLINE_SEC)

    def try_call(self, *arguments, **where):
        """What came of a call: (answer, None), or (None, (name of the error, its words))."""
        try:
            answer = self.call(*arguments, **where)
        except dbus.DBusException as error:
            return None, (error.get_dbus_name().rpartition(".")[2], error.get_dbus_message())
        return plain(answer), None

    def error(self, *arguments, **where):
        """The last word of the error's name; "" where there is none."""
        _, error = self.try_call(*arguments, **where)
        return error[0] if error else ""

    def get(self, name, **where):
        interface = where.get("interface", "Manager")
        return plain(self.call("Get", "ss", f"{NAME}.{interface}", name, interface=dbus.PROPERTIES_IFACE,
                               path=where.get("path", PATH)))

    def introspect(self, path=PATH):
        return str(self.call("Introspect", path=path, interface=dbus.INTROSPECTABLE_IFACE))

    def doses(self, person="", **options):
        answer = self.call("ListDoses", "stta{sv}", person, dbus.UInt64(0), dbus.UInt64(2**62),
                           dbus.Dictionary(options, signature="sv"))
        return [dict(plain(details), path=str(path)) for path, details in answer]

    def messages(self, **options):
        return plain(self.call("ListMessages", "tta{sv}", 0, 2**62, dbus.Dictionary(options, signature="sv"), interface="Outbox"))

    def hear(self):
        """What came since the last time: the answer to a call comes after all that was sent before it."""
        self.get("Version")
        while GLib.MainContext.default().iteration(False):
            pass
        heard, self.signals = self.signals, []
        return heard

    def wait_for(self, name, predicate=lambda arguments: True):
        """The arguments of the next such signal. What came before it is dropped."""
        deadline, timed_out = time.monotonic() + DEADLINE_SEC * 3, []
        timer = GLib.timeout_add_seconds(1, lambda: timed_out.append(True) or True)
        try:
            while True:
                while self.signals:
                    signal, arguments = self.signals.pop(0)
                    if signal == name and predicate(arguments):
                        return arguments
                if time.monotonic() > deadline:
                    raise AssertionError(f"{name} did not come")
                GLib.MainContext.default().iteration(True)
        finally:
            GLib.source_remove(timer)

    def close(self):
        self.connection.close()
