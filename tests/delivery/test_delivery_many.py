# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many doses, and a mail server that is down for a day: a few letters, and nothing that nobody hears of."""

import re
import unittest
from datetime import timedelta

from told import ANA, MARIA, Told, calendar, caregiver, event, mail, now, text_of, usec

DOSES = 1000
MAIL_DOWN = "421 4.3.2 down for today"


def total(letters):
    """How many doses their subjects speak of."""
    numbers = [re.search(r"\d+", letter["Subject"].replace("A dose", "1 dose")) for letter in letters]
    return sum(int(number[0]) for number in numbers)


class Many(Told):
    def put_many(self, **properties):
        """Due within the same minutes, each another medicine; five hundred a file."""
        properties = {"X_DOSED_WINDOW": "PT1H", **properties}
        for part in range(0, DOSES, 500):
            self.dosed.put_ics(f"part{part}", calendar(*(
                event(f"Medicine {number}", self.due + timedelta(seconds=number // 10), uid=f"m{number}", **properties)
                for number in range(part, part + 500))))

    def total_told(self, server):
        return total(server.letters(MARIA))

    def test_missed_at_once(self):
        server = self.serve()
        self.put_many()
        self.start(ANA, caregiver(), mail(server))
        self.move_to(self.due + timedelta(minutes=3))
        self.wait_for(lambda: self.count("due") == DOSES, lambda: f"{self.count('due')} are due")
        self.move_to(self.due + timedelta(minutes=65))
        self.wait_for(lambda: self.count("missed") == DOSES, lambda: f"{self.count('missed')} are missed")
        self.assertEqual(server.letters(), [])  # it is gathered for a minute
        self.move_to(self.due + timedelta(minutes=67))
        self.wait_for(lambda: self.total_told(server) == DOSES, lambda: f"{self.total_told(server)} were told")
        self.assert_few(server)

    def test_an_outage_over_a_dense_plan(self):
        """Critical ones, which go at once: there is nobody to gather for who was away."""
        server = self.serve()
        self.put_many(PRIORITY="1")
        self.start(ANA, caregiver(), mail(server))
        self.wait_for(lambda: self.count("upcoming") == DOSES, "the plan is not read")
        self.dosed.stop()
        self.move_to(self.due + timedelta(hours=20))
        self.dosed.start(**self.clock.environment)
        self.wait_for(lambda: self.count("unattended") == DOSES, lambda: f"{self.count('unattended')} are unattended")
        self.wait_for(lambda: self.total_told(server) == DOSES, lambda: f"{self.total_told(server)} were told")
        self.assert_few(server)

    def assert_few(self, server):
        """The engine settles five hundred in one step; who is told is told of a thousand at most in one letter."""
        letters = server.letters()
        self.assertLessEqual(len(letters), 4)
        for letter in letters:
            self.assertRegex(text_of(letter), r"and \d+ more")
        print(f"# {DOSES} doses in {len(letters)} letters", flush=True)


class Down(Told):
    def test_a_mail_server_that_is_down_for_a_day(self):
        server = self.serve(maria=[MAIL_DOWN] * 1000)
        medicines = [f"Medicine {number}" for number in range(12)]
        for number, medicine in enumerate(medicines):
            self.put(medicine, due=self.due + number * timedelta(hours=2))
        self.start(ANA, caregiver(), mail(server))
        # Half an hour after the other, so that every dose rings before it is missed; and each attempt as it comes.
        attempts = 0
        for half_hour in range(52):
            self.move_to(self.due + timedelta(minutes=30 * half_hour, seconds=5))
            self.dosed.dosectl("status", check=0)
            if half_hour == 2:
                attempts = 1
                self.wait_attempt("maria", attempts)
            while attempts and self.outbox()["maria"]["next"] <= usec(now() + self.clock.moved):
                attempts += 1
                self.wait_attempt("maria", attempts)
        self.assertLessEqual(server.calls, 35)
        self.assertIn("down for today", self.degraded())
        self.assertEqual(server.arrived, [])
        self.assertEqual(len(self.outbox()["maria"]["events"]), len(medicines))
        self.assertIn("down for today", self.dosed.dosectl("outbox", check=0).stdout)

        server.moods.clear()
        self.dosed.dosectl("outbox", "retry", "all", check=0)
        (letter,) = self.wait_letters(server)
        self.assertEqual(total([letter]), len(medicines))
        self.assertIn("This message is late", text_of(letter))
        self.assertGreater(letter["Date"].datetime, self.due + timedelta(hours=24))
        self.wait_for(lambda: self.degraded() == "", self.degraded)
        self.assertEqual(len(server.arrived), 1)
        print(f"# a day without mail: {server.calls} attempts, {len(server.arrived)} letter of {len(medicines)} doses",
              flush=True)


if __name__ == "__main__":
    unittest.main()
