# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages to be told, as the engine hands them over, and what the real composer makes of them."""

import datetime
import email
import email.policy
import html.parser
import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "0123456789abcdef0123456789abcdef"
DEADLINE_SEC = 60


def at(text):
    """Seconds of an instant in UTC."""
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp())


def run(what, case):
    program = ROOT / os.environ.get("DOSED_BUILD", "build/plain") / "tests/composer"
    return subprocess.run(
        [str(program.resolve()), what],
        input=json.dumps(case).encode(),
        capture_output=True,
        timeout=DEADLINE_SEC,
        check=False,
    )


def compose(what, case):
    done = run(what, case)
    if done.returncode != 0:
        raise AssertionError(f"composer {what}: {done.returncode} {done.stderr.decode()}")
    return done.stdout


def dose(due="2026-11-23T08:00:00", **more):
    lisinopril = {
        "person": "ana",
        "uid": "lisinopril@example.org",
        "recurrence_id": "20261123T080000",
        "title": "Lisinopril 10 mg",
        "amount": "1 tablet",
        "due": at(due),
        "window_end": at(due) + 7200,
        "state": "missed",
    }
    return {**lisinopril, **more}


def item(event="missed", happened="2026-11-23T10:00:00", person="ana", **more):
    return {"event": event, "happened": at(happened), "person": person, "kind": "PRESCRIPTION", **more}


def missed(**more):
    return item("missed", dose=dose(**more))


def message(*items, made="2026-11-23T10:01:00", **more):
    usual = {
        "token": TOKEN,
        "made": at(made),
        "full": True,
        "people": {"ana": "Ana", "bruno": "Bruno"},
        "from": "dosed@home.example.org",
        "to": "maria@example.org",
        "to_name": "Maria",
        "host": "home.example.org",
        "items": list(items),
    }
    return {**usual, **more}


class Words(html.parser.HTMLParser):
    """What a reader of HTML reads."""

    def __init__(self):
        super().__init__()
        self.words, self.tags, self.attributes, self.skipping = [], [], [], False

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        self.skipping = tag == "title"

    def handle_endtag(self, tag):
        if tag == "title":
            self.skipping = False

    def handle_data(self, data):
        if not self.skipping:
            self.words += data.split()


class Letter:
    def __init__(self, case):
        self.bytes = compose("letter", case)
        self.head = self.bytes.partition(b"\r\n\r\n")[0]
        self.mail = email.message_from_bytes(self.bytes, policy=email.policy.default)
        self.text = self.part("text/plain")
        self.html = self.part("text/html")

    def part(self, kind):
        (part,) = [part for part in self.mail.walk() if part.get_content_type() == kind]
        return part.get_payload(decode=True).decode("utf-8")

    @property
    def flat(self):
        """The text without its line breaks."""
        return " ".join(self.text.split())

    def words_of_html(self):
        words = Words()
        words.feed(self.html)
        words.close()
        return words
