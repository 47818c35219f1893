# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a hook gets: JSON whose keys are always there, and variables; with little detail, nothing that tells the medicine."""

import json
import re
import unittest

from composing import ROOT, TOKEN, at, compose, dose, item, message, missed, run
from test_letter import HOSTILE, LETTERS, RECORDED

KEYS = """version event token at rehearsal subject text person person_name id state critical due local timezone window_end
    snoozed_until medication amount instructions if_missed kind taken_at recorded_by given_by taken_amount note""".split()


def event(case):
    line = compose("event", case)
    assert line.endswith(b"\n") and line.count(b"\n") == 1, line
    return json.loads(line)


def environment(case):
    return dict(line.split("=", 1) for line in compose("environment", case).decode().splitlines())


class Event(unittest.TestCase):
    def test_a_missed_dose_in_full(self):
        case = message(item(zone="Europe/Berlin", dose=dose(critical=True, instructions="with water", if_missed="Leave it out.")))
        self.assertEqual(event(case), {
            "version": 1, "event": "missed", "token": TOKEN, "at": "2026-11-23T10:00:00Z", "rehearsal": False,
            "subject": "A dose was not confirmed, a critical one",
            "text": "Ana: Lisinopril 10 mg, 1 tablet, due at 09:00, was not confirmed.",
            "person": "ana", "person_name": "Ana", "id": "ana/lisinopril@example.org/20261123T080000",
            "state": "missed", "critical": True, "due": "2026-11-23T08:00:00Z", "local": "2026-11-23T09:00:00",
            "timezone": "Europe/Berlin", "window_end": "2026-11-23T10:00:00Z", "snoozed_until": None,
            "medication": "Lisinopril 10 mg", "amount": "1 tablet", "instructions": "with water",
            "if_missed": "Leave it out.", "kind": "PRESCRIPTION", "taken_at": None, "recorded_by": None,
            "given_by": None, "taken_amount": None, "note": None,
        })
        self.assertEqual(environment(case), {
            "DOSED_EVENT": "missed", "DOSED_PERSON": "ana", "DOSED_DOSE": "ana/lisinopril@example.org/20261123T080000",
            "DOSED_DUE": "2026-11-23T08:00:00Z", "DOSED_STATE": "missed",
        })

    def test_a_recorded_dose_says_who_and_when(self):
        taken = event(message(item("taken", dose=dose(state="taken", recorded={**RECORDED, "amount": "half", "given_by": "Inês"}))))
        self.assertEqual(
            [taken[key] for key in ("state", "taken_at", "recorded_by", "given_by", "taken_amount", "note")],
            ["taken", "2026-11-23T09:40:00Z", "bruno", "Inês", "half", "with breakfast"],
        )
        self.assertEqual(taken["text"], "Ana: Lisinopril 10 mg, 1 tablet, due at 08:00: taken at 09:40, given by Inês, recorded "
                                        "by bruno: “with breakfast”.")
        undone = event(message(item("taken", dose=dose(state="due"))))
        self.assertEqual((undone["state"], undone["taken_at"]), ("due", None))
        self.assertTrue(undone["text"].endswith(", was recorded as taken."))

    def test_a_snoozed_dose_says_until_when(self):
        snoozed = event(message(item("snoozed", dose=dose(state="snoozed", snoozed_until=at("2026-11-24T00:30:00")))))
        self.assertEqual(snoozed["snoozed_until"], "2026-11-24T00:30:00Z")
        self.assertIn("was put off until 00:30 on Tuesday 24 November 2026.", snoozed["text"])

    def test_what_is_of_no_dose_has_the_same_keys(self):
        case = message(item("heartbeat", person=None))
        heartbeat = event(case)
        self.assertEqual(sorted(heartbeat), sorted(KEYS))
        self.assertEqual({key for key in KEYS if heartbeat[key] is not None},
                         {"version", "event", "token", "at", "rehearsal", "subject", "text", "critical"})
        self.assertEqual(environment(case), {"DOSED_EVENT": "heartbeat", "DOSED_PERSON": "", "DOSED_DOSE": "", "DOSED_DUE": "",
                                             "DOSED_STATE": ""})

    def test_every_event_has_every_key_and_a_sentence(self):
        for items in LETTERS.values():
            for full in (True, False):
                said = event(message(*items[:1], full=full))
                self.assertEqual(sorted(said), sorted(KEYS))
                self.assertRegex(said["text"], r"[.?]$")
                self.assertNotIn("..", said["text"])
                self.assertEqual(said["rehearsal"], said["event"] == "rehearsal")

    def test_trouble_is_told_and_so_is_its_end(self):
        self.assertEqual(event(message(item("degraded", person=None, text="The disk is full")))["text"], "The disk is full.")
        self.assertEqual(event(message(item("degraded", person=None, text="Is it?")))["text"], "Is it?")
        self.assertEqual(event(message(item("degraded", person=None, text="")))["text"], "dosed is well again.")

    def test_little_detail_tells_nothing_of_the_medicine(self):
        for items in LETTERS.values():
            case = message(*items[:1], full=False)
            both = compose("event", case) + compose("environment", case)
            for name in ("isinopril", "tablet", "breakfast", "felt sick", "Leave it out", "dizzy", "PRESCRIPTION"):
                self.assertNotIn(name, both.decode())

    def test_little_detail_names_a_dose_by_the_same_word_each_time(self):
        one, again, other = (
            event(message(missed(uid=uid), full=False)) for uid in ("lisinopril", "lisinopril", "metformin")
        )
        self.assertRegex(one["id"], r"^[0-9a-f]{16}$")
        self.assertEqual(one["id"], again["id"])
        self.assertNotEqual(one["id"], other["id"])
        self.assertEqual(environment(message(missed(uid="lisinopril"), full=False))["DOSED_DOSE"], one["id"])

    def test_full_detail_tells_nothing_of_what_is_private(self):
        private = event(message(missed(confidential=True, if_missed="x")))
        self.assertEqual([private[key] for key in ("medication", "amount", "if_missed", "kind", "note")], [None] * 5)
        self.assertRegex(private["id"], r"^[0-9a-f]{16}$")

    def test_hostile_texts_stay_in_their_place(self):
        for text in HOSTILE:
            with self.subTest(text=text[:40]):
                case = message(item(text=text, dose=dose(title=text, amount=text, instructions=text, recorded={
                    **RECORDED, "note": text, "recorded_by": text, "amount": text})), people={"ana": text})
                said = event(case)
                self.assertEqual(sorted(said), sorted(KEYS))
                for value in said.values():
                    if isinstance(value, str):
                        self.assertFalse(any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2066" for c in value), value)
                self.assertLess(len(compose("event", case)), 16 * 1024)
                self.assertEqual(len(environment(case)), 5)

    def test_a_message_without_events_is_an_error(self):
        self.assertEqual(run("event", message()).returncode, 1)

    def test_the_man_page_explains_every_key_and_no_other(self):
        page = (ROOT / "man/dosed-hook.5").read_text()
        section = page.partition(".Sh JSON")[2].partition(".Sh EVENTS")[0]
        keys = [key for line in re.findall(r"^\.It (.*)$", section, re.M) for key in line.split(" , ")]
        self.assertEqual(sorted(keys), sorted(KEYS))


if __name__ == "__main__":
    unittest.main()
