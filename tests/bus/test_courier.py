# SPDX-License-Identifier: LGPL-2.1-or-later
"""Caregivers and hooks are told by the real dosed: hooks run, letters go out, failures are visible, heartbeats beat."""

import email
import email.policy
import json
import os
import select
import sys
import time
import unittest
from datetime import timedelta
from pathlib import Path

from harness import Dosed, Lines, calendar, changed, event, now

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "mail"))
from servers import MailServer  # noqa: E402

DEADLINE_SEC = 120  # a heartbeat is first waited for a minute

BEGINNING = "[dosed]\ntimezone = UTC\nsettle = 1s\n\n"


class Told(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed(None))
        self.folder = self.dosed.folder
        self.fifo = self.folder / "told"
        os.mkfifo(self.fifo)
        self.reader = open(os.open(self.fifo, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0)
        self.addCleanup(self.reader.close)
        self.writer = os.open(self.fifo, os.O_WRONLY)  # so that there is no end of it
        self.addCleanup(os.close, self.writer)
        self.lines = Lines(self.reader)

    def hook(self, name, text):
        """A hook that is a shell script; $TOLD is where a line goes that is waited for here."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\nTOLD={self.fifo}\n{text}\n")
        path.chmod(0o755)
        return path

    def start(self, sections):
        self.dosed.configuration = BEGINNING + sections
        self.dosed.configure(self.dosed.configuration)
        self.dosed.start()

    def next_line(self):
        return self.lines.read(time.monotonic() + DEADLINE_SEC)

    def degraded(self, words=""):
        """What does not work, as soon as that holds these words."""
        manager, deadline = self.dosed.proxy(), time.monotonic() + DEADLINE_SEC
        while words not in (said := " ".join(manager.get("Degraded"))):
            self.assertLess(time.monotonic(), deadline, said)
            select.select([], [], [], 0.05)
        return said


class Hooks(Told):
    def test_a_hook_is_told_with_nothing_around_it(self):
        hook = self.hook("hook", '{ /usr/bin/env | LC_ALL=C /usr/bin/sort | tr "\\n" "|"; cat; } >"$TOLD"')
        self.start(f"[person ana]\n\n[hook log]\non = due\ncommand = {hook}\n")
        self.dosed.put_ics("aspirin", calendar(event("Aspirin", now() + timedelta(seconds=3), X_DOSED_WINDOW="PT6M")))

        environment, _, text = self.next_line().rpartition("|")
        names = [pair.partition("=")[0] for pair in environment.split("|")]
        # A shell adds the last two.
        self.assertEqual(sorted(set(names) - {"PWD", "_"}),
                         ["DOSED_DOSE", "DOSED_DUE", "DOSED_EVENT", "DOSED_PERSON", "DOSED_STATE", "LANG", "PATH", "TZ"])
        self.assertIn("DOSED_EVENT=due", environment)
        told = json.loads(text)
        self.assertEqual((told["event"], told["person"], told["medication"]), ("due", "ana", None))
        self.assertNotIn("Aspirin", environment + text)

    def test_a_hook_that_fails_for_good_is_visible(self):
        hook = self.hook("hook", 'echo "no such channel" >&2; echo >"$TOLD"; exit 1')
        self.start(f"[person ana]\n\n[hook log]\non = due\ncommand = {hook}\n")
        self.dosed.put_ics("aspirin", calendar(event("Aspirin", now() + timedelta(seconds=3), X_DOSED_WINDOW="PT6M")))
        self.next_line()
        self.assertIn("hook log", self.degraded("no such channel (exit code 1)"))
        self.assertNotIn("channel", self.dosed.stderr())

    def test_what_was_under_way_at_a_crash_is_told_again(self):
        hook = self.hook("hook", 'read -r event && echo "$event" >"$TOLD"; exec /bin/sleep 600')
        self.start(f"[person ana]\n\n[hook log]\non = due\ncommand = {hook}\ntimeout = 5min\n")
        self.dosed.put_ics("aspirin", calendar(event("Aspirin", now() + timedelta(seconds=3), X_DOSED_WINDOW="PT6M")))
        first = json.loads(self.next_line())
        self.dosed.kill()
        self.hook("hook", 'read -r event && echo "$event" >"$TOLD"')
        self.dosed.start()
        self.assertEqual(json.loads(self.next_line()), first)

    def test_nothing_is_left_of_a_hook_when_dosed_ends(self):
        hook = self.hook("hook", 'trap "" TERM; exec 9>"$TOLD"; echo >&9; while :; do /bin/sleep 1; done')
        self.start(f"[person ana]\n\n[hook log]\non = due\ncommand = {hook}\n")
        self.dosed.put_ics("aspirin", calendar(event("Aspirin", now() + timedelta(seconds=3), X_DOSED_WINDOW="PT6M")))
        self.next_line()
        os.close(self.writer)
        self.writer = os.open("/dev/null", os.O_WRONLY)
        self.assertEqual(self.dosed.stop(), 0)
        self.assertIsNone(self.next_line())  # nobody holds the other end any more


class Heartbeats(Told):
    def test_it_beats_while_all_is_well(self):
        hook = self.hook("hook", 'echo "$DOSED_EVENT $(cat)" >"$TOLD"')
        self.start(f"[person ana]\n\n[hook heart]\non = heartbeat\nevery = 1min\ncommand = {hook}\n")
        word, _, text = self.next_line().partition(" ")
        self.assertEqual((word, json.loads(text)["event"]), ("heartbeat", "heartbeat"))
        self.assertEqual(self.degraded(), "")


class Letters(Told):
    def test_a_caregiver_is_written_to_and_hears_that_it_is_settled(self):
        server = MailServer()
        self.addCleanup(server.close)
        self.start("[person ana]\nname = Ana\ncaregivers = maria\n\n"
                   "[caregiver maria]\nname = Maria\nemail = maria@example.org\nafter = 0\n\n"
                   f"[mail]\nsmtp = {server.url()}\nfrom = dosed@example.org\n")
        monitor = self.dosed.monitor()
        self.dosed.put_ics("aspirin", calendar(event("Aspirin", now() + timedelta(seconds=3), X_DOSED_WINDOW="PT6S", PRIORITY="1")))
        monitor.wait_for(changed("Aspirin", "missed"), DEADLINE_SEC)
        letter = self.next_letter(server)
        self.assertEqual((letter["From"], letter["To"]), ("dosed <dosed@example.org>", "Maria <maria@example.org>"))
        self.assertIn("Ana", letter.get_body().get_content())
        self.assertNotIn("Aspirin", str(letter))
        self.dosed.dosectl("take", "Aspirin", check=0)
        self.assertNotEqual(self.next_letter(server)["Message-ID"], letter["Message-ID"])

    def test_a_test_mail_comes_back_with_the_servers_own_words(self):
        server = MailServer(answers={"RCPT": {"nobody@example.org": ["550 5.1.1 no such user here"]}})
        self.addCleanup(server.close)
        self.start(f"[person ana]\n\n[mail]\nsmtp = {server.url()}\nfrom = dosed@example.org\n")
        said = self.dosed.dosectl("mail", "test", "maria@example.org", check=0)
        self.assertIn("127.0.0.1 says: 250 2.0.0 taken", said.stdout)
        letter = self.next_letter(server)
        self.assertEqual(letter["Subject"], "This is a rehearsal")
        self.assertIn("Nothing has happened", letter.get_body().get_content())
        self.assertIn("550 5.1.1 no such user here", self.dosed.dosectl("mail", "test", "nobody@example.org", check=1).stderr)

    def next_letter(self, server):
        deadline = time.monotonic() + DEADLINE_SEC
        while not server.envelopes:
            self.assertLess(time.monotonic(), deadline, self.dosed.stderr())
            select.select([], [], [], 0.05)
        envelope = server.envelopes.pop(0)
        self.assertEqual((envelope.mail_from, envelope.rcpt_tos), ("dosed@example.org", ["maria@example.org"]))
        return email.message_from_bytes(envelope.content, policy=email.policy.default)


if __name__ == "__main__":
    unittest.main()
