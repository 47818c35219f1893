# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed is killed over and over while it tells of missed doses: each is told at least once, and no letter comes in two forms."""

import collections
import os
import random
import re
import select
import signal
import time
import unittest
from datetime import timedelta

from told import ANA, Timeout, Told, calendar, caregiver, event, mail, parse, text_of

KILLS = int(os.environ.get("KILLS", "100"))
SEED = int(os.environ.get("SEED", "1"))
PACE = timedelta(minutes=2)  # from one dose to the next
DOSES_A_ROUND = 3

# Where in a conversation the blow falls; each as often as the other, and as often as somewhere else by the clock.
STAGES = ["greeting", "RCPT", "DATA", "taken", "QUIT"]


# And what the server does, where it comes to that.
MOODS = [[], ["451 4.3.0 later"], [lambda _talk: None]]
MOOD_WEIGHTS = [8, 1, 1]

NAMED = re.compile(r"\bMedicine\d{4}x\b")
COUNTED = re.compile(r"\band (\d+) more\b")


class Crash(Told):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.stage = None
        self.server = self.serve()
        self.server.on_stage = self.on_stage
        self.n_kills_by_server = 0

    def on_stage(self, stage):
        """In a thread of the server."""
        if stage == self.stage:
            self.stage = None
            self.n_kills_by_server += 1
            os.kill(self.dosed.process.pid, signal.SIGKILL)

    def start_again(self):
        self.dosed.start(wait=False, **self.clock.environment)

    def test_killed_at_random_moments(self):
        n_doses = KILLS * DOSES_A_ROUND
        names = {f"Medicine{number:04}x" for number in range(n_doses)}
        self.dosed.put_ics("all", calendar(*(
            event(name, self.due + number * PACE, uid=name, PRIORITY="1", X_DOSED_WINDOW="PT1H")
            for number, name in enumerate(sorted(names)))))
        self.configure(ANA, caregiver(detail="full"), mail(self.server))
        self.dosed.start(**self.clock.environment)
        began = time.monotonic()
        for kill in range(KILLS):
            if kill > 0:
                self.start_again()
            self.move_to(self.due + timedelta(hours=1) + kill * DOSES_A_ROUND * PACE)
            self.be_killed()

        self.server.moods.clear()
        self.start_for_good()
        self.move_to(self.due + timedelta(hours=6) + n_doses * PACE)
        self.wait_for(lambda: self.count_told() >= n_doses, lambda: f"{self.count_told()} of {n_doses} doses were told")
        self.wait_for(lambda: self.outbox()["maria"]["state"] == "done", "something is still to be told")
        settled = {dose["medication"] for dose in self.doses() if dose["state"] in ("missed", "unattended")}
        self.assertEqual(settled, names)
        self.judge(n_doses, began)

    def start_for_good(self):
        while True:
            self.start_again()
            try:
                self.dosed.wait_ready()
                return
            except Timeout:
                # The bus had not yet seen the end of the one before: this one gave way, to be started again.
                self.assertEqual(self.dosed.process.poll(), os.EX_TEMPFAIL, self.dosed.stderr()[-2000:])
                self.dosed.process = None

    def be_killed(self):
        """At a stage of the next conversation, or after a while: whichever comes first, so that none is waited for."""
        self.stage = self.random.choice(STAGES) if self.random.random() < 0.7 else None
        while_sec = self.random.uniform(0.1, 1.2) if self.stage else self.random.uniform(0, 0.5)
        with self.server.lock:
            self.server.moods["maria@example.org"] = list(*self.random.choices(MOODS, MOOD_WEIGHTS))
        deadline = time.monotonic() + while_sec
        while self.dosed.process.poll() is None and time.monotonic() < deadline:
            select.select([], [], [], 0.005)
        self.stage = None
        status = self.dosed.kill()
        # It gave way where the bus had not yet seen the end of the one before.
        self.assertIn(status, (-signal.SIGKILL, os.EX_TEMPFAIL), self.dosed.stderr()[-2000:])

    def letters_by_number(self):
        """What arrived, as it arrived, by Message-ID."""
        letters = collections.defaultdict(list)
        with self.server.lock:
            for _, content in self.server.arrived:
                letters[parse(content)["Message-ID"]].append(content)
        return letters

    def count_told(self):
        """A letter names fifty doses, and counts those beyond."""
        texts = [text_of(parse(contents[0])) for contents in self.letters_by_number().values()]
        return sum(len(NAMED.findall(text)) + sum(map(int, COUNTED.findall(text))) for text in texts)

    def judge(self, n_doses, began):
        letters = self.letters_by_number()
        for _, content in self.server.perhaps:
            letters[parse(content)["Message-ID"]].append(content)
        for number, contents in letters.items():
            self.assertEqual(len(set(contents)), 1, f"{number} came in two forms: {contents[0]} {contents[-1]}")
        # At least once is promised; in two different letters it would be two alarms for one dose.
        texts = [text_of(parse(contents[0])) for contents in letters.values()]
        named = collections.Counter(name for text in texts for name in NAMED.findall(text))
        self.assertEqual({name: times for name, times in named.items() if times > 1}, {})
        self.assertEqual(self.count_told(), n_doses)
        print(f"# {KILLS} kills (seed {SEED}), {self.n_kills_by_server} of them in a conversation: {n_doses} doses in "
              f"{len(self.server.arrived)} letters, {len(letters)} different ones, "
              f"{len(self.server.perhaps)} without an answer, {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    unittest.main()
