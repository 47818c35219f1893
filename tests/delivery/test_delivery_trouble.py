# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mail servers that put off, refuse, hang, vanish and babble: each letter arrives in the end, as it was where it may have before."""

import unittest
from datetime import timedelta

from told import Told, caregiver, mail, text_of


def hang(talk):
    """The whole letter is there, and no answer comes."""
    talk.hang()


def vanish(_talk):
    """The whole letter is there, and the connection is gone."""


def babble(talk):
    talk.say(b"\x00\xff\xfe HTTP/1.1 200 OK\r\n")


MOODS = {
    "busy": "451 4.7.1 greylisted, try again later",
    "unknown": "550 5.1.1 no such user here",
    "hung": hang,
    "gone": vanish,
    "odd": b"\x00\xff\xfe HTTP/1.1 200 OK\r\n",
    "odder": babble,
}


class Trouble(Told):
    def start_with(self, server, *names):
        self.put("Aspirin")
        self.start(f"[person ana]\nname = Ana\ncaregivers = {', '.join(names)}\n\n", *map(caregiver, names), mail(server))

    def test_everybody_hears_of_it_in_the_end_and_nothing_waits_for_who_hangs(self):
        server = self.serve(**{name: [mood] for name, mood in MOODS.items()})
        self.start_with(server, *MOODS, "maria")
        self.miss("Aspirin")

        # One hangs, and the others go on; so does dosed.
        self.wait_letters(server, address="maria@example.org")
        self.assert_responsive()
        self.wait_for(lambda: server.calls == len(MOODS) + 1, lambda: f"{server.calls} calls came")
        first = self.wait_for(lambda: len(server.perhaps) == 3 and list(server.perhaps), "three letters were to come")
        said = self.wait_degraded("550 5.1.1 no such user here")
        self.assertIn("caregiver unknown", said)
        self.assertIn("no such user here", self.dosed.dosectl("status").stdout)
        self.assertNotIn("no such user", self.dosed.stderr())

        # Each is tried again after a minute, and as often as it needs: who hung is found to have hung by dosed-mail.
        others = sorted(f"{name}@example.org" for name in MOODS if name != "unknown")
        for minute in range(2, 60, 2):
            self.move_to(self.due + timedelta(hours=1, minutes=minute))
            self.assert_responsive()
            if sorted(to for to, _ in server.arrived) == sorted([*others, "maria@example.org"]):
                break
            self.wait_a_little(server)
        self.assertEqual(sorted(to for to, _ in server.arrived), sorted([*others, "maria@example.org"]))
        for address, content in first:
            self.assertIn((address, content), server.arrived)

        # What was refused for good waits for somebody who mends it.
        self.assertNotIn("unknown@example.org", [to for to, _ in server.arrived])
        self.assertIn("550", self.degraded())

    def wait_a_little(self, server):
        """For the attempt that a moved clock has brought, if it has brought one."""
        calls = server.calls
        self.wait_some(lambda: server.calls > calls)

    def wait_some(self, predicate):
        import select
        for _ in range(150):
            if predicate():
                return
            select.select([], [], [], 0.02)

    def test_greylisted_it_is_the_same_message_and_says_what_is_so_then(self):
        server = self.serve(maria=["451 4.7.1 greylisted"] * 2)
        self.start_with(server, "maria")
        self.miss("Aspirin")
        for calls, minutes in ((1, 1), (2, 7)):
            self.wait_for(lambda calls=calls: server.calls == calls, "no attempt")
            self.wait_for(lambda: self.ended(calls), "the attempt has no end")
            self.move_to(self.due + timedelta(hours=1, minutes=minutes, seconds=10))
        (letter,) = self.wait_letters(server)
        self.assertEqual(letter["Subject"], "A dose was not confirmed, a critical one")
        self.assertEqual(server.calls, 3)
        self.assertEqual(self.degraded(), "")


if __name__ == "__main__":
    unittest.main()
