# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service of a household: its sandbox and what works in there, how it ends, comes back and is talked to."""

import email
import email.policy
import json
import os
import re
import signal
import stat
import time
import unittest
from datetime import timedelta
from pathlib import Path

from machine import ANA, BROKE_OFF, CALENDARS, CONFIG_REFUSED, CONFIGURATION, STARTED, STATE, Household
from machine import dosectl, now, run, show, systemctl

# machine.py says where these are
from harness import event
from servers import MailServer, Passwords

WAKE_ALARM = 35  # capability.h
EXPOSURE = 1.5

# What a hook sees of its sandbox, with the event it is called for.
HOOK = """#!/usr/bin/python3
import json, os, sys
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
def may_write(folder):
    try:
        open(folder + "/hook-was-here", "w").close()
        os.unlink(folder + "/hook-was-here")
        return True
    except OSError:
        return False
print(json.dumps({
    "event": os.environ["DOSED_EVENT"],
    "text": json.load(sys.stdin)["text"],
    "no_new_privileges": status["NoNewPrivs"],
    "user": status["Uid"].split()[0],
    "writes": [folder for folder in ("/usr", "/etc", "/etc/dosed", "/home", "/run", "/var/lib/dosed") if may_write(folder)],
}), file=open("/var/lib/dosed/told.part", "w"))
os.rename("/var/lib/dosed/told.part", "/var/lib/dosed/told")
"""


def status_of(process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def mail(server, *more):
    return "\n".join(["", "[caregiver maria]", "name = Maria", "email = maria@example.org", "after = 0", "",
                      "[mail]", f"smtp = {server.url()}", "from = dosed@example.org", *more, ""])  # fmt: skip


class Service(Household):
    def exposure(self):
        done = run("systemd-analyze", "--no-pager", f"--threshold={int(EXPOSURE * 10)}", "security", "dosed.service", check=None)
        return float(re.search(r"Overall exposure level for dosed.service: ([\d.]+)", done.stdout)[1]), done.stdout

    def mail_server(self, **options):
        server = MailServer(**options)
        self.addCleanup(server.close)
        return server

    def hook(self, text):
        path = Path("/usr/local/bin/hook")
        path.write_text(text)
        path.chmod(0o755)
        self.addCleanup(path.unlink)
        return path

    def test_it_is_up_and_hardened(self):
        self.start(ANA)
        self.assertEqual((show("ActiveState"), show("User")), ("active", "dosed"))
        level, table = self.exposure()
        print(f"# systemd-analyze security: {level}")
        self.assertLessEqual(level, EXPOSURE, table)
        status = status_of(show("MainPID"))
        self.assertNotEqual(status["Uid"].split()[0], "0")
        self.assertEqual(status["NoNewPrivs"], "1")
        for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[kind], 16), 1 << WAKE_ALARM, kind)

    def test_its_files_are_nobody_elses(self):
        self.start(ANA)
        user = os.stat(STATE).st_uid
        self.assertNotEqual(user, 0)
        for path in (STATE, CALENDARS, CALENDARS / "ana"):
            self.assertEqual((stat.S_IMODE(path.stat().st_mode), path.stat().st_uid), (0o700, user), path)
        self.assertEqual(stat.S_IMODE((STATE / "dosed.db").stat().st_mode), 0o600)
        for path, mode in ((CONFIGURATION.parent, 0o750), (CONFIGURATION, 0o640)):
            self.assertEqual((stat.S_IMODE(path.stat().st_mode), path.stat().st_uid), (mode, 0), path)

    def test_an_empty_household_waits_until_somebody_moves_in(self):
        self.start()
        self.assertEqual(show("ActiveState"), "active")
        self.assertEqual(self.doses(), [])
        self.configure(ANA)
        systemctl("reload", "dosed")
        self.put("a", event("Aspirin", now() + timedelta(seconds=3), X_DOSED_WINDOW="PT1H"))
        self.wait_dose("Aspirin", "due")
        dosectl("take", "Aspirin")
        self.wait_dose("Aspirin", "taken")

    def test_mail_leaves_the_sandbox_and_a_hook_runs_in_it(self):
        server = self.mail_server()
        hook = self.hook(HOOK)
        self.start(ANA + f"name = Ana\n{mail(server)}\n[hook x]\non = missed\ndetail = full\ncommand = {hook}\n")
        self.put("a", event("Aspirin", now() + timedelta(seconds=4), X_DOSED_WINDOW="PT6S", PRIORITY="1"))
        self.wait("a letter", lambda: server.envelopes)
        letter = email.message_from_bytes(server.envelopes[0].content, policy=email.policy.default)
        self.assertEqual((letter["From"], letter["To"]), ("dosed <dosed@example.org>", "Maria <maria@example.org>"))
        self.assertIn("Ana", letter.get_body().get_content())

        told = json.loads(self.wait("a hook", lambda: (STATE / "told").exists() and (STATE / "told").read_text()))
        self.assertEqual(told["event"], "missed")
        self.assertIn("Aspirin", told["text"])
        self.assertEqual((told["no_new_privileges"], told["user"]), ("1", str(STATE.stat().st_uid)))
        self.assertEqual(told["writes"], ["/var/lib/dosed"])

    def test_the_password_is_a_credential(self):
        store = Path("/etc/credstore/dosed.smtp-password")
        store.parent.mkdir(mode=0o700, exist_ok=True)
        store.write_text("open sesame")
        store.chmod(0o600)
        self.addCleanup(store.unlink)
        passwords = Passwords("ana", "open sesame")
        server = self.mail_server(authenticator=passwords, auth_require_tls=False, auth_required=True)
        self.start(ANA + mail(server, "user = ana"))
        self.put("a", event("Aspirin", now() + timedelta(seconds=4), X_DOSED_WINDOW="PT6S", PRIORITY="1"))
        self.wait("a letter", lambda: server.envelopes)
        self.assertEqual(passwords.asked, 1)

    def test_killed_it_is_back_within_seconds_and_the_dose_still_rings(self):
        self.start(ANA)
        self.put("a", event("Aspirin", now() + timedelta(seconds=15), X_DOSED_WINDOW="PT1H"))
        self.wait_dose("Aspirin", "upcoming")
        former, killed = show("MainPID"), time.monotonic()
        os.kill(int(former), signal.SIGKILL)
        self.wait_new_process(former)
        seconds = time.monotonic() - killed
        print(f"# back after {seconds:.1f} s")
        self.assertLess(seconds, 60)
        self.wait_dose("Aspirin", "due")
        self.assertIn("it had not been stopped", self.said(BROKE_OFF))

    def test_one_that_hangs_is_killed_by_the_watchdog(self):
        self.drop_in("[Service]\nWatchdogSec=5s\nTimeoutAbortSec=2s\n")
        self.start(ANA)
        former, stopped = show("MainPID"), time.monotonic()
        os.kill(int(former), signal.SIGSTOP)
        self.wait_new_process(former)
        print(f"# back after {time.monotonic() - stopped:.1f} s")
        self.assertIn("Watchdog timeout", self.journal(_PID="1"))
        self.assertIn("it had not been stopped", self.said(BROKE_OFF))

    def test_one_that_waits_for_nothing_is_left_alone_by_the_watchdog(self):
        self.drop_in("[Service]\nWatchdogSec=2s\n")
        self.start(ANA)
        self.put("a", event("Aspirin", now() + timedelta(seconds=8), X_DOSED_WINDOW="PT1H"))
        self.wait_dose("Aspirin", "due")
        self.assertEqual(show("NRestarts"), "0")

    def test_stopped_it_ends_cleanly_and_says_nothing_of_it_later(self):
        self.start(ANA)
        self.assertTrue((STATE / "running").exists())
        systemctl("stop", "dosed")
        self.assertEqual((show("Result"), show("ExecMainStatus"), show("ActiveState")), ("success", "0", "inactive"))
        self.assertFalse((STATE / "running").exists())
        systemctl("start", "dosed")
        systemctl("restart", "dosed")
        self.assertEqual(self.said(STARTED).count("is running"), 3)
        self.assertEqual(self.said(BROKE_OFF), "")

    def test_a_bad_configuration_makes_a_reload_fail_and_the_old_one_stays(self):
        self.start(ANA)
        process = show("MainPID")
        self.configure(ANA + "[person bruno]\nfrobnicate = yes\n")
        done = systemctl("reload", "dosed", check=1)
        self.assertIn("Job for dosed.service failed", done.stderr)
        self.assertIn("dosectl status and dosed --check-config say why", self.journal())
        for name in ("frobnicate", "bruno"):
            self.assertNotIn(name, self.journal())
        self.assertIn("stays in force", self.said(CONFIG_REFUSED))
        self.assertEqual((show("ActiveState"), show("MainPID")), ("active", process))
        self.assertIn(f"{CONFIGURATION}:7: there is no key 'frobnicate'", dosectl("status").stdout)
        self.configure(ANA + "[person bruno]\n")
        (CALENDARS / "ana/metformin.ics").write_text("BEGIN:VCALENDAR\r\n")
        systemctl("reload", "dosed")
        self.assertTrue((CALENDARS / "bruno").is_dir())
        self.assertIn("metformin", dosectl("status").stdout)
        self.assertIn("something does not work: dosectl status says what", self.journal())
        self.assertNotIn("metformin", self.journal())
        self.assertEqual(show("MainPID"), process)

    def test_the_bus_starts_it_where_it_is_enabled(self):
        self.configure(ANA)
        self.assertIn("dosed is not running: start it with systemctl enable --now dosed", dosectl("list", check=1).stderr)
        self.assertEqual(show("ActiveState"), "inactive")
        systemctl("enable", "--quiet", "dosed")
        self.assertEqual(self.doses(), [])
        self.assertEqual(show("ActiveState"), "active")

    def test_the_journal_explains_its_messages(self):
        run("journalctl", "--update-catalog")
        self.start(ANA)
        os.kill(int(show("MainPID")), signal.SIGKILL)
        self.wait("a report", lambda: self.said(BROKE_OFF))
        said = run("journalctl", "--quiet", "--catalog", "--unit=dosed", self.since).stdout
        for words in ("Subject: dosed is running", "Subject: dosed had not been stopped", "Support: man:dosed(8)"):
            self.assertIn(words, said)

    def test_no_name_is_in_the_journal(self):
        self.start(ANA + "[person bruno]\nname = Bruno\n")
        self.put("Metformin", event("Metformin", now() + timedelta(seconds=3), X_DOSED_WINDOW="PT1H"))
        self.wait_dose("Metformin", "due")
        dosectl("take", "Metformin")
        self.assertNotRegex(self.journal(_SYSTEMD_UNIT="dosed.service"), "(?i)metformin|bruno|ana")

    def test_it_follows_the_zone_of_the_machine(self):
        # In UTC the dose is 6 hours ahead; in Asia/Dhaka, 6 hours ahead of UTC, it is due.
        run("timedatectl", "set-timezone", "UTC")
        self.addCleanup(run, "timedatectl", "set-timezone", "UTC")
        self.start(ANA.replace("timezone = UTC\n", ""))
        self.put("a", event("Aspirin", f"{now() + timedelta(hours=6, seconds=-5):%Y%m%dT%H%M%S}", X_DOSED_WINDOW="PT1H"))
        self.assertEqual(self.wait_dose("Aspirin", "upcoming")["timezone"], "UTC")
        run("timedatectl", "set-timezone", "Asia/Dhaka")
        self.assertEqual(self.wait_dose("Aspirin", "due")["timezone"], "Asia/Dhaka")


if __name__ == "__main__":
    unittest.main()
