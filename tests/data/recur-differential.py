#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Random rules and their first times by python-dateutil, for test-expand: DTSTART, rule and times, one rule a line.
"""Left out is what dateutil reads otherwise than RFC 5545 or leaves open: BYDAY with and without ordinals together,
YEARLY;BYMONTHDAY without BYMONTH, BYWEEKNO without BYDAY or with INTERVAL, WEEKLY;BYSETPOS (its first week begins for
dateutil with DTSTART, for the RFC with WKST), and what the RFC forbids."""
import datetime
import itertools
import random
import signal
import sys

from dateutil import rrule

TIMES = 12
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


class TooSlow(Exception):
    """dateutil walks; a rule that hardly ever matches would take it minutes."""


def give_up(_signal, _frame):
    raise TooSlow


def some(values, most):
    values = list(values)
    return ",".join(str(value) for value in random.sample(values, random.randint(1, min(most, len(values)))))


def ordinals(last):
    """Two of BYDAY's weekdays with a number."""
    return "BYDAY=" + ",".join(f"{random.choice(both_ends(last))}{day}" for day in random.sample(WEEKDAYS, 2))


def both_ends(last):
    return list(range(1, last + 1)) + list(range(-last, 0))


def days_of(frequency):
    """BY parts that choose days."""
    parts = []
    if random.random() < 0.3:
        parts.append("BYMONTH=" + some(range(1, 13), 4))
    if frequency == "YEARLY":
        kind = random.choice(["none", "weekday", "ordinal", "month-day", "year-day", "week"])
        if kind == "week" and not parts:
            return ["BYWEEKNO=" + some(both_ends(53), 5), "BYDAY=" + some(WEEKDAYS, 3)], True
        if kind == "year-day":
            parts.append("BYYEARDAY=" + some(both_ends(366), 8))
        if kind == "month-day" and parts:
            parts.append("BYMONTHDAY=" + some(both_ends(31), 5))
        if kind == "weekday":
            parts.append("BYDAY=" + some(WEEKDAYS, 3))
        if kind == "ordinal":
            parts.append(ordinals(5 if parts else 53))
    elif frequency == "MONTHLY":
        if random.random() < 0.4:
            parts.append("BYMONTHDAY=" + some(both_ends(31), 5))
        if random.random() < 0.4:
            parts.append(ordinals(5))
        elif random.random() < 0.5:
            parts.append("BYDAY=" + some(WEEKDAYS, 4))
    else:
        if random.random() < 0.5:
            parts.append("BYDAY=" + some(WEEKDAYS, 4))
        if frequency != "WEEKLY" and random.random() < 0.3:
            parts.append("BYMONTHDAY=" + some(both_ends(31), 8))
        if frequency in ("HOURLY", "MINUTELY") and random.random() < 0.2:
            parts.append("BYYEARDAY=" + some(both_ends(366), 40))
    return parts, False


def random_rule():
    frequency = random.choice(["MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    days, by_week = days_of(frequency)
    parts = ["FREQ=" + frequency] + days
    if random.random() < 0.6 and not by_week:
        intervals = [2, 3, 4, 5, 7, 12, 90] if frequency in ("HOURLY", "MINUTELY") else [2, 3, 5]
        parts.append(f"INTERVAL={random.choice(intervals)}")
    if random.random() < 0.3:
        parts.append("BYHOUR=" + some(range(24), 4))
    if random.random() < 0.2:
        parts.append("BYMINUTE=" + some(range(60), 3))
    if random.random() < 0.1:
        parts.append("BYSECOND=" + some(range(60), 3))
    may_choose = any(part.startswith("BY") for part in parts) and not by_week and frequency != "WEEKLY"
    if may_choose and random.random() < 0.25:
        parts.append("BYSETPOS=" + some([1, 2, 3, -1, -2, -3], 2))
    if random.random() < 0.3:
        parts.append("WKST=" + random.choice(WEEKDAYS))
    return ";".join(parts)


def main():
    signal.signal(signal.SIGALRM, give_up)
    random.seed(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        start = datetime.datetime(random.randint(1990, 2030), random.randint(1, 12), random.randint(1, 28),
                                  random.randint(0, 23), random.randint(0, 59), random.choice([0, 0, 0, 30]))
        text = random_rule()
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            times = list(itertools.islice(rrule.rrulestr(text, dtstart=start), TIMES))
            signal.setitimer(signal.ITIMER_REAL, 0)
        except (TooSlow, ValueError):
            # A ValueError: dateutil sees at once that INTERVAL never meets BYHOUR or BYMINUTE.
            signal.setitimer(signal.ITIMER_REAL, 0)
            continue
        # dateutil goes on to the year 9999.
        times = [time for time in times if time.year <= 2600]
        print(start.strftime("%Y%m%dT%H%M%S"), text, ",".join(time.strftime("%Y%m%dT%H%M%S") for time in times) or "-")


main()
