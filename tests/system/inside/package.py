# SPDX-License-Identifier: LGPL-2.1-or-later
"""The package as an administrator meets it: installed, started, upgraded, removed and purged."""

import contextlib
import grp
import os
import pwd
import re
import signal
import stat
import tempfile
import unittest
from datetime import timedelta
from pathlib import Path

from machine import ANA, CALENDARS, CONFIGURATION, STATE, dosectl, now, run, show, systemctl
from session import Sessions

# machine.py says where this is
from harness import event

PACKAGE = "/dosed.deb"
PASSWORD = Path("/etc/credstore/dosed.smtp-password")
FORMER = "/former.deb"  # the same, but of a version before every other, and with units of old
# Where a package may put anything. Logs and caches are for those who keep them, and of the rest of dpkg's own nothing is named so.
PLACES = ("/etc", "/usr", "/var/lib", "/var/spool", "/opt", "/srv", "/home", "/root")


def dpkg(*arguments):
    return run("dpkg", *arguments, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8"))


def make_former():
    with tempfile.TemporaryDirectory() as folder:
        run("dpkg-deb", "--raw-extract", PACKAGE, folder)
        control = Path(folder, "DEBIAN/control")
        control.write_text(re.sub(r"^Version: .*", "Version: 0~former", control.read_text(), flags=re.MULTILINE))
        for unit in Path(folder).rglob("*.service"):
            os.utime(unit, (0, 0))
        run("dpkg-deb", "-Znone", "--build", folder, FORMER)


def version():
    return run("dpkg-query", "--show", "--showformat=${Version}", "dosed").stdout


def is_known():
    return bool(run("dpkg-query", "--show", "dosed", check=None).stdout)


def belongings():
    """What is called after dosed, or is its user's. All that is there would also be what others do on this machine meanwhile."""
    users = {entry.pw_uid for entry in pwd.getpwall() if entry.pw_name == "dosed"}
    found = set()
    for place in PLACES:
        for folder, folders, files in os.walk(place):
            for path in (os.path.join(folder, name) for name in folders + files):
                with contextlib.suppress(FileNotFoundError):
                    if "dosed" in path.lower() or os.lstat(path).st_uid in users:
                        found.add(path)
    return found


class Package(Sessions):
    """Each test begins where no such package ever was."""

    @classmethod
    def setUpClass(cls):
        # How machines are kept that are only containers: nothing is started, manual pages are left out.
        Path("/usr/sbin/policy-rc.d").unlink(missing_ok=True)
        for path in Path("/etc/dpkg/dpkg.cfg.d").glob("*"):
            path.unlink()
        make_former()

    def clear(self):
        if is_known():
            dpkg("--purge", "dosed")

    def take_one(self, package=PACKAGE):
        """A household in which one dose was taken."""
        dpkg("--install", package)
        self.configure(ANA)
        systemctl("enable", "--quiet", "--now", "dosed.service")
        self.wait("there is a folder for plans", lambda: (CALENDARS / "ana").exists())
        self.put("aspirin", event("Aspirin", now() + timedelta(minutes=30), X_DOSED_WINDOW="PT1H"))
        self.wait_dose("Aspirin", "upcoming")
        dosectl("take", "Aspirin")

    def test_installing_puts_everything_in_its_place_and_starts_nothing(self):
        dpkg("--install", PACKAGE)
        self.assertEqual([name for name in dpkg("--listfiles", "dosed").stdout.splitlines() if not os.path.lexists(name)], [])
        self.assertEqual(systemctl("is-enabled", "dosed.service", check=None).stdout.strip(), "disabled")
        self.assertEqual(show("ActiveState"), "inactive")
        self.assertEqual(list(Path("/etc/systemd/user").rglob("*dosed*")), [])
        configuration = CONFIGURATION.parent.stat()
        self.assertEqual(
            (stat.S_IMODE(configuration.st_mode), configuration.st_uid, grp.getgrgid(configuration.st_gid).gr_name), (0o750, 0, "dosed")
        )
        self.assertEqual(stat.S_IMODE(STATE.stat().st_mode), 0o700)

    def test_the_service_starts_with_an_empty_household(self):
        dpkg("--install", PACKAGE)
        systemctl("enable", "--quiet", "--now", "dosed.service")
        self.assertEqual(show("ActiveState"), "active")
        self.assertEqual(self.doses(), [])
        dosectl("status")

    def test_upgrading_restarts_what_runs_and_keeps_the_ledger(self):
        self.take_one(FORMER)
        self.assertEqual(version(), "0~former")
        former = show("MainPID")
        dpkg("--install", PACKAGE)
        self.assertNotEqual(version(), "0~former")
        self.wait_new_process(former)
        self.wait_dose("Aspirin", "taken")
        self.assertEqual(CONFIGURATION.read_text(), ANA)
        self.assertEqual(systemctl("is-enabled", "dosed.service").stdout.strip(), "enabled")

    def test_upgrading_starts_nothing_that_did_not_run(self):
        for package in (FORMER, PACKAGE, PACKAGE):
            dpkg("--install", package)
        self.assertEqual(show("ActiveState"), "inactive")
        self.assertEqual(systemctl("is-enabled", "dosed.service", check=None).stdout.strip(), "disabled")

    def begin_own(self, *units):
        """Ana lingers, and these run for her alone. Their processes."""
        dpkg("--install", FORMER)
        self.addCleanup(self.end_session, "ana")
        self.open_session("ana")
        self.user_systemctl("ana", "enable", "--quiet", "--now", *units)
        processes = {unit: self.shown_of("ana", "MainPID", unit) for unit in units}
        self.assertNotIn("0", processes.values())
        return processes

    def test_upgrading_restarts_what_runs_in_sessions_and_starts_it_in_no_other(self):
        former = self.begin_own("dosed", "dosed-agent")
        self.addCleanup(self.end_session, "stranger")
        self.open_session("stranger")
        dpkg("--install", PACKAGE)
        for unit, process in former.items():
            self.assertEqual(self.shown_of("ana", "ActiveState", unit), "active")
            self.assertNotEqual(self.shown_of("ana", "MainPID", unit), process)
            self.assertEqual(self.shown_of("ana", "NeedDaemonReload", unit), "no")
            self.assertEqual(self.shown_of("stranger", "ActiveState", unit), "inactive")

    def test_upgrading_restarts_nothing_in_sessions_where_the_machine_forbids_it(self):
        former = self.begin_own("dosed")
        policy = Path("/usr/sbin/policy-rc.d")
        self.addCleanup(policy.unlink)
        policy.write_text('#!/bin/sh\n[ "$1" != dosed.service ] || exit 101\n')
        policy.chmod(0o755)
        dpkg("--install", PACKAGE)
        self.assertEqual(self.shown_of("ana", "MainPID", "dosed"), former["dosed"])

    def test_removing_ends_what_runs_in_sessions(self):
        former = self.begin_own("dosed", "dosed-agent")
        dpkg("--remove", "dosed")
        for process in former.values():
            self.assertFalse(Path("/proc", process).exists())
        self.assertEqual(self.shown_of("ana", "ActiveState", "default.target"), "active")

    def test_a_session_that_hangs_holds_up_no_upgrade(self):
        self.begin_own("dosed")
        manager = int(systemctl("show", "--value", "--property=MainPID", self.manager("ana")).stdout)
        os.kill(manager, signal.SIGSTOP)
        try:
            said = dpkg("--install", PACKAGE)
        finally:
            os.kill(manager, signal.SIGCONT)
        self.assertIn("runs on; they can", said.stderr + said.stdout)
        self.assertNotEqual(version(), "0~former")

    def test_removing_stops_it_and_keeps_what_is_the_households(self):
        self.take_one()
        process = Path("/proc", show("MainPID"))
        dpkg("--remove", "dosed")
        self.assertFalse(process.exists())
        self.assertFalse(Path("/usr/bin/dosed").exists())
        self.assertEqual(CONFIGURATION.read_text(), ANA)
        dpkg("--install", PACKAGE)
        self.start()
        self.wait_dose("Aspirin", "taken")

    def test_purging_leaves_nothing_behind(self):
        before = belongings()
        self.take_one()
        systemctl("--global", "enable", "--quiet", "dosed.service", "dosed-agent.service")
        PASSWORD.parent.mkdir(exist_ok=True)
        PASSWORD.write_text("secret\n")
        self.assertLess({"/usr/bin/dosed", str(PASSWORD)}, belongings() - before)
        dpkg("--purge", "dosed")
        self.assertEqual(sorted(belongings() - before), [])
        self.assertEqual(show("LoadState"), "not-found")


if __name__ == "__main__":
    unittest.main()
