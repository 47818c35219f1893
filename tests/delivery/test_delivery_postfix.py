# SPDX-License-Identifier: LGPL-2.1-or-later
"""A missed dose, through a real mail server, into a mailbox."""

import mailbox
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from email import policy
from email.parser import BytesParser
from pathlib import Path

from told import ANA, DEADLINE_SEC, MARIA, SENDER, Told, caregiver, text_of

POSTFIX = "/usr/sbin/postfix"

MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_client_restrictions =
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:maria/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
alias_maps =
alias_database =
"""

MASTER = """127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """One of our own below a folder, on a free port of loopback; its log says why it does not start."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="dosed-postfix-"))
        self.folder.chmod(0o755)
        self.process = None
        nobody, owner = pwd.getpwnam("nobody"), pwd.getpwnam("postfix")
        for name, user in (("queue", None), ("data", owner), ("mail", nobody)):
            (self.folder / name).mkdir()
            if user:
                os.chown(self.folder / name, user.pw_uid, user.pw_gid)
        deadline = time.monotonic() + DEADLINE_SEC
        while not self.start(nobody):
            self.stop()  # perhaps another program was quicker to take the port
            if time.monotonic() > deadline:
                said = self.log()
                shutil.rmtree(self.folder, ignore_errors=True)
                raise unittest.SkipTest(f"Postfix does not start here: {' '.join(said.split())[-300:]}")

    def start(self, nobody):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        settings = self.folder / "settings"
        settings.mkdir(exist_ok=True)
        (settings / "main.cf").write_text(MAIN.format(folder=self.folder, uid=nobody.pw_uid, gid=nobody.pw_gid))
        (settings / "master.cf").write_text(MASTER.format(port=self.port))
        with open(self.folder / "said", "ab") as said:
            self.process = subprocess.Popen([POSTFIX, "-c", settings, "start-fg"], stdin=subprocess.DEVNULL, stdout=said,
                                            stderr=said, start_new_session=True)
        deadline = time.monotonic() + DEADLINE_SEC / 3
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
                    if probe.recv(4) == b"220 ":
                        return True
            except OSError:
                time.sleep(0.05)
        return False

    def log(self):
        return "".join((self.folder / name).read_text(errors="replace") for name in ("said", "log")
                       if (self.folder / name).exists())

    def letters(self):
        if not (self.folder / "mail/maria").exists():
            return []
        parser = BytesParser(policy=policy.default)
        try:
            return list(mailbox.Maildir(self.folder / "mail/maria", factory=parser.parse, create=False))
        except FileNotFoundError:  # it is being made
            return []

    def stop(self):
        """What was started here, and the master, which has made itself a group of its own with all that it starts."""
        try:
            groups = [self.process.pid, int((self.folder / "queue/pid/master.pid").read_text())]
        except (OSError, ValueError):
            groups = [self.process.pid]
        for group in groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@unittest.skipUnless(os.path.exists(POSTFIX), "Postfix is not installed: another mail server is, or it was left out")
@unittest.skipUnless(os.geteuid() == 0, "only root may start a Postfix")
class Mailbox(Told):
    def test_a_missed_dose_lies_in_a_mailbox(self):
        postfix = Postfix()
        self.addCleanup(postfix.close)
        self.put("Aspirin")
        self.start(ANA, caregiver(detail="full"), f"[mail]\nfrom = {SENDER}\nsmtp = smtp://127.0.0.1:{postfix.port}\n")
        self.miss("Aspirin")
        (letter,) = self.wait_for(postfix.letters, postfix.log)
        self.assertEqual((letter["Return-Path"], letter["Delivered-To"]), (f"<{SENDER}>", MARIA))
        self.assertEqual((letter["From"], letter["To"]), (f"dosed <{SENDER}>", f"Maria <{MARIA}>"))
        self.assertEqual(letter.defects, [])
        self.assertIn("Aspirin, due at", text_of(letter))
        self.dosed.dosectl("take", "Aspirin", check=0)
        self.wait_for(lambda: len(postfix.letters()) == 2, postfix.log)
        self.assertEqual(sorted(letter["Subject"] for letter in postfix.letters()),
                         ["A dose was not confirmed, a critical one", "Confirmed after all"])


if __name__ == "__main__":
    unittest.main()
