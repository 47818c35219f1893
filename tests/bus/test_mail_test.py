# SPDX-License-Identifier: LGPL-2.1-or-later
"""A test mail over the bus: whoever asked is answered when the mail server has spoken, and nobody else has to wait for it."""

import json
import os
import subprocess
import tempfile
import time
import unittest

import dbus
from harness import DEADLINE_SEC, NAME, PATH, Bus, Lines, end, program

LIMIT = 4  # LIMIT_MAIL_TESTS


class TestMail(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bus = Bus(folder.name)
        self.addCleanup(self.bus.stop)
        self.environment = dict(os.environ, DBUS_SESSION_BUS_ADDRESS=self.bus.address, LC_ALL="C.UTF-8", NO_COLOR="1")
        self.driver = subprocess.Popen([program("tests/mail-test-driver")], env=self.environment, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        self.addCleanup(lambda: self.assertEqual(self.driver.wait(DEADLINE_SEC), 0))
        self.addCleanup(self.driver.stdout.close)
        self.addCleanup(self.driver.stdin.close)  # which ends it
        self.lines = Lines(self.driver.stdout)
        self.assertEqual(self.said(), "ready")
        self.connection = self.bus.connect()
        self.addCleanup(self.connection.close)

    def said(self):
        return self.lines.read(time.monotonic() + DEADLINE_SEC)

    def answer(self, words):
        self.driver.stdin.write(words.encode() + b"\n")
        self.driver.stdin.flush()
        self.assertEqual(self.said(), "answered")

    def ask(self, address, *options):
        """Begins `dosectl mail test`, and gives the child."""
        child = subprocess.Popen([program("dosectl"), "--user", *options, "mail", "test", address], env=self.environment,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: end(child))
        self.addCleanup(child.stderr.close)
        return child

    def outcome(self, child):
        said, complained = child.communicate(timeout=DEADLINE_SEC)
        return child.returncode, said, complained

    def degraded(self):
        """Anything that is answered at once."""
        manager = self.connection.get_object(NAME, PATH, introspect=False)
        return manager.Get(f"{NAME}.Manager", "Degraded", dbus_interface=dbus.PROPERTIES_IFACE, timeout=DEADLINE_SEC)

    def test_the_servers_own_words_are_shown(self):
        for words, options, wanted in (
            ("taken 250 2.0.0 Ok: queued as 4F2", (), (0, "The test mail to m@example.org was taken: 250 2.0.0 Ok: queued as 4F2\n", "")),
            ("refused 550 5.1.1 No such user", (), (1, "", "dosectl: the test mail to m@example.org was not taken: 550 5.1.1 No such user\n")),
            ("refused 550 \x1b[2Jno", (), (1, "", None)),
        ):  # fmt: skip
            with self.subTest(words=words):
                child = self.ask("m@example.org", *options)
                self.assertEqual(self.said(), "asked m@example.org")
                self.assertEqual(len(self.degraded()), 0)  # the service goes on
                self.answer(words)
                status, said, complained = self.outcome(child)
                self.assertEqual((status, said), wanted[:2])
                self.assertNotIn("\x1b", complained)
                if wanted[2] is not None:
                    self.assertEqual(complained, wanted[2])

    def test_in_json_a_refusal_is_an_answer_too(self):
        for words, taken in (("taken 250 ok", True), ("refused 550 no", False)):
            with self.subTest(words=words):
                child = self.ask("m@example.org", "--json")
                self.assertEqual(self.said(), "asked m@example.org")
                self.answer(words)
                status, said, complained = self.outcome(child)
                self.assertEqual((status, complained), (0 if taken else 1, ""))
                self.assertEqual(json.loads(said), {"address": "m@example.org", "taken": taken, "answer": words.partition(" ")[2]})

    def test_one_that_cannot_be_begun_says_why(self):
        self.assertEqual(self.outcome(self.ask("m@nowhere.example")), (1, "", "dosectl: there is no mail program\n"))

    def test_whoever_is_gone_is_answered_all_the_same(self):
        child = self.ask("gone@example.org")
        self.assertEqual(self.said(), "asked gone@example.org")
        child.kill()
        child.wait()
        self.answer("taken 250 ok")
        self.assertEqual(len(self.degraded()), 0)

    def test_only_a_few_run_at_once(self):
        children = []
        for number in range(LIMIT):
            children.append(self.ask(f"m{number}@example.org"))
            self.assertEqual(self.said(), f"asked m{number}@example.org")
        status, _, complained = self.outcome(self.ask("more@example.org"))
        self.assertEqual(status, 1)
        self.assertIn("try again when they have been answered", complained)
        self.answer("taken 250 ok")
        self.assertEqual(self.outcome(children[0])[0], 0)
        # One that could not be begun does not count.
        self.assertEqual(self.outcome(self.ask("m@nowhere.example"))[0], 1)
        child = self.ask("next@example.org")
        self.assertEqual(self.said(), "asked next@example.org")
        for number in range(LIMIT):
            self.answer(f"refused 550 {number}")
        self.assertEqual([self.outcome(other)[0] for other in (*children[1:], child)], [1] * LIMIT)


if __name__ == "__main__":
    unittest.main()
