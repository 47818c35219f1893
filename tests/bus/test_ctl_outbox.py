# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosectl's outbox, told and rehearse against a pretended dosed: every state that a message can be in, and hostile words."""

import json
import unittest
from datetime import timedelta

from harness import now, usec
from test_ctl import Client

HOUR = timedelta(hours=1)
HOSTILE = "Aspirin\x1b[2J\u202egm 001\nTaken: Warfarin"


def told(event, state, happened=None, **more):
    return {
        "event": event,
        "state": state,
        "person": "ana",
        "happened": usec(happened or now() - HOUR),
        **{key.replace("_", "-"): value for key, value in more.items()},
    }


def message(identity, state, *events, made=None, **more):
    moment = made or now() - HOUR
    done = {"ended": usec(moment)} if state != "waits" else {"next": usec(now() + HOUR)}
    return {
        **({"id": identity, "made": usec(moment)} if identity else {}),
        "recipient": "caregiver maria",
        "state": state,
        "attempts": 1 if identity else 0,
        "events": list(events),
        **done,
        **{key.replace("_", "-"): value for key, value in more.items()},
    }


class Outbox(Client):
    def messages(self, *messages, rehearsal=(), people=("ana",)):
        self.path = self.folder / "script.json"
        script = {"people": list(people), "degraded": [], "doses": [], "medications": [], "messages": list(messages),
                  "rehearsal": list(rehearsal)}
        self.path.write_text(json.dumps(script))
        self.start()

    def test_every_state_has_its_words(self):
        missed = {"medication": "Aspirin", "due": usec(now() - HOUR), "dose": "ana/a/1"}
        self.messages(
            message(0, "waits", told("missed", "waits", not_before=usec(now() + 2 * HOUR), **missed), more=3),
            message(0, "waits", told("missed", "waits", in_summary=True, **missed)),
            message(9, "waits", told("rehearsal", "sealed"), under_way=True, attempts=1),
            message(8, "waits", told("missed", "sealed", **missed), told("plan", "sealed", text="added B"), answer="451 later"),
            message(7, "waits", told("missed", "sealed", **missed), perhaps=True, answer="it hung"),
            message(6, "failed", told("missed", "failed", **missed), answer="550 no"),
            message(5, "failed", told("missed", "perhaps", **missed), perhaps=True, answer="550 no"),
            message(4, "expired", told("missed", "failed", **missed), answer="451 later"),
            message(3, "expired", answer="550 no"),
            message(2, "done", told("degraded", "told", text="The disk is full"), answer="250 " + "x" * 200),
            message(1, "done", told("degraded", "told"), told("sunrise", "told"), more=5),
        )
        rows = self.run_ctl("outbox", "--all").stdout.splitlines()
        self.assertEqual([row.split()[0] for row in rows[1:10]], list("123456789"))
        for row, *wanted in (
            (1, "everything works again, and 6 more", "delivered"),
            (2, "does not work: The disk is full", "delivered", "250 xxx", "x…"),
            (3, "its events went on to a later message", "made anew"),
            (4, "Aspirin of ", ", not confirmed", "given up", "451 later"),
            (5, "perhaps arrived", "550 no"),
            (6, "FAILED", "550 no"),
            (7, "perhaps arrived, tried again", "it hung"),
            (8, "Aspirin of ", "and 1 more", "tried again", "451 later"),
            (9, "rehearsal", "under way"),
            (10, "Aspirin", "waits"),
            (11, "3 more"),
            (12, "Aspirin", "waits for the summary"),
        ):
            for words in wanted:
                with self.subTest(row=row, words=words):
                    self.assertIn(words, rows[row])
        self.assertNotIn("x" * 100, rows[2])
        self.assertEqual([row.split()[0] for row in self.run_ctl("outbox").stdout.splitlines()[1:6]], list("56789"))

        said = self.run_ctl("told").stdout
        for words in (
            "everything works again   ", "sunrise ", "not delivered in time: 451 later", "perhaps told: 550 no",
            "not delivered: 550 no", "not delivered yet: it hung; tried again ", "under way", "waits for the summary, ",
            "waits until ",
        ):  # fmt: skip
            with self.subTest(words=words):
                self.assertIn(words, said)

    def test_what_was_settled_before_it_was_told_is_no_news(self):
        self.messages(message(1, "expired", told("missed", "dropped"), told("plan", "failed", text="added B")))
        said = self.run_ctl("told").stdout
        self.assertIn("plan: added B", said)
        self.assertNotIn("not confirmed", said)
        self.assertEqual(len(self.json("told")), 1)

    def test_told_keeps_to_its_times(self):
        self.messages(message(0, "waits", told("missed", "waits", happened=now() - 30 * 24 * HOUR)),
                      message(0, "waits", told("plan", "waits", text="added B", happened=now() - HOUR)))
        self.assertEqual([item["event"] for item in self.json("told")], ["plan"])
        self.assertEqual([item["event"] for item in self.json("told", "--from", "-40d", "--until", "-20d")], ["missed"])
        self.assertIn("Nobody was told anything in this time", self.run_ctl("told", "--until", "-2d").stdout)

    def test_people_are_named_where_there_are_several(self):
        other = dict(told("plan", "told", text="added B"), person="ben")
        self.messages(message(1, "done", told("plan", "told", text="added A")))
        self.assertNotIn("ana", self.run_ctl("told").stdout + self.run_ctl("outbox", "--all").stdout)
        self.fake.terminate()
        self.fake.wait()
        self.fake.stdout.close()
        self.messages(message(1, "done", other), message(2, "done", told("plan", "told", text="added A")))
        self.assertRegex(self.run_ctl("told").stdout, r"(?s)PERSON.* ana .* ben ")
        self.assertRegex(self.run_ctl("outbox", "--all").stdout, r"(?s)ana: plan: added A.*ben: plan: added B")

    def test_nothing_commands_the_terminal(self):
        hostile = message(1, "failed", told("missed", "failed", medication=HOSTILE, due=usec(now()), dose="a\x1b[1m"),
                          told("plan", "failed", text=HOSTILE), answer=HOSTILE, recipient="caregiver\x1b]0;x\x07")
        self.messages(hostile, message(0, "waits", told("plan", "waits", text=HOSTILE)))
        for arguments in (("outbox",), ("outbox", "--all"), ("told",), ("told", "--json"), ("outbox", "--json")):
            with self.subTest(arguments=arguments):
                said = self.run_ctl(*arguments).stdout
                self.assertIn("Aspirin", said)
                self.assertNotRegex(said, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
                self.assertNotRegex(said, r"(?m)^Taken: Warfarin")

    def test_retry_all_is_of_what_waits_or_failed_and_is_not_under_way(self):
        self.messages(
            message(0, "waits", told("plan", "waits", text="added B")),
            message(5, "waits", told("rehearsal", "sealed"), under_way=True),
            message(4, "waits", told("plan", "sealed", text="added B"), answer="451 later"),
            message(3, "failed", told("plan", "failed", text="added B")),
            message(2, "done", told("plan", "told", text="added B")),
        )
        self.assertIn("2 messages are tried again now", self.run_ctl("outbox", "retry", "all").stdout)
        self.assertEqual(self.calls("RetryMessage"), [[4], [3]])

    def test_a_retry_answers_as_json_with_the_numbers_that_are_tried(self):
        self.messages(message(4, "waits", told("plan", "sealed", text="added B"), answer="451 later"),
                      message(3, "failed", told("plan", "failed", text="added B")))
        self.assertEqual(self.json("outbox", "retry", "all"), {"retried": [4, 3]})
        self.assertEqual(self.json("outbox", "retry", "3"), {"retried": [3]})
        self.assertEqual(self.run_ctl("outbox", "retry", "frob", "--json", status=2).stdout, "")
        self.assertEqual(json.loads(self.run_ctl("outbox", "retry", "77", "--json", status=1).stdout), {"retried": []})

    def test_a_rehearsal_ends_as_soon_as_nothing_more_comes_of_it(self):
        older = message(3, "waits", told("rehearsal", "sealed", happened=now() - 5 * HOUR), answer="451 older")
        rehearsal = [
            message(9, "done", told("rehearsal", "told"), recipient="hook bell"),
            message(8, "failed", told("rehearsal", "failed"), recipient="hook ntfy", answer="no such topic"),
            message(7, "waits", told("rehearsal", "sealed"), answer="451 later"),
        ]
        self.messages(older, rehearsal=rehearsal)
        done = self.run_ctl("rehearse", status=1)
        self.assertIn("to 3 caregivers and hooks", done.stdout)
        for words in (r"hook bell +told\n", r"hook ntfy +not delivered: no such topic\n",
                      r"caregiver maria +not delivered yet: 451 later; tried again "):
            self.assertRegex(done.stdout, words)
        self.assertNotIn("451 older", done.stdout)
        self.assertEqual(self.calls("Rehearse"), [["ana"]])
        asked = self.calls("ListMessages")
        self.assertEqual({call[2]["event"] for call in asked}, {"rehearsal"})
        self.assertEqual({call[2]["person"] for call in asked}, {"ana"})


if __name__ == "__main__":
    unittest.main()
