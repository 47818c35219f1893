# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hooks of the real dosed: each event comes once, as JSON; one that fails or hangs; a heartbeat that stops with the health."""

import collections
import json
import os
import resource
import unittest
from datetime import timedelta

from told import ANA, Told

# Whole or not at all: a line is appended at once.
HOOK = """#!/bin/sh
line=$(cat | tr -d '\\n')
echo "$line" >>"$0.got"
read -r code <"$0.code"
[ "$code" != hang ] || exec sleep 3600
echo "ends with $code" >&2
exit "$code"
"""


# A file that may not grow fails its writer with a signal, unless that is ignored.
FULL_DISK = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]


class Hook:
    def __init__(self, folder, name="bell"):
        self.path = folder / name
        self.path.write_text(HOOK)
        self.path.chmod(0o755)
        self.got = folder / f"{name}.got"
        self.got.touch()
        self.ends(0)

    def ends(self, code):
        part = self.path.with_suffix(".part")
        part.write_text(f"{code}\n")
        part.rename(f"{self.path}.code")

    def section(self, on, **keys):
        keys = {"on": on, "command": self.path, **keys}
        return f"[hook {self.path.name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) + "\n"

    def events(self):
        return [json.loads(line) for line in self.got.read_text().split("\n")[:-1]]


class Hooks(Told):
    def setUp(self):
        super().setUp()
        self.hook = Hook(self.folder)

    def wait_event(self, event, count=1):
        def found():
            return [told for told in self.hook.events() if told["event"] == event][count - 1 :]

        return self.wait_for(found, lambda: f"no {event}, but {[told['event'] for told in self.hook.events()]}")[0]

    def test_each_event_comes_once(self):
        for number, medicine in enumerate(("Taken", "Skipped", "Snoozed", "Missed", "Unattended")):
            self.put(medicine, due=self.due + number * timedelta(hours=3))
        self.start(ANA, self.hook.section("due, taken, skipped, snoozed, missed, unattended, plan, degraded", detail="full"))

        def ring(medicine, number):
            self.move_to(self.due + number * timedelta(hours=3))
            self.wait_event("due", number + 1)
            self.assertEqual(self.hook.events()[-1]["medication"], medicine)

        ring("Taken", 0)
        self.dosed.dosectl("take", "Taken", "--note", "with bread", check=0)
        self.assertEqual(self.wait_event("taken")["medication"], "Taken")
        ring("Skipped", 1)
        self.dosed.dosectl("skip", "Skipped", "sick", check=0)
        self.assertEqual(self.wait_event("skipped")["medication"], "Skipped")
        ring("Snoozed", 2)
        self.dosed.dosectl("snooze", "Snoozed", check=0)
        self.assertEqual(self.wait_event("snoozed")["medication"], "Snoozed")
        self.dosed.dosectl("take", "Snoozed", check=0)
        self.wait_event("taken", 2)
        ring("Missed", 3)
        self.move_to(self.due + timedelta(hours=10, minutes=1))
        self.assertEqual(self.wait_event("missed")["medication"], "Missed")
        self.dosed.dosectl("take", "Missed", check=0)
        self.wait_event("taken", 3)
        self.dosed.put_ics("broken", "BEGIN:VCALENDAR\r\n")
        self.dosed.dosectl("reload")
        self.assertTrue(self.wait_event("degraded"))
        # One that is ended with dosed is run again: that it came is then not known.
        self.wait_for(lambda: not self.dosed.json("outbox"), lambda: self.dosed.json("outbox"))
        self.dosed.stop()
        self.move_to(self.due + timedelta(hours=20))
        self.dosed.start(**self.clock.environment)
        self.assertEqual(self.wait_event("unattended")["medication"], "Unattended")

        events = self.hook.events()
        self.assertEqual(len({told["token"] for told in events}), len(events))
        counted = collections.Counter(told["event"] for told in events)
        self.assertEqual({name: counted[name] for name in ("due", "taken", "skipped", "snoozed", "missed", "unattended")},
                         {"due": 4, "taken": 3, "skipped": 1, "snoozed": 1, "missed": 1, "unattended": 1})

    def start_and_ring(self, **keys):
        self.put("Aspirin")
        self.start(ANA, self.hook.section("due", **keys))
        self.move_to(self.due)

    def test_one_that_fails_for_now_is_tried_again_with_the_same(self):
        self.hook.ends(os.EX_TEMPFAIL)
        self.start_and_ring()
        first = self.wait_event("due")
        self.wait_for(lambda: self.hook_message().get("answer") == "ends with 75 (exit code 75)", self.hook_message)
        self.hook.ends(0)
        self.move_to(self.due + timedelta(minutes=2))
        self.assertEqual(self.wait_event("due", 2)["token"], first["token"])
        self.wait_for(lambda: self.hook_message()["state"] == "done", self.hook_message)
        self.assertEqual(len(self.hook.events()), 2)

    def hook_message(self):
        return self.outbox().get("hook bell", {})

    def test_one_that_hangs_is_ended_and_holds_nothing_up(self):
        self.hook.ends("hang")
        self.start_and_ring(timeout="2s")
        first = self.wait_event("due")
        self.dosed.dosectl("status", check=0)
        message = self.wait_attempt("hook bell", 1)
        self.assertIn("longer than 2 s", message["answer"])
        self.assertTrue(message["perhaps"])
        self.hook.ends(0)
        self.dosed.dosectl("outbox", "retry", "all", check=0)
        self.assertEqual(self.wait_event("due", 2), first)  # it may have been told: so the very same again


class Heartbeats(Told):
    def test_it_stops_while_the_ledger_cannot_be_written(self):
        hook = Hook(self.folder, "heart")
        self.clock.environment["DOSED_CLOCK_SUSPENDS"] = "1"
        self.put("Aspirin")
        self.configure(ANA, hook.section("heartbeat", every="1min"))
        self.dosed.start(prefix=FULL_DISK, **self.clock.environment)
        self.move_to(self.due - timedelta(hours=1))
        self.wait_for(lambda: len(hook.events()) == 1, "no heartbeat")

        size = (self.dosed.state / "dosed.db-wal").stat().st_size
        self.assertGreater(size, 0)
        self.limit_files(size)
        self.move_to(self.due)
        self.wait_dose("Aspirin", "due")
        self.wait_degraded("ledger")
        beats = len(hook.events())  # the clock may have brought one before it was known
        for minute in range(2, 9, 2):
            self.move_to(self.due + timedelta(minutes=minute))
            for _ in range(5):
                self.dosed.dosectl("status", check=0)
        self.assertEqual(len(hook.events()), beats)

        self.limit_files(resource.RLIM_INFINITY)
        self.move_to(self.due + timedelta(minutes=11))
        self.wait_for(lambda: len(hook.events()) == beats + 1, "no heartbeat")
        self.assertEqual(self.degraded(), "")

    def limit_files(self, size):
        resource.prlimit(self.dosed.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


if __name__ == "__main__":
    unittest.main()
