# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real dosed with somebody to tell: a person, caregivers, a mail server as a test wants it, and a clock that is moved."""

import email
import email.policy
import select
import sys
import threading
import time
import unittest
from datetime import timedelta
from pathlib import Path

import dbus

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bus"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "mail"))
from harness import NAME, PATH, Dosed, Proxy, Timeout, calendar, event, now, plain, usec  # noqa: E402
from moved_clock import MovedClock  # noqa: E402
from servers import ScriptedServer  # noqa: E402

DEADLINE_SEC = 100  # the longest that a step takes is the patience of dosed-mail, 25 s

SENDER = "dosed@example.org"
MARIA = "maria@example.org"
BEGINNING = "[dosed]\ntimezone = UTC\nsettle = 1s\n\n"
ANA = "[person ana]\nname = Ana\n\n"


def caregiver(name="maria", **keys):
    """One section. A critical dose is told at once, whatever `after` says."""
    keys = {"name": name.capitalize(), "email": f"{name}@example.org", "after": "0", **keys}
    return f"[caregiver {name}]\n" + "".join(f"{key.replace('_', '-')} = {value}\n" for key, value in keys.items()) + "\n"


def mail(server, **keys):
    keys = {"from": SENDER, "smtp": server.url(), **keys}
    return "[mail]\n" + "".join(f"{key.replace('_', '-')} = {value}\n" for key, value in keys.items()) + "\n"


def parse(content):
    return email.message_from_bytes(content, policy=email.policy.default)


def text_of(letter):
    return letter.get_body(("plain",)).get_content()


def html_of(letter):
    return letter.get_body(("html",)).get_content()


class MoodyServer(ScriptedServer):
    """
    Takes every letter, but for what the moods of its recipient say, one for each time that somebody writes to it: a mood is an
    answer to RCPT, or a function of Talk in place of the answer to the whole message.
    """

    def __init__(self, **moods):
        self.moods = {f"{name}@example.org": list(wanted) for name, wanted in moods.items()}
        self.calls = 0     # connections that came as far as to name somebody
        self.arrived = []  # (address, bytes) of what was taken
        self.perhaps = []  # the same, of what a mood took
        self.lock = threading.Lock()
        self.on_stage = lambda stage: None  # told of "greeting", of each command, and of "taken"
        super().__init__(self.converse)

    def converse(self, talk):
        answers = {**usual_talk_answers(), "RCPT": None}
        self.on_stage("greeting")
        talk.say(answers["greeting"])
        address, mood, refused = "", None, False
        while True:
            line = talk.hear()
            verb = line.split(" ")[0].split(":")[0].upper()
            self.on_stage(verb)
            if verb == "RCPT":
                address = line[line.index("<") + 1 : line.index(">")]
                with self.lock:
                    self.calls += 1
                    waiting = self.moods.get(address) or self.moods.get("@example.org")
                    mood = waiting.pop(0) if waiting else None
                refused = isinstance(mood, (str, bytes))
                talk.say(mood if refused else "250 OK")
            elif verb == "DATA" and not refused:
                talk.say("354 go on")
                content = "\r\n".join(undotted(text) for text in talk.hear_message()).encode() + b"\r\n"
                with self.lock:
                    (self.perhaps if mood else self.arrived).append((address, content))
                if mood:
                    mood(talk)
                    return
                self.on_stage("taken")
                talk.say("250 2.0.0 taken")
            else:
                talk.say(answers.get(verb) or "502 what?")
                if verb == "QUIT":
                    return

    def letters(self, address=None):
        with self.lock:
            return [parse(content) for to, content in self.arrived if address in (None, to)]


def usual_talk_answers():
    return {"greeting": "220 mail.example.org", "EHLO": "250 mail.example.org", "MAIL": "250 OK", "QUIT": "221 bye",
            "RSET": "250 OK"}


def undotted(line):
    return line[1:] if line.startswith(".") else line


class Told(unittest.TestCase):
    """Doses are planned from two hours after the start on: nothing happens but by moving the clock."""

    def setUp(self):
        self.dosed = self.enterContext(Dosed(BEGINNING + ANA))
        self.folder = self.dosed.folder
        self.clock = MovedClock(self.folder)
        self.addCleanup(self.clock.close)
        self.beginning = now().replace(microsecond=0)
        self.due = self.beginning + timedelta(hours=2)
        # One for all that is asked again and again: a bus has places for so many only.
        self.connection = self.dosed.bus.connect()
        self.addCleanup(self.connection.close)

    def serve(self, **moods):
        server = MoodyServer(**moods)
        self.addCleanup(server.close)
        return server

    def configure(self, *sections):
        self.dosed.configure(BEGINNING + "".join(sections))

    def start(self, *sections):
        if sections:
            self.configure(*sections)
        self.dosed.start(**self.clock.environment)

    def put(self, medicine, due=None, person="ana", **properties):
        """Its window is an hour; it is critical unless PRIORITY says otherwise, so that nobody gathers for a minute."""
        properties = {"X_DOSED_WINDOW": "PT1H", "PRIORITY": "1", **properties}
        self.dosed.put_ics(medicine.lower(), calendar(event(medicine, due or self.due, **properties)), person=person)

    def move_to(self, moment):
        """The clock of dosed shows this moment, or some seconds more."""
        self.clock.move(moment - self.beginning)

    def miss(self, *medicines, due=None):
        """Each is due, rings, and nobody answers."""
        due = due or self.due
        self.dosed.dosectl("reload", check=0)
        self.move_to(due)
        for medicine in medicines:
            self.wait_dose(medicine, "due")
        self.move_to(due + timedelta(hours=1, seconds=1))
        for medicine in medicines:
            self.wait_dose(medicine, "missed")

    def wait_dose(self, medicine, state):
        self.wait_for(lambda: state in self.states(medicine), f"{medicine} is not {state}")

    def states(self, medicine):
        return {dose["state"] for dose in self.doses() if dose["medication"] == medicine}

    def manager(self):
        return Proxy(self.connection, PATH, f"{NAME}.Manager")

    def doses(self):
        """All around the month that the tests live in."""
        times = (self.beginning - timedelta(days=1), self.beginning + timedelta(days=30))
        answer = self.manager().ListDoses("", *(dbus.UInt64(usec(time)) for time in times),
                                          dbus.Dictionary({}, signature="sv"))
        return [dict(plain(details), path=str(path)) for path, details in answer]

    def count(self, state):
        return sum(dose["state"] == state for dose in self.doses())

    def wait_for(self, predicate, what):
        deadline = time.monotonic() + DEADLINE_SEC
        while not (answer := predicate()):
            if time.monotonic() > deadline or (self.dosed.process and self.dosed.process.poll() is not None):
                self.fail(f"{what() if callable(what) else what}\n{self.dosed.stderr()[-4000:]}")
            select.select([], [], [], 0.02)
        return answer

    def outbox(self):
        """Every message, the last of each recipient by its name."""
        box = Proxy(self.connection, PATH, f"{NAME}.Outbox")
        times = (self.beginning - timedelta(days=1), self.beginning + timedelta(days=30))
        messages = plain(box.ListMessages(*(dbus.UInt64(usec(time)) for time in times), dbus.Dictionary({}, signature="sv")))
        # What is no message yet has no number.
        messages = [message for message in messages if "id" in message]
        return {message["recipient"].removeprefix("caregiver "): message for message in reversed(messages)}

    def wait_attempt(self, recipient, number):
        """The message once this attempt is over."""
        def is_over():
            message = self.outbox().get(recipient, {})
            return message if message.get("attempts", 0) >= number and not message.get("under-way") else None

        return self.wait_for(is_over, lambda: f"attempt {number} for {recipient} is not over: {self.outbox()}")

    def wait_letters(self, server, count=1, address=None):
        self.wait_for(lambda: len(server.letters(address)) >= count, lambda: f"{len(server.letters(address))} letters came")
        return server.letters(address)

    def degraded(self):
        return " ".join(self.manager().get("Degraded"))

    def wait_degraded(self, words):
        self.wait_for(lambda: words in self.degraded(), lambda: f"it says {self.degraded()!r}, not {words!r}")
        return self.degraded()
