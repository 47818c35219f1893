# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real dosed and dosectl on a bus and in folders of their own. Tests wait for events with a deadline, never by the clock."""

import fcntl
import contextlib
import datetime
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from pathlib import Path

import dbus
import dbus.bus

ROOT = Path(__file__).resolve().parents[2]
NAME = "org.dosed.Dosed1"
PATH = "/org/dosed/Dosed1"
DEADLINE_SEC = 20  # a slow machine under a sanitizer needs a few; whoever needs more hangs

PERSON = "ana"

CONFIGURATION = """[dosed]
timezone = UTC
settle = 1s

[person ana]
"""


def program(name):
    path = (ROOT / os.environ.get("DOSED_BUILD", "build/plain") / name).resolve()
    if not path.exists():
        raise AssertionError(f"{path} is not there: run make first")
    return str(path)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def utc(moment):
    return moment.astimezone(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def usec(moment):
    return int(moment.timestamp() * 1_000_000)


def wait_until(moment):
    """Only where the passing of time is what is tested and nobody is there to tell: a daemon that is down, say."""
    while (left := (moment - now()).total_seconds()) > 0:
        select.select([], [], [], left)


def reminder(medication):
    """For Monitor.wait_for: somebody is reminded of it."""
    return lambda said: said["event"] == "ReminderDue" and said["medication"] == medication


def changed(medication, state):
    """For Monitor.wait_for: it has come to this state."""
    return lambda said: (
        said["event"] == "DoseChanged" and (said["medication"], said["state"]) == (medication, state)
    )


def event(summary, due, uid=None, kind="VEVENT", **properties):
    """
    One component due at a moment, as UTC: event("Aspirin", now(), RRULE="FREQ=DAILY", X_DOSED_WINDOW="PT6S").
    An underscore in a name stands for a hyphen; `due` may be text that replaces all of DTSTART's value, or None.
    """
    lines = [f"BEGIN:{kind}", f"UID:{uid or uuid.uuid4()}", f"DTSTAMP:{utc(now())}"]
    if due is not None:
        lines.append(f"DTSTART:{due if isinstance(due, str) else utc(due)}")
    lines.append(f"SUMMARY:{summary}")
    lines += [f"{name.replace('_', '-')}:{value}" for name, value in properties.items()]
    lines.append(f"END:{kind}")
    return "\r\n".join(lines)


def calendar(*events):
    body = "\r\n".join(events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dosed tests//EN\r\n{body}\r\nEND:VCALENDAR\r\n"


def sealed(text):
    """A memfd as PutCalendar takes it; the caller closes it."""
    descriptor = os.memfd_create("plan", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(descriptor, text.encode())
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
    return descriptor


class Timeout(AssertionError):
    """Something that was waited for did not come."""


class Lines:
    """Lines of a child's stdout, waited for with a deadline."""

    def __init__(self, stream):
        self.stream = stream
        self.rest = b""

    def read(self, deadline):
        """The next line, or None at the end of the stream."""
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.stream], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise Timeout("no line came in time")
            chunk = os.read(self.stream.fileno(), 65536)
            if not chunk:
                return None
            self.rest += chunk
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode()


class Bus:
    """A private session bus. Nothing on it is started by activation but what a test puts into `services`."""

    def __init__(self, folder):
        self.services = Path(folder) / "services"
        self.services.mkdir()
        configuration = Path(folder) / "bus.conf"
        configuration.write_text(
            "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN'"
            " 'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'>\n"
            f"<busconfig><type>session</type><listen>unix:dir={folder}</listen><auth>EXTERNAL</auth>"
            f"<servicedir>{self.services}</servicedir>"
            "<policy context='default'><allow send_destination='*' eavesdrop='true'/>"
            "<allow eavesdrop='true'/><allow own='*'/></policy></busconfig>\n"
        )
        with open(Path(folder) / "bus.log", "ab") as log:
            self.process = subprocess.Popen(
                ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--print-address"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.address = Lines(self.process.stdout).read(time.monotonic() + DEADLINE_SEC)

    def stop(self):
        end(self.process)

    def connect(self):
        """A connection of its own, so that no test sees another's matches. The caller closes it."""
        connection = dbus.bus.BusConnection(self.address)
        connection.set_exit_on_disconnect(False)
        return connection


def end(process, sent=signal.SIGTERM):
    """Ends a child and collects it; one that does not go is killed, and that fails the test."""
    if process is None:
        return None
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()
    if process.poll() is None:
        process.send_signal(sent)
        try:
            process.wait(DEADLINE_SEC)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Timeout(f"{process.args[0]} did not end by {sent.name}") from None
    return process.returncode


class Notifications:
    """The service manager's side of sd_notify(3): it always listens, since a full socket would stop whoever speaks."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.socket.bind(self.path)
        self.seen = []
        self.heard = threading.Condition()
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        while said := self.socket.recv(4096):
            with self.heard:
                self.seen += said.decode().splitlines()
                self.heard.notify_all()

    def wait(self, wanted, deadline=None, alive=lambda: True):
        """Waits until `wanted` ("READY=1") was said, after what was waited for before."""
        deadline = deadline or time.monotonic() + DEADLINE_SEC
        with self.heard:
            while wanted not in self.seen:
                if time.monotonic() > deadline:
                    raise Timeout(f"{wanted} was not said; heard {self.seen}")
                # Short waits only to notice a child that died; nothing is waited for by the clock.
                if not self.heard.wait(0.1) and not alive():
                    raise Timeout(f"ended before it said {wanted}")
            del self.seen[: self.seen.index(wanted) + 1]

    def forget(self):
        """Forgets what a process said that has ended since."""
        with self.heard:
            self.seen.clear()

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as last:
            last.sendto(b"", self.path)
        self.listener.join()
        self.socket.close()


class Monitor:
    """`dosectl monitor --json`: every event that dosed sends, in order."""

    def __init__(self, dosed):
        self.process = subprocess.Popen(
            [program("dosectl"), dosed.mode, "monitor", "--json"],
            env=dosed.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        self.lines = Lines(self.process.stdout)
        self.seen = []
        self.wait_for(lambda event: event["event"] == "ready")

    def wait_for(self, predicate, timeout=DEADLINE_SEC):
        """The next event, after the last one returned, that fits. The ones in between are kept in `seen`."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self.lines.read(deadline)
            except Timeout:
                raise Timeout(f"no such event came, but {self.summary()}") from None
            if line is None:
                raise Timeout(f"the monitor ended after {self.summary()}")
            said = json.loads(line)
            self.seen.append(said)
            if predicate(said):
                return said

    def summary(self):
        keys = ("event", "person", "medication", "state")
        return "; ".join(" ".join(said[key] for key in keys if key in said) for said in self.seen[-20:])

    def stop(self):
        return end(self.process)


class Dosed:
    """
    One daemon with its folders and its bus:

        with Dosed() as dosed:
            dosed.put_ics("aspirin", calendar(event("Aspirin", now())))
            dosed.start()
    """

    mode = "--user"

    def __init__(self, configuration=CONFIGURATION, bus=None):
        self.folder = Path(tempfile.mkdtemp(prefix="dosed-"))
        self.process = None
        self.notifications = None
        self.own_bus = bus is None
        self.monitors, self.connections = [], []
        self.folders = {
            name: self.folder / short
            for name, short in {
                "HOME": "home",
                "XDG_CONFIG_HOME": "config",
                "XDG_DATA_HOME": "data",
                "XDG_STATE_HOME": "state",
                "XDG_CACHE_HOME": "cache",
                "XDG_RUNTIME_DIR": "run",
            }.items()
        }
        for path in self.folders.values():
            path.mkdir(mode=0o700)
        self.bus = bus or Bus(self.folder)
        self.calendars = self.folder / "data/dosed/calendars"
        self.state = self.folder / "state/dosed"
        self.log = self.folder / "dosed.log"
        self.configuration = configuration
        if configuration is not None:
            self.configure(configuration)
        self.calendars_of(PERSON).mkdir(parents=True, exist_ok=True)
        self.notifications = Notifications(self.folder / "notify")
        self.environment = dict(
            os.environ,
            DBUS_SESSION_BUS_ADDRESS=self.bus.address,
            DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={self.folder}/no-system-bus",
            TZ="UTC",
            LC_ALL="C.UTF-8",
            NO_COLOR="1",
            **{name: str(path) for name, path in self.folders.items()},
        )
        for name in ("NOTIFY_SOCKET", "DISPLAY", "WAYLAND_DISPLAY", "JOURNAL_STREAM", "DBUS_STARTER_ADDRESS"):
            self.environment.pop(name, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def configure(self, text):
        """Writes dosed.conf. Each person's folder is the one below the data folder, as without `calendars`."""
        for person in re.findall(r"^\[person (.+)\]$", text, re.MULTILINE):
            self.calendars_of(person).mkdir(parents=True, exist_ok=True)
        path = self.folder / "config/dosed/dosed.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def calendars_of(self, person):
        """The folder of a person; without a configuration there is one person with one folder."""
        return self.calendars if self.configuration is None else self.calendars / person

    def put_ics(self, name, text, person=PERSON):
        """Puts a plan file in place at once, as a careful calendar program does."""
        folder = self.calendars_of(person)
        temporary = folder / f".{name}.part"
        temporary.write_bytes(text.encode() if isinstance(text, str) else text)
        temporary.rename(folder / f"{name}.ics")

    def remove_ics(self, name, person=PERSON):
        (self.calendars_of(person) / f"{name}.ics").unlink()

    def start(self, *arguments, wait=True, prefix=(), **environment):
        assert self.process is None
        self.notifications.forget()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*prefix, program("dosed"), self.mode, *arguments],
                env=dict(self.environment, NOTIFY_SOCKET=self.notifications.path, **environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        try:
            self.notifications.wait("READY=1", alive=lambda: self.process.poll() is None)
        except Timeout as error:
            raise Timeout(f"dosed is not ready: {error}\n{self.stderr()}") from None

    def wait_stderr(self, words):
        deadline = time.monotonic() + DEADLINE_SEC
        while words not in self.stderr():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Timeout(f"it never said {words!r}\n{self.stderr()}")
            select.select([], [], [], 0.01)

    def stop(self):
        """Ends it as the service manager does, and says what it ended with."""
        process, self.process = self.process, None
        return end(process)

    def kill(self):
        """As a power cut does, as far as a process can tell."""
        process, self.process = self.process, None
        return end(process, signal.SIGKILL)

    def restart(self, *arguments):
        self.stop()
        return self.start(*arguments)

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def stderr(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def dosectl(self, *arguments, check=None, **environment):
        """Runs dosectl; gives its exit status and what it said. With `check`, another status fails the test."""
        done = subprocess.run(
            [program("dosectl"), self.mode, *arguments],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DEADLINE_SEC,
            text=True,
        )
        if check is not None and done.returncode != check:
            raise AssertionError(
                f"dosectl {' '.join(arguments)}: exit {done.returncode}, not {check}\n{done.stdout}{done.stderr}"
            )
        return done

    def json(self, *arguments):
        return json.loads(self.dosectl("--json", *arguments, check=0).stdout)

    def monitor(self):
        monitor = Monitor(self)
        self.monitors.append(monitor)
        return monitor

    def proxy(self, path=PATH, interface=f"{NAME}.Manager"):
        """An object of dosed as dbus-python shows it; its calls time out."""
        connection = self.bus.connect()
        self.connections.append(connection)
        return Proxy(connection, path, interface)

    def doses(self, person="", start=None, until=None, **options):
        """What ListDoses answers, as plain dictionaries, each with its path."""
        start = start or now() - datetime.timedelta(days=1)
        until = until or now() + datetime.timedelta(days=1)
        answer = self.proxy().ListDoses(person, dbus.UInt64(usec(start)), dbus.UInt64(usec(until)),
                                        dbus.Dictionary(options, signature="sv"))
        return [dict(plain(details), path=str(path)) for path, details in answer]

    def dose(self, path):
        return self.proxy(path, f"{NAME}.Dose")

    def close(self):
        try:
            with contextlib.ExitStack() as stack:
                stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
                stack.callback(self.notifications.close)
                if self.own_bus:
                    stack.callback(self.bus.stop)
                stack.callback(self.check_log)
                stack.callback(self.stop)
                for monitor in self.monitors:
                    stack.callback(monitor.stop)
                for connection in self.connections:
                    stack.callback(connection.close)
        finally:
            self.monitors, self.connections = [], []

    def check_log(self):
        """A sanitizer's report is a failure wherever it stands."""
        text = self.stderr()
        for word in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:"):
            if word in text:
                raise AssertionError(text)


class Proxy:
    """Calls and properties of one interface of one object."""

    def __init__(self, connection, path, interface):
        self.object = connection.get_object(NAME, path, introspect=False)
        self.interface = interface

    def __getattr__(self, method):
        bound = self.object.get_dbus_method(method, self.interface)
        return lambda *arguments: bound(*arguments, timeout=DEADLINE_SEC)

    def get(self, name):
        return plain(
            self.object.Get(self.interface, name, dbus_interface=dbus.PROPERTIES_IFACE, timeout=DEADLINE_SEC)
        )

    def get_all(self):
        return plain(self.object.GetAll(self.interface, dbus_interface=dbus.PROPERTIES_IFACE, timeout=DEADLINE_SEC))

    def introspect(self):
        return str(self.object.Introspect(dbus_interface=dbus.INTROSPECTABLE_IFACE, timeout=DEADLINE_SEC))


def plain(value):
    """dbus-python's types as Python's own."""
    if isinstance(value, dbus.Dictionary):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (dbus.Array, dbus.Struct)):
        return [plain(item) for item in value]
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, dbus.Double):
        return float(value)
    if isinstance(value, (dbus.String, dbus.ObjectPath, dbus.Signature)):
        return str(value)
    if isinstance(value, int):
        return int(value)
    return value


def error_name(call, *arguments):
    """The name of the D-Bus error that a call ends with, "" where it succeeds."""
    try:
        call(*arguments)
    except dbus.DBusException as error:
        return error.get_dbus_name().removeprefix(f"{NAME}.Error.")
    return ""
