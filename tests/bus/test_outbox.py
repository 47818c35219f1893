# SPDX-License-Identifier: LGPL-2.1-or-later
"""The outbox of the real dosed: what the bus lists, tries again and rehearses, and how dosectl shows it."""

import json
import unittest
from datetime import timedelta
from pathlib import Path

import dbus
from harness import (CONFIGURATION, DEADLINE_SEC, NAME, PATH, Dosed, calendar, error_name, event, now, plain,
                     usec, wait_until)
from notify import FakeServer

EVER = timedelta(days=30)

MESSAGE_KEYS = {
    "id", "recipient", "state", "under_way", "gone", "perhaps", "made", "next", "ended", "expires", "attempts", "answer",
    "events", "more",
}  # fmt: skip
EVENT_KEYS = {
    "event", "state", "person", "dose", "medication", "due", "text", "happened", "not_before", "in_summary",
}  # fmt: skip
CARRIER_KEYS = {"message", "recipient", "next", "ended", "attempts", "answer"}

# Takes what it is given; ends as the file beside it says, and says what is in the other one.
HOOK = """#!/bin/sh
cat >>"$0.got"
read code <"$0.code"
cat "$0.says"
exit $code
"""


def options(**values):
    return dbus.Dictionary(values, signature="sv")


class Hook:
    def __init__(self, folder, name):
        self.path = folder / name
        self.path.write_text(HOOK)
        self.path.chmod(0o755)
        self.set(0, "")

    def set(self, code, says):
        """Whole at every moment: it may be about to be read."""
        for end, text in (("code", f"{code}\n"), ("says", says)):
            temporary = Path(f"{self.path}.part")
            temporary.write_text(text)
            temporary.rename(f"{self.path}.{end}")

    def section(self, on):
        return f"\n[hook {self.path.name}]\non = {on}\ncommand = {self.path}\n"


class Outbox(unittest.TestCase):

    def setUp(self):
        self.dosed = self.enterContext(Dosed(None))
        self.bell = Hook(self.dosed.folder, "bell")

    def configure(self, *sections, people=("ana",)):
        text = CONFIGURATION + "".join(f"\n[person {person}]\n" for person in people[1:]) + "".join(sections)
        self.dosed.configuration = text
        self.dosed.configure(text)

    def begin(self, *sections, people=("ana",)):
        self.configure(*(sections or (self.bell.section("missed, taken, plan"),)), people=people)
        self.dosed.start()
        self.box = self.dosed.proxy(PATH, f"{NAME}.Outbox")

    def person(self, name="ana"):
        return self.dosed.proxy(f"{PATH}/person/{name}", f"{NAME}.Person")

    def list(self, start=None, until=None, **values):
        return plain(self.box.ListMessages(dbus.UInt64(usec(start or now() - EVER)),
                                           dbus.UInt64(usec(until or now() + EVER)), options(**values)))

    def wait_list(self, fits, **values):
        """The list once it is so. A message has no signal of its own: it is looked at again as long as it takes."""
        found = []

        def look():
            found[:] = self.list(**values)
            return fits(found)

        deadline = now() + timedelta(seconds=DEADLINE_SEC)
        while not look():
            self.assertLess(now(), deadline, found)
            wait_until(now() + timedelta(milliseconds=50))
        return list(found)

    def say(self, *arguments, status=0):
        done = self.dosed.dosectl(*arguments, check=status)
        return done.stderr if status == 2 else done.stdout + done.stderr

    def fail_for_good(self):
        self.bell.set(1, "no such user")
        self.begin()
        self.person().Rehearse()
        (failed,) = self.wait_list(lambda found: found and found[0]["state"] == "failed", open=True)
        return failed


class Bus(Outbox):
    def test_nobody_is_told_and_nothing_is_listed(self):
        self.begin("")
        self.assertEqual((self.list(), self.list(open=True)), ([], []))
        self.assertEqual(plain(self.person().Rehearse()), 0)
        self.assertEqual(self.list(open=True), [])
        self.assertEqual(error_name(self.box.RetryMessage, dbus.UInt64(1)), "NoSuchMessage")

    def test_what_was_told_is_listed_with_its_dose_and_when_it_came_to_its_end(self):
        self.begin()
        self.dosed.put_ics("a", calendar(event("Aspirin 100 mg", now() + timedelta(hours=1), uid="asp")))
        self.wait_list(lambda found: found and found[0]["state"] == "done")
        (dose,) = self.dosed.doses()
        self.dosed.dose(dose["path"]).Confirm(options(force=True))
        found = self.wait_list(lambda found: [m["state"] for m in found] == ["done"] * 2)
        taken, plan = found
        for message in found:
            self.assertEqual((message["recipient"], message["attempts"]), ("hook bell", 1))
            self.assertLessEqual(message["made"], message["ended"])
            self.assertNotIn("next", message)
        (told,) = taken["events"]
        self.assertEqual([told[key] for key in ("event", "state", "person", "medication", "dose", "due")],
                         ["taken", "told", "ana", "Aspirin 100 mg", dose["id"], dose["due"]])
        self.assertEqual(plan["events"][0]["text"], "added Aspirin 100 mg")
        self.assertEqual(self.list(open=True), [])

        self.assertEqual([m["id"] for m in self.list(event="taken")], [taken["id"]])
        self.assertEqual([m["id"] for m in self.list(person="ana")], [taken["id"], plan["id"]])
        self.assertEqual(self.list(until=now() - timedelta(hours=1)), [])
        self.assertEqual(self.list(start=now() + timedelta(hours=1)), [])

    def test_what_one_may_ask_for_is_checked(self):
        self.begin()
        ask = lambda **values: error_name(self.box.ListMessages, dbus.UInt64(0), dbus.UInt64(0), options(**values))  # noqa: E731
        for values, wanted in (
            ({"person": "zoe"}, "NoSuchPerson"),
            ({"event": "lunch"}, "BadOption"),
            ({"frob": "x"}, "BadOption"),
            ({"open": "yes"}, "BadOption"),
            ({"person": "ana\a"}, "BadOption"),
            ({"open": True}, ""),
        ):
            with self.subTest(values=values):
                self.assertEqual(ask(**values), wanted)

    def test_what_waits_for_its_time_is_listed_before_it_is_a_message(self):
        since, until = now() - timedelta(hours=2), (now() + timedelta(hours=2)).replace(second=0, microsecond=0)
        maria = f"\n[caregiver maria]\nemail = maria@example.org\ntell = plan\nquiet = {since:%H:%M}-{until:%H:%M}\n"
        mail = "\n[mail]\nsmtp = smtp://127.0.0.1:9\nfrom = dosed@example.org\n"
        self.begin("caregivers = maria\n", maria, mail)
        self.dosed.put_ics("a", calendar(event("Aspirin", now() + timedelta(hours=1))))
        (waiting,) = self.wait_list(bool, open=True)
        (told,) = waiting["events"]
        self.assertNotIn("id", waiting)
        self.assertEqual((waiting["recipient"], waiting["state"], told["event"]), ("caregiver maria", "waits", "plan"))
        self.assertEqual(told["not-before"], usec(until))
        self.assertEqual(waiting["next"], told["not-before"])
        self.assertEqual(self.list(), [])
        self.assertRegex(self.say("outbox"), r"caregiver maria +plan: added Aspirin +waits +\S")
        self.assertRegex(self.say("told"), r"caregiver maria +plan: added Aspirin +waits until ")

    def test_one_that_failed_for_good_is_listed_until_it_is_tried_again(self):
        failed = self.fail_for_good()
        self.assertIn("no such user", failed["answer"])
        self.assertEqual(failed["events"][0]["state"], "failed")
        self.assertIn("no such user", " ".join(self.dosed.proxy().get("Degraded")))

        self.bell.set(0, "")
        self.box.RetryMessage(dbus.UInt64(failed["id"]))
        done = self.wait_list(lambda found: found[0]["state"] == "done")
        self.assertEqual([(m["state"], len(m["events"])) for m in done], [("done", 1), ("renewed", 1)])
        self.assertRegex(self.say("outbox", "--all"), r"made anew +.*no such user")
        self.assertEqual(error_name(self.box.RetryMessage, dbus.UInt64(failed["id"])), "NotOpen")
        self.assertGreater(done[0]["id"], failed["id"])
        self.assertEqual(self.list(open=True), [])
        self.assertEqual(self.dosed.proxy().get("Degraded"), [])
        self.assertEqual(error_name(self.box.RetryMessage, dbus.UInt64(done[0]["id"])), "NotOpen")
        for unknown in (0, 99, 2**63, 2**64 - 1):
            self.assertEqual(error_name(self.box.RetryMessage, dbus.UInt64(unknown)), "NoSuchMessage")

    def test_one_that_is_put_off_goes_at_once_when_it_is_tried_again(self):
        self.bell.set(75, "not now")
        self.begin()
        self.person().Rehearse()
        late = lambda found: found and found[0].get("answer") and "under-way" not in found[0]  # noqa: E731
        (waiting,) = self.wait_list(late, open=True)
        self.assertEqual((waiting["state"], waiting["attempts"]), ("waits", 1))
        self.assertGreater(waiting["next"], waiting["made"])
        self.assertGreater(waiting["expires"], waiting["next"])
        self.bell.set(0, "")
        self.box.RetryMessage(dbus.UInt64(waiting["id"]))
        (done,) = self.wait_list(lambda found: found[0]["state"] == "done")
        self.assertEqual((done["id"], done["attempts"]), (waiting["id"], 2))

    def test_a_rehearsal_reaches_all_who_are_told_of_that_person_and_says_that_it_is_one(self):
        server = FakeServer(self.dosed.bus.address)
        self.addCleanup(server.stop)
        other = Hook(self.dosed.folder, "other")
        self.begin(self.bell.section("missed"), other.section("taken"), people=("ana", "ben"))
        self.assertEqual(plain(self.person("ben").Rehearse()), 2)
        found = self.wait_list(lambda found: [m["state"] for m in found] == ["done"] * 2, event="rehearsal")
        self.assertEqual({m["recipient"] for m in found}, {"hook bell", "hook other"})
        self.assertEqual(self.list(person="ana"), [])
        for hook in (self.bell, other):
            self.assertTrue(json.loads(Path(f"{hook.path}.got").read_text())["rehearsal"])
        self.assertEqual(self.dosed.doses(), [])

        call = server.wait_calls(1)
        self.assertIn("rehearsal", call.title)
        self.assertIn("ben", call.body)
        self.assertNotIn("Taken", call.labels)
        self.person("ben").Rehearse()
        again = server.wait_calls(2)
        self.assertEqual(again.body, call.body)
        server.dismiss(server.identity(call.title))
        self.person("ben").Rehearse()
        self.assertEqual(server.wait_calls(3).body, call.body)

    def test_a_test_mail_needs_an_address_and_mail_settings(self):
        self.begin()
        for address in ("", "x", "@x", "x@", "-oX@example.org", "a b@example.org", "a@b,c@d", "<a@b>", "a" * 250 + "@b.org"):
            with self.subTest(address=address):
                self.assertEqual(error_name(self.box.TestMail, address), "org.freedesktop.DBus.Error.InvalidArgs")
        self.assertEqual(error_name(self.box.TestMail, "a\r\nb@example.org"), "BadOption")
        self.assertEqual(error_name(self.box.TestMail, "maria@example.org"), "org.freedesktop.DBus.Error.NotSupported")

    def test_it_is_all_there_after_a_restart(self):
        failed = self.fail_for_good()
        self.dosed.kill()
        self.dosed.start()
        self.box = self.dosed.proxy(PATH, f"{NAME}.Outbox")
        self.assertEqual(self.list(open=True), [failed])


class Client(Outbox):
    def test_a_failure_is_shown_with_its_reason_and_tried_again(self):
        failed = self.fail_for_good()
        number = str(failed["id"])
        self.assertRegex(self.say("status"), r"^! Messages to hook bell do not arrive: .*no such user.*\. See dosectl outbox\n")
        self.assertRegex(self.say("outbox"), rf"(?s)ID.*\n{number} .*hook bell +rehearsal +FAILED +1 .*no such user"
                                             r".*dosectl outbox retry ID")
        self.assertRegex(self.say("told"), r"hook bell +rehearsal +not delivered: .*no such user")
        self.assertIn("no message of this number; dosectl outbox --all", self.say("outbox", "retry", "99", status=1))

        self.bell.set(0, "")
        self.assertRegex(self.say("outbox", "retry", number), rf"^Message {number} is tried again now")
        self.wait_list(lambda found: found[0]["state"] == "done")
        self.assertIn("No message waits, and none has failed", self.say("outbox"))
        self.assertRegex(self.say("outbox", "--all"), r"(?s)made anew.*rehearsal +delivered +1")
        self.assertIn("nothing to try again", self.say("outbox", "retry", "all"))
        self.assertNotIn("!", self.say("status"))

    def test_retry_all_tries_everything(self):
        failed = self.fail_for_good()
        self.bell.set(0, "")
        self.assertIn("1 message is tried again now", self.say("outbox", "retry", "all"))
        (done, _) = self.wait_list(lambda found: found[0]["state"] == "done")
        self.assertGreater(done["id"], failed["id"])

    def test_what_a_hook_repeats_of_its_event_is_not_in_the_status(self):
        given = json.dumps({"event": "missed", "medication": "Aspirin", "text": "x" * 600})
        for says, shown in ((given, "it answered at length"), (f"curl: no route; {given}", "curl: no route; …"),
                            ("550 " + "x" * 600, "550 " + "x" * 116 + "…"), ("no such user", "no such user (exit code 1)")):
            with self.subTest(shown=shown):
                self.bell.set(1, says)
                if not self.dosed.process:
                    self.begin()
                self.person().Rehearse()
                failed = self.wait_list(lambda found: found and says in found[0].get("answer", ""), open=True)[0]
                self.assertEqual(self.dosed.proxy().get("Degraded"),
                                 [f"Messages to hook bell do not arrive: {shown}. See dosectl outbox"])
                self.assertIn(failed["answer"], self.say("outbox"))

    def test_what_went_to_a_recipient_that_is_gone_is_not_advised_to_be_tried_again(self):
        number = str(self.fail_for_good()["id"])
        self.configure("")
        self.dosed.hang_up()
        self.wait_list(lambda found: found[0].get("gone"), open=True)
        said = self.say("outbox")
        self.assertRegex(said, rf"(?s){number} .*FAILED, recipient gone .*no such user.*is no longer in dosed\.conf")
        self.assertNotIn("dosectl outbox retry", said)
        self.assertRegex(self.say("outbox", "retry", number, status=1), r"^dosectl: .* its recipient is no longer in dosed\.conf")
        self.assertRegex(self.say("outbox", "retry", "all"), r"^1 message is not tried again: .*no longer in dosed\.conf.*\n$")

    def test_a_rehearsal_waits_for_what_becomes_of_it(self):
        self.begin()
        said = self.say("rehearse")
        self.assertRegex(said, r"A rehearsal for ana, .* to 1 caregiver or hook\.\n *hook bell +told\n$")
        self.bell.set(1, "no such user")
        said = self.say("rehearse", status=1)
        self.assertRegex(said, r"hook bell +not delivered: .*no such user")
        self.assertIn("dosectl: it did not arrive everywhere", said)
        self.bell.set(75, "")
        self.say("outbox", "retry", "all")
        self.wait_list(lambda found: found and found[0].get("attempts") and "under-way" not in found[0], open=True)
        self.assertRegex(self.say("rehearse", status=1), r"waits for the message before it, tried again \S")

    def test_a_rehearsal_with_nobody_to_tell_says_so(self):
        self.begin("")
        self.assertIn("Nobody else is told of these doses", self.say("rehearse"))

    def test_a_rehearsal_is_of_one_person(self):
        self.begin(people=("ana", "ben"))
        self.assertIn("name one of these with --person", self.say("rehearse", status=1))
        self.assertIn("A rehearsal for ben", self.say("--person", "ben", "rehearse"))
        self.assertIn("--person takes a name", self.say("--person", "zoe", "rehearse", status=1))
        self.assertNotIn("rehearsal", self.say("--person", "ana", "told"))
        self.say("--person", "ana", "rehearse")
        self.assertRegex(self.say("told"), r"(?s)PERSON.* ben .* ana ")

    def test_keys_of_json_are_these_and_no_others(self):
        self.begin()
        self.dosed.put_ics("a", calendar(event("Aspirin", now() + timedelta(hours=1))))
        self.wait_list(lambda found: found and found[0]["state"] == "done")
        self.bell.set(1, "no such user")
        self.person().Rehearse()
        self.wait_list(lambda found: found[0]["state"] == "failed")
        for messages in (self.dosed.json("outbox"), self.dosed.json("outbox", "--all")):
            self.assertTrue(messages)
            for message in messages:
                self.assertEqual(set(message), MESSAGE_KEYS)
                self.assertRegex(message["made"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
                for told in message["events"]:
                    self.assertEqual(set(told), EVENT_KEYS)
        told = self.dosed.json("told")
        self.assertEqual([item["event"] for item in told], ["plan", "rehearsal"])
        for item in told:
            self.assertEqual(set(item), EVENT_KEYS | CARRIER_KEYS)
        self.bell.set(0, "")
        self.say("outbox", "retry", "all")
        self.wait_list(lambda found: found[0]["state"] == "done")
        rehearsed = self.dosed.json("rehearse")
        self.assertEqual((rehearsed["person"], rehearsed["recipients"]), ("ana", 1))
        self.assertEqual([(item["event"], item["state"]) for item in rehearsed["told"]], [("rehearsal", "told")])

    def test_a_test_mail_without_mail_settings_says_where_they_go(self):
        self.begin()
        self.assertRegex(self.say("mail", "test", "maria@example.org", status=1), r"^dosectl: .*\[mail\] of dosed\.conf")

    def test_what_means_nothing_is_a_usage_error(self):
        self.begin()
        for arguments in (("outbox", "frob"), ("outbox", "retry"), ("outbox", "retry", "x"), ("outbox", "retry", "-1"),
                          ("outbox", "retry", "1", "2"), ("mail",), ("mail", "frob", "x"), ("mail", "test"),
                          ("told", "x"), ("rehearse", "x"), ("outbox", "--from", "x"),
                          ("told", "--from", "tomorrow", "--until", "yesterday")):
            with self.subTest(arguments=arguments):
                self.assertTrue(self.say(*arguments, status=2).startswith("dosectl: "))


if __name__ == "__main__":
    unittest.main()
