# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mail servers that put off, refuse, hang, vanish and babble: each letter arrives in the end, and never in two forms."""

import unittest
from datetime import timedelta

from told import SENDER, Told, caregiver, mail


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
        self.assertTrue(self.outbox()["hung"]["under-way"])
        self.dosed.dosectl("status", check=0)
        self.wait_degraded("550 5.1.1 no such user here")
        self.assertIn("no such user here", self.dosed.dosectl("status").stdout)
        self.assertNotIn("no such user", self.dosed.stderr())
        ended = {name: self.wait_attempt(name, 1) for name in (*MOODS, "maria")}  # dosed-mail finds that it hangs
        self.assertEqual({name: (message["state"], message.get("perhaps", False)) for name, message in ended.items()}, {
            "busy": ("waits", False), "unknown": ("failed", False), "hung": ("waits", True), "gone": ("waits", True),
            "odd": ("waits", False), "odder": ("waits", True), "maria": ("done", False)})

        # After a minute each is tried again. What may have arrived is the same byte by byte.
        self.move_to(self.due + timedelta(hours=1, minutes=3))
        for name in MOODS.keys() - {"unknown"}:
            self.wait_letters(server, address=f"{name}@example.org")
        self.assertEqual(len(server.perhaps), 3)
        for letter in server.perhaps:
            self.assertIn(letter, server.arrived)
        self.assertEqual(len(server.arrived), len(MOODS))
        self.assertIn("caregiver unknown", self.degraded())

        # What was refused for good waits for somebody who mends it, and asks for it.
        failed = ended["unknown"]
        listed = self.dosed.dosectl("outbox", check=0).stdout
        self.assertIn("no such user here", listed)
        self.dosed.dosectl("outbox", "retry", str(failed["id"]), check=0)
        (letter,) = self.wait_letters(server, address="unknown@example.org")
        self.assertEqual(letter["Subject"], "A dose was not confirmed, a critical one")
        self.wait_for(lambda: self.degraded() == "", self.degraded)

    def test_greylisted_it_says_what_is_so_then_and_is_nobodys_trouble(self):
        server = self.serve(maria=["451 4.7.1 greylisted"] * 2)
        self.put("Ibuprofen", due=self.due + timedelta(minutes=4))
        self.start_with(server, "maria")
        self.miss("Aspirin")
        token = {self.wait_attempt("maria", 1)["id"]}
        self.move_to(self.due + timedelta(hours=1, minutes=2))
        token |= {self.wait_attempt("maria", 2)["id"]}
        self.assertEqual(self.degraded(), "")
        self.move_to(self.due + timedelta(hours=1, minutes=5))
        self.wait_dose("Ibuprofen", "missed")
        self.move_to(self.due + timedelta(hours=1, minutes=9))
        (letter,) = self.wait_letters(server)
        self.assertEqual(len(token), 1)
        self.assertIn("2 doses", letter["Subject"])

    def test_what_was_confirmed_meanwhile_is_not_told(self):
        server = self.serve(maria=["451 4.7.1 greylisted"])
        self.start_with(server, "maria")
        self.put("Ibuprofen", due=self.due + timedelta(hours=4))
        self.miss("Aspirin")
        self.wait_attempt("maria", 1)
        self.dosed.dosectl("take", "Aspirin", check=0)
        self.miss("Ibuprofen", due=self.due + timedelta(hours=4))
        (letter,) = self.wait_letters(server)
        self.assertIn("A dose was not confirmed", letter["Subject"])

    def test_a_program_that_never_ends_is_ended(self):
        """Not dosed-mail, which has a patience of its own."""
        script = self.folder / "sendmail"
        script.write_text(f"#!/bin/sh\ncat >{self.folder}/message; echo $$ >{self.folder}/pid\nexec sleep 3600\n")
        script.chmod(0o755)
        self.put("Aspirin")
        self.start(f"[person ana]\nname = Ana\n\n", caregiver(), f"[mail]\nfrom = {SENDER}\ncommand = {script}\n")
        self.miss("Aspirin")
        self.dosed.dosectl("status", check=0)
        message = self.wait_attempt("maria", 1)
        self.assertEqual((message["state"], message.get("perhaps", False)), ("waits", True))
        self.assertIn("longer than 30 s", message["answer"])
        pid = int((self.folder / "pid").read_text())
        self.wait_for(lambda: not is_alive(pid), "the program is still there")


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    unittest.main()
