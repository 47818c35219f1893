# SPDX-License-Identifier: LGPL-2.1-or-later
"""The dosed of a household as its administrator meets it: systemctl, journalctl, dosectl, and files in their places."""

import json
import os
import pwd
import select
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

SOURCE = Path("/source/tests")
sys.path[:0] = [str(SOURCE / "bus"), str(SOURCE / "mail")]

import harness  # noqa: E402
from harness import calendar, now  # noqa: E402

DEADLINE_SEC = 120  # things take seconds here; on a machine that is busy otherwise, many more
harness.DEADLINE_SEC = DEADLINE_SEC  # of what is imported from there after this

CONFIGURATION = Path("/etc/dosed/dosed.conf")
STATE = Path("/var/lib/dosed")
CALENDARS = STATE / "calendars"
DROP_INS = Path("/run/systemd/system/dosed.service.d")
ANA = "[dosed]\ntimezone = UTC\nsettle = 1s\n\n[person ana]\n"

# As in include/dosed/log.h.
STARTED, CONFIG_REFUSED, BROKE_OFF = (f"8f4e1c0f5d6a4c0fa3b3d1b1f2c55a{number}" for number in ("01", "06", "07"))


def run(*command, check=0, **options):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=DEADLINE_SEC, check=False,
                          **options)  # fmt: skip
    if check is not None and done.returncode != check:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}, not {check}\n{done.stdout}{done.stderr}")
    return done


def systemctl(*arguments, check=0):
    return run("systemctl", *arguments, check=check)


def dosectl(*arguments, check=0):
    return run("dosectl", *arguments, check=check)


def show(name):
    """A property of the service, as text."""
    return systemctl("show", "--value", "--property", name, "dosed.service").stdout.strip()


def add_user(name):
    """A person with a login on this machine, whom the tests before may have made already."""
    run("useradd", "--create-home", "--shell", "/bin/sh", name, check=None)
    return pwd.getpwnam(name)


def run_as(name, *command, check=0):
    """A command of that user, with nothing of root's, as in a session where they have one."""
    user = pwd.getpwnam(name)
    environment = {"HOME": user.pw_dir, "USER": name, "LOGNAME": name, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    runtime = f"/run/user/{user.pw_uid}"
    if os.path.exists(runtime):
        environment["XDG_RUNTIME_DIR"] = runtime
    return run(*command, check=check, user=user.pw_uid, group=user.pw_gid, extra_groups=[], cwd=user.pw_dir, env=environment)


class Household(unittest.TestCase):
    """Each test begins with nothing configured, nothing recorded and nothing running."""

    def setUp(self):
        self.clear()
        cursor = run("journalctl", "--lines=0", "--show-cursor", "--quiet").stdout.partition("-- cursor: ")[2].strip()
        self.since = f"--after-cursor={cursor}"
        self.addCleanup(self.clear)

    def clear(self):
        systemctl("stop", "dosed.service")
        systemctl("reset-failed")
        if systemctl("is-enabled", "--quiet", "dosed.service", check=None).returncode == 0:
            systemctl("disable", "--quiet", "dosed.service")
        if DROP_INS.exists():
            shutil.rmtree(DROP_INS)
            systemctl("daemon-reload")
        for path in [*STATE.glob("*"), CONFIGURATION]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def configure(self, text):
        CONFIGURATION.write_text(text)
        run("systemd-tmpfiles", "--create", "dosed.conf")

    def drop_in(self, text):
        DROP_INS.mkdir(parents=True)
        (DROP_INS / "test.conf").write_text(text)
        systemctl("daemon-reload")

    def start(self, configuration=None):
        if configuration is not None:
            self.configure(configuration)
        done = systemctl("start", "dosed.service", check=None)
        self.assertEqual(done.returncode, 0, done.stderr + self.journal())

    def put(self, name, *events, person="ana"):
        part = CALENDARS / person / f".{name}.part"
        part.write_text(calendar(*events), newline="")
        shutil.chown(part, "dosed", "dosed")
        part.rename(CALENDARS / person / f"{name}.ics")

    def journal(self, **fields):
        """What dosed, and systemd of it, have said in this test, where the fields are so."""
        return self.read_journal(
            lambda entry: "dosed.service" in (entry.get("UNIT"), entry.get("_SYSTEMD_UNIT"))
            and all(entry.get(name) == value for name, value in fields.items())
        )

    def read_journal(self, is_wanted):
        # journalctl would lose the first entry: its matches and --after-cursor do not go together.
        done = run("journalctl", "--quiet", self.since, "--output=json", check=None)
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        return "".join(f"{entry['MESSAGE']}\n" for entry in entries if is_wanted(entry))

    def said(self, message):
        return self.journal(_SYSTEMD_UNIT="dosed.service", MESSAGE_ID=message)

    def wait(self, what, is_so):
        """The first thing that is_so() gives that is true."""
        deadline = time.monotonic() + DEADLINE_SEC
        while not (found := is_so()):
            if time.monotonic() > deadline:
                self.fail(f"{what}: never\n{self.journal()}")
            select.select([], [], [], 0.1)
        return found

    def doses(self):
        done = dosectl("--json", "list", check=None)
        return json.loads(done.stdout) if done.returncode == 0 else []

    def wait_dose(self, medication, state):
        return self.wait(
            f"{medication} is {state}",
            lambda: [dose for dose in self.doses() if (dose["medication"], dose["state"]) == (medication, state)],
        )[0]

    def wait_new_process(self, former):
        return self.wait("it is back", lambda: show("ActiveState") == "active" and show("MainPID") not in (former, "0"))
