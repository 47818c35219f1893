# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random schedules: what `dosectl preview` says of them, and what python-dateutil does.

Left out is what dateutil reads otherwise than RFC 5545, or what the RFC leaves open: BYDAY with and without ordinals together,
YEARLY;BYMONTHDAY without BYMONTH, BYWEEKNO without BYDAY or with INTERVAL or BYMONTH, WEEKLY;BYSETPOS (its first week begins
for dateutil with DTSTART, for the RFC with WKST), and what the RFC forbids. Weeks are counted here: dateutil's BYWEEKNO loses
the days of week 1 that lie in the year before when it counts from the end, and knows a week 53 where there is none.
"""

import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timedelta
from pathlib import Path

from dateutil import rrule

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bus"))

from harness import calendar, program  # noqa: E402

SEED = int(os.environ.get("DOSED_SEED", "1"))
EACH = int(os.environ.get("DOSED_RULES", "85"))  # schedules of each frequency and window
PATIENCE_SEC = 0.015  # dateutil walks: a rule that hardly ever matches would take it minutes

DAY = timedelta(days=1)
STEPS = {"MINUTELY": timedelta(minutes=1), "HOURLY": timedelta(hours=1), "DAILY": DAY, "WEEKLY": 7 * DAY}
SPANS = {"MINUTELY": DAY, "HOURLY": 10 * DAY, "DAILY": 60 * DAY, "WEEKLY": 365 * DAY, "MONTHLY": 5 * 365 * DAY,
         "YEARLY": 20 * 365 * DAY}
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
NEAR, *FAR = datetime(1990, 1, 1), datetime(2027, 3, 1), datetime(2064, 2, 28), datetime(2099, 12, 31)
ALL_DAY = timedelta(hours=8)


class GivenUp(Exception):
    """dateutil takes too long, or there is nothing to compare."""


def text_of(time, is_date=False):
    return time.strftime("%Y%m%d" if is_date else "%Y%m%dT%H%M%S")


def both_ends(last):
    return [*range(1, last + 1), *range(-last, 0)]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, probability):
        return self.random.random() < probability

    def some(self, values, most):
        values = list(values)
        return ",".join(map(str, self.random.sample(values, self.random.randint(1, min(most, len(values))))))

    def ordinals(self, last):
        return "BYDAY=" + ",".join(f"{self.random.choice(both_ends(last))}{day}"
                                   for day in self.random.sample(WEEKDAYS, self.random.randint(1, 3)))

    def days_of_year(self, has_months):
        kind = self.random.choice(["none", "weekday", "ordinal", "month-day", "both", "year-day", "week"])
        if kind == "week" and not has_months:
            return ["BYWEEKNO=" + self.some(both_ends(53), 5), "BYDAY=" + self.some(WEEKDAYS, 3)]
        if kind == "year-day":
            return ["BYYEARDAY=" + self.some(both_ends(366), 8)]
        if kind == "weekday":
            return ["BYDAY=" + self.some(WEEKDAYS, 3)]
        if kind == "ordinal":
            return [self.ordinals(5 if has_months else 53)]
        if has_months and kind in ("month-day", "both"):
            days = ["BYMONTHDAY=" + self.some(both_ends(31), 5)]
            return days + ["BYDAY=" + self.some(WEEKDAYS, 4)] if kind == "both" else days
        return []

    def days_of(self, frequency):
        """BY parts that choose days."""
        parts = ["BYMONTH=" + self.some(range(1, 13), 4)] if self.chance(0.3) else []
        if frequency == "YEARLY":
            return parts + self.days_of_year(bool(parts))
        if frequency != "WEEKLY" and self.chance(0.35):
            parts.append("BYMONTHDAY=" + self.some(both_ends(31), 8))
        if frequency == "MONTHLY" and self.chance(0.35):
            parts.append(self.ordinals(5))
        elif self.chance(0.45):
            parts.append("BYDAY=" + self.some(WEEKDAYS, 4))
        if frequency in ("HOURLY", "MINUTELY") and self.chance(0.1):
            parts.append("BYYEARDAY=" + self.some(both_ends(366), 200))
        return parts

    def rule(self, frequency):
        parts = ["FREQ=" + frequency, *self.days_of(frequency)]
        by_week = any(part.startswith("BYWEEKNO") for part in parts)
        if self.chance(0.6) and not by_week:
            below = frequency in ("HOURLY", "MINUTELY")
            parts.append(f"INTERVAL={self.random.choice([2, 3, 4, 5, 7, 12, 90, 1439] if below else [2, 3, 5, 10])}")
        if self.chance(0.3):
            parts.append("BYHOUR=" + self.some(range(24), 4))
        if self.chance(0.25):
            parts.append("BYMINUTE=" + self.some(range(60), 3))
        if self.chance(0.1):
            parts.append(f"BYSECOND={self.random.randrange(60)}")
        may_choose = any(part.startswith("BY") for part in parts) and not by_week and frequency != "WEEKLY"
        if may_choose and self.chance(0.3):
            parts.append("BYSETPOS=" + self.some([1, 2, 3, 5, -1, -2, -3], 2))
        if self.chance(0.3):
            parts.append("WKST=" + self.random.choice(WEEKDAYS))
        self.random.shuffle(parts)
        return ";".join(parts)

    def start(self, window, span):
        """Within the window, or decades before it."""
        first, days = (NEAR, span // 2) if window == NEAR else (datetime(1975, 1, 1), 24 * 365 * DAY)
        start = first + timedelta(seconds=self.random.randrange(int(days.total_seconds())))
        if start.day > 28:
            start -= 3 * DAY
        return start.replace(second=self.random.choice([0, 0, 0, 30]))


def nearer(rule, start, first):
    """The last DTSTART that gives the same times from `first` on: dateutil cannot jump."""
    frequency = re.search(r"FREQ=(\w+)", rule)[1]
    interval = int((re.search(r"INTERVAL=(\d+)", rule) or [0, 1])[1])
    if frequency in STEPS:
        step = STEPS[frequency] * interval
        return start + max((first - start) // step - 1, 0) * step
    if start.day > 28:
        return start
    if frequency == "YEARLY":
        return start.replace(year=start.year + max((first.year - start.year) // interval - 1, 0) * interval)
    months = max(((first.year - start.year) * 12 + first.month - start.month) // interval - 1, 0) * interval
    months += start.year * 12 + start.month - 1
    return start.replace(year=months // 12, month=months % 12 + 1)


def first_week(year, week_start):
    """Its first day: of the first week with at least four days in that year."""
    fourth = datetime(year, 1, 4)
    return fourth - (fourth.weekday() - week_start) % 7 * DAY


def is_in_weeks(time, weeks, week_start):
    day = time.replace(hour=0, minute=0, second=0)
    year = next(year for year in (day.year + 1, day.year, day.year - 1) if day >= first_week(year, week_start))
    week = (day - first_week(year, week_start)).days // 7 + 1
    n_weeks = (first_week(year + 1, week_start) - first_week(year, week_start)).days // 7
    return week in weeks or week - n_weeks - 1 in weeks


def times_from(rule, begin):
    """The times of a rule by dateutil, without end."""
    by_week = re.search(r";?BYWEEKNO=([-\d,]+)", rule)
    if not by_week:
        return iter(rrule.rrulestr(rule, dtstart=begin))
    weeks = set(map(int, by_week[1].split(",")))
    week_start = WEEKDAYS.index((re.search(r"WKST=(..)", rule) or [0, "MO"])[1])
    days = rule.replace(by_week[0], "").replace("YEARLY", "DAILY").strip(";")
    return (time for time in rrule.rrulestr(days, dtstart=begin) if is_in_weeks(time, weeks, week_start))


def first_time(rule, start):
    time = next(times_from(rule, start), None)
    if not time or time.year >= 2600:
        raise GivenUp
    return time


class Rule:
    """A rule with its end, and its times by dateutil."""

    def __init__(self, generator, frequency, start, window, span, is_date):
        self.text = generator.rule(frequency)
        self.asked = re.sub(r";?BY(HOUR|MINUTE|SECOND)=[^;]*", "", self.text).strip(";") if is_date else self.text
        self.end, self.until, self.count = "", None, None
        self.counts_start = True  # DTSTART is the first of COUNT also where it does not match
        self.generator, self.window, self.span, self.is_date = generator, window, span, is_date
        if not start:
            return
        first_time(self.asked, start)

    def has_another_second(self, start):
        """Which is refused where both are due within a minute."""
        second = re.search(r"BYSECOND=(\d+)", self.text)
        return second is not None and int(second[1]) != start.second

    def end_somehow(self, start):
        kind = self.generator.random.choice(["none", "none", "count", "until", "day"])
        if kind == "count" and self.window == NEAR:
            self.count = self.generator.random.choice([1, 2, 3, 10, 50])
            self.end = f";COUNT={self.count}"
        elif kind in ("until", "day"):
            about = self.window + self.generator.random.random() * self.span
            times = list(itertools.islice((time for time in self.times(start, about, about + self.span)), 2))
            self.until = (times[-1] if times else about).replace(microsecond=0)
            if self.until < start:
                self.until = start
            by_day = kind == "day" or self.is_date
            self.end = f";UNTIL={text_of(self.until, by_day)}"
            if by_day:
                self.until = self.until.replace(hour=23, minute=59, second=59)

    def matches(self, start):
        return next(times_from(self.asked, start), None) == start

    def times(self, start, first, last):
        begin = start if self.count else nearer(self.asked, start, first)
        times = times_from(self.asked, begin)
        if self.count:
            times = itertools.islice(times, self.count - (1 if self.counts_start and not self.matches(start) else 0))
        for time in times:
            if time > last or (self.until and time > self.until):
                return
            if time >= first:
                yield time


class Schedule:
    def __init__(self, generator, frequency, window, uid):
        self.uid, self.window, self.span = uid, window, SPANS[frequency]
        self.last = window + self.span
        self.is_date = frequency not in ("HOURLY", "MINUTELY") and generator.chance(0.15)
        self.start = generator.start(window, self.span)
        if self.is_date:
            self.start = self.start.replace(hour=0, minute=0, second=0)

        def rule_of(of_frequency):
            return Rule(generator, of_frequency, self.start, window, self.span, self.is_date)

        self.rules, self.exception_rules = [rule_of(frequency)], []
        if generator.chance(0.7):
            self.start = first_time(self.rules[0].asked, self.start)
            if window == NEAR and self.start > window + self.span // 2:
                raise GivenUp
        longer = list(SPANS)[list(SPANS).index(frequency):]
        while generator.chance(0.15):
            self.rules.append(rule_of(generator.random.choice(longer[:3])))
        if not self.is_date and any(rule.has_another_second(self.start) for rule in self.rules):
            raise GivenUp
        # Where one of several rules has it among its times, it is that one's.
        if len(self.rules) > 1 and any(rule.matches(self.start) for rule in self.rules):
            for rule in self.rules:
                rule.counts_start = False
        for rule in self.rules:
            rule.end_somehow(self.start)
        if frequency not in ("HOURLY", "MINUTELY") and generator.chance(0.1):
            self.exception_rules.append(rule_of(generator.random.choice(longer[:2])))
        self.choose_dates(generator)

    def choose_dates(self, generator):
        times = sorted(self.recurring())
        self.exceptions = generator.random.sample(times, min(len(times), 3)) if times and generator.chance(0.25) else []
        self.excepted_days = set()
        if times and not self.is_date and generator.chance(0.1):
            self.excepted_days.add(generator.random.choice(times).date())
        self.extra = []
        if generator.chance(0.2):
            for _ in range(generator.random.randint(1, 4)):
                time = self.window + timedelta(seconds=generator.random.randrange(int(self.span.total_seconds())))
                self.extra.append(time.replace(hour=0, minute=0, second=0) if self.is_date else time)

    def recurring(self):
        times = {time for rule in self.rules for time in rule.times(self.start, self.window, self.last)}
        return {self.start, *times}

    def expected(self):
        excluded = {time for rule in self.exception_rules for time in rule.times(self.start, self.window, self.last)}
        times = (self.recurring() | set(self.extra)) - excluded - set(self.exceptions)
        times = {time + ALL_DAY if self.is_date else time for time in times if time.date() not in self.excepted_days}
        return sorted(time for time in times if self.window <= time < self.last)

    def lines(self):
        form = ";VALUE=DATE" if self.is_date else ""

        def dates(name, values):
            return [f"{name}{form}:" + ",".join(text_of(value, self.is_date) for value in values)] if values else []

        return ["BEGIN:VEVENT", f"UID:{self.uid}", f"SUMMARY:{self.uid}", *dates("DTSTART", [self.start]),
                *[f"RRULE:{rule.text}{rule.end}" for rule in self.rules],
                *[f"EXRULE:{rule.text}" for rule in self.exception_rules],
                *dates("RDATE", self.extra), *dates("EXDATE", self.exceptions),
                *[f"EXDATE;VALUE=DATE:{day:%Y%m%d}" for day in sorted(self.excepted_days)], "END:VEVENT"]


def preview(schedules, window, last):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.ics"
        path.write_text(calendar("\r\n".join(line for schedule in schedules for line in schedule.lines())), newline="")
        done = subprocess.run(
            [program("dosectl"), "preview", "--json", "--from", f"{window:%Y-%m-%d}",
             "--until", f"{last - DAY:%Y-%m-%d}", path],
            env=dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8"), capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    doses = {schedule.uid: [] for schedule in schedules}
    for line in done.stdout.splitlines():
        dose = json.loads(line)
        doses[dose["uid"]].append(datetime.fromisoformat(dose["local"]))
    return doses


def give_up(_signal, _frame):
    raise GivenUp


class Recurrence(unittest.TestCase):
    def generate(self, frequency, window):
        schedules, expected = [], {}
        for attempt in itertools.count():
            if len(schedules) == EACH:
                return schedules, expected
            uid = f"{SEED}-{frequency}-{window.year}-{attempt}"
            try:
                signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_SEC)
                schedule = Schedule(Generator(uid), frequency, window, uid)
                times = schedule.expected()
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            except (GivenUp, ValueError):
                # A ValueError: dateutil sees at once that INTERVAL never meets BYHOUR or BYMINUTE.
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
                continue
            schedules.append(schedule)
            expected[schedule.uid] = times
        return None

    def check(self, frequency):
        signal.signal(signal.SIGVTALRM, give_up)
        n_times = 0
        for window in (NEAR, *FAR):
            schedules, expected = self.generate(frequency, window)
            doses = preview(schedules, window, window + SPANS[frequency])
            for schedule in schedules:
                with self.subTest(uid=schedule.uid, lines="\n".join(schedule.lines())):
                    self.assertEqual(doses[schedule.uid], expected[schedule.uid])
                n_times += len(expected[schedule.uid])
        self.assertGreater(n_times, EACH)

    def test_minutely(self):
        self.check("MINUTELY")

    def test_hourly(self):
        self.check("HOURLY")

    def test_daily(self):
        self.check("DAILY")

    def test_weekly(self):
        self.check("WEEKLY")

    def test_monthly(self):
        self.check("MONTHLY")

    def test_yearly(self):
        self.check("YEARLY")


if __name__ == "__main__":
    unittest.main()
