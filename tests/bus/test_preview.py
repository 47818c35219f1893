# SPDX-License-Identifier: LGPL-2.1-or-later
"""`dosectl preview` on recurrences that nobody here wrote, and on the days when clocks are changed."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dateutil.parser
import dateutil.rrule
from harness import DEADLINE_SEC, ROOT, calendar, program

DATA = Path(os.environ.get("DOSED_SHARED_DATA", ROOT.parent / "shared/data")) / "recur"
EXCUSED = json.loads((ROOT / "tests/data/recur-excused.json").read_text())


def preview(path, *arguments):
    done = subprocess.run(
        [program("dosectl"), "preview", "--json", *arguments, str(path)],
        env=dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8"),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SEC,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def start_line(name, value, zone):
    if len(value) == 8:
        return f"{name};VALUE=DATE:{value}"
    return f"{name};TZID={zone}:{value}" if zone and not value.endswith("Z") else f"{name}:{value}"


def plan_of(case):
    lines = ["BEGIN:VEVENT", "UID:case", "SUMMARY:case", start_line("DTSTART", case["dtstart"], case["tzid"])]
    lines += [f"RRULE:{rule}" for rule in case["rrule"]] + [f"EXRULE:{rule}" for rule in case["exrule"]]
    for name in ("rdate", "exdate"):
        for _, values in case[name]:
            lines += [start_line(name.upper(), value, case["tzid"]) for value in values.split(",")]
    return calendar("\r\n".join([*lines, "END:VEVENT"]))


def is_refused_by_design(case):
    """Below a dose a minute, or another calendar than the Gregorian."""
    return any(re.search(r"SECONDLY|RSCALE|SKIP|BYSECOND=[-\d]+,", rule) for rule in case["rrule"] + case["exrule"])


def is_forbidden(case):
    """RFC 5545 3.3.10: parts that MUST NOT go together."""
    rule = case["rrule"][0] if case["rrule"] else ""
    frequency = re.search(r"FREQ=(\w+)", rule)[1] if rule else ""
    return (("BYYEARDAY" in rule and frequency in ("DAILY", "WEEKLY", "MONTHLY"))
            or ("BYMONTHDAY" in rule and frequency == "WEEKLY")
            or ("BYWEEKNO" in rule and frequency != "YEARLY")
            or ("COUNT" in rule and "UNTIL" in rule))


def matches(case):
    """Whether DTSTART is of its rule, which the RFC asks for: where it is not, the result is undefined."""
    start = dateutil.parser.parse(case["dtstart"]).replace(tzinfo=None)
    for rule in case["rrule"]:
        rule = re.sub(r"(UNTIL=\d{8}T\d{6})Z", r"\1", rule.rstrip(";"))
        if next(iter(dateutil.rrule.rrulestr(rule, dtstart=start)), None) == start:
            return True
    return not case["rrule"]


def agrees_but_for_start(expect, got, start):
    """Here DTSTART is one more dose, and COUNT counts it; elsewhere it is left out, or is not counted."""
    wanted, rest = ([time for time in times if time != start] for times in (expect, got))
    return bool(got) and got[0] == start and len(rest) >= len(wanted) - 1 and rest == wanted[:len(rest)]


def score(case, folder):
    excuse = EXCUSED.get(case["id"])
    if excuse and not excuse.get("last_rule_only"):
        return "excused"
    if excuse:
        case = dict(case, rrule=case["rrule"][-1:])
    path = folder / f"{case['id']}.ics"
    path.write_text(plan_of(case), newline="")
    expect, start = case["expect"], case["dtstart"]
    if case.get("start"):
        expect = [time for time in expect if time >= case["start"]]
    status, doses, said = preview(path, "--from", "1970-01-01" if not case.get("start") else case["start"],
                               "--until", "2600-01-01", "--limit", str(len(expect) + (not case["more"])))
    got = [dose["recurrence_id"] for dose in doses]

    if status == 0 and got == expect:
        return "passed"
    if case.get("error"):
        return "passed" if status == 1 or not got else "failed"
    if status != 0 and not expect and "never due" in said:
        return "passed"
    if status != 0 and (is_refused_by_design(case) or is_forbidden(case)):
        return "refused by design" if is_refused_by_design(case) else "forbidden"
    if not matches(case):
        return "undefined, agrees" if agrees_but_for_start(expect, got, start) else "undefined, differs"
    return "failed"


@unittest.skipUnless(DATA.is_dir(), f"there is no {DATA}")
class Conformance(unittest.TestCase):
    def run_file(self, name):
        cases = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
            scores = list(pool.map(lambda case: score(case, Path(folder)), cases))
        counts = Counter(scores)
        said = ", ".join(f"{n} {what}" for what, n in counts.most_common())
        print(f"# {name}: {len(cases)} cases: {said}", flush=True)
        self.assertEqual([case["id"] for case, said in zip(cases, scores) if said == "failed"], [])
        self.assertGreater(counts["passed"], len(cases) // 10)

    def test_cases_of_libical(self):
        self.run_file("libical4")

    def test_cases_of_dateutil(self):
        self.run_file("dateutil")

    def test_cases_of_thunderbird(self):
        self.run_file("thunderbird")


class ClockChanges(unittest.TestCase):
    """RFC 5545 3.3.5: what does not exist takes the offset before the gap; what exists twice is the first."""

    # zone, local time of a daily dose, first day, then what is due on that day and the next two
    CASES = (
        ("Europe/Berlin", "023000", "20260328",
         ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]),
        ("Europe/Berlin", "023000", "20261024",
         ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
        ("America/New_York", "023000", "20260307",
         ["2026-03-07T07:30:00Z", "2026-03-08T07:30:00Z", "2026-03-09T06:30:00Z"]),
        ("America/New_York", "013000", "20261031",
         ["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]),
        ("Australia/Lord_Howe", "021500", "20261003",
         ["2026-10-02T15:45:00Z", "2026-10-03T15:45:00Z", "2026-10-04T15:15:00Z"]),
        ("Australia/Lord_Howe", "014500", "20260404",
         ["2026-04-03T14:45:00Z", "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]),
    )

    def test_gap_and_fold(self):
        for zone, time, first, expect in self.CASES:
            with self.subTest(zone=zone, first=first):
                self.assertEqual(self.due(f"DTSTART;TZID={zone}:{first}T{time}", "FREQ=DAILY;COUNT=3"), expect)

    # lines, override, options, day; then the local time, its offset, and what is noted: the time that was asked for
    NOTES = (
        ("DTSTART:20260102T080000", "RECURRENCE-ID:20270328T080000\r\nDTSTART:20270328T023000", (), "2027-03-28",
         "2027-03-28T03:30:00", "+02:00", "02:30 does not exist that day"),
        ("DTSTART:20260102T080000", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260301T080000\r\nDTSTART:20260301T023000", (),
         "2027-03-28", "2027-03-28T03:30:00", "+02:00", "02:30 does not exist that day"),
        ("DTSTART:20260102T080000", "RECURRENCE-ID:20261025T080000\r\nDTSTART:20261025T023000", (), "2026-10-25",
         "2026-10-25T02:30:00", "+02:00", "the first of two 02:30"),
        ("DTSTART;VALUE=DATE:20260102", None, ("--all-day-time", "02:30"), "2027-03-28",
         "2027-03-28T03:30:00", "+02:00", "02:30 does not exist that day"),
        ("DTSTART;VALUE=DATE:20260102", None, ("--all-day-time", "02:30"), "2026-10-25",
         "2026-10-25T02:30:00", "+02:00", "the first of two 02:30"),
        ("DTSTART;TZID=America/Nuuk:20260102T233000", None, (), "2027-03-28",
         "2027-03-28T00:30:00", "-01:00", "23:30 does not exist on 2027-03-27"),
        ("DTSTART:20260102T080000", None, (), "2027-03-28", "2027-03-28T08:00:00", "+02:00", None),
    )

    def test_what_is_noted_is_the_time_that_was_asked_for(self):
        for start, override, options, day, local, offset, note in self.NOTES:
            lines = ["BEGIN:VEVENT", "UID:dose", "SUMMARY:dose", start, "RRULE:FREQ=DAILY", "END:VEVENT"]
            if override:
                lines += ["BEGIN:VEVENT", "UID:dose", "SUMMARY:dose", override, "END:VEVENT"]
            with self.subTest(start=start, override=override, day=day), tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "dose.ics"
                path.write_text(calendar("\r\n".join(lines)), newline="")
                _, doses, said = preview(path, "--timezone", "Europe/Berlin", "--from", day, "--until", day, *options)
                self.assertEqual([(dose["local"], dose["offset"], dose["note"]) for dose in doses],
                                 [(local, offset, note)], said)

    def due(self, start, rule):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "dose.ics"
            path.write_text(calendar("\r\n".join([
                "BEGIN:VEVENT", "UID:dose", "SUMMARY:dose", start, f"RRULE:{rule}", "END:VEVENT"])), newline="")
            status, doses, said = preview(path, "--from", "2026-01-01", "--until", "2027-01-01")
            self.assertEqual(status, 0, said)
            return [dose["due"] for dose in doses]

    def test_two_times_that_a_gap_makes_one_are_one_dose(self):
        self.assertEqual(self.due("DTSTART;TZID=Europe/Berlin:20260328T020000", "FREQ=DAILY;BYHOUR=2,3;COUNT=6"),
                         ["2026-03-28T01:00:00Z", "2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z",
                          "2026-03-30T00:00:00Z", "2026-03-30T01:00:00Z"])

    def test_every_six_hours_of_utc_are_six_hours(self):
        self.assertEqual(self.due("DTSTART:20260328T180000Z", "FREQ=HOURLY;INTERVAL=6;COUNT=4"),
                         ["2026-03-28T18:00:00Z", "2026-03-29T00:00:00Z", "2026-03-29T06:00:00Z",
                          "2026-03-29T12:00:00Z"])

    def test_a_period_is_a_window_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "dose.ics"
            path.write_text(calendar("\r\n".join([
                "BEGIN:VEVENT", "UID:dose", "SUMMARY:dose", "DTSTART:20260328T200000", "DURATION:P1D",
                "RDATE;VALUE=PERIOD:20260405T200000/PT6H,20260407T200000/PT1H", "END:VEVENT"])), newline="")
            _, doses, said = preview(path, "--timezone", "Europe/Berlin", "--from", "2026-03-01", "--until", "2026-05-01")
            # A day in which clocks went forward has 23 hours; the shortest window is that of the spacing.
            self.assertEqual([dose["window_end"] for dose in doses],
                             ["2026-03-29T18:00:00Z", "2026-04-06T00:00:00Z", "2026-04-07T22:00:00Z"], said)

    def test_the_next_dose_after_one_that_is_taken_ends_its_window(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "dose.ics"
            path.write_text(calendar("\r\n".join([
                "BEGIN:VEVENT", "UID:dose", "SUMMARY:dose", "DTSTART:20260701T080000Z", "X-DOSED-AFTER-TAKEN:PT8H",
                "END:VEVENT"])), newline="")
            _, doses, said = preview(path, "--from", "2026-07-01", "--until", "2026-07-02")
            self.assertEqual([dose["window_end"] for dose in doses], ["2026-07-01T10:00:00Z"], said)

    def test_floating_times_follow_the_zone_that_is_asked_for(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "dose.ics"
            path.write_text(calendar("\r\n".join([
                "BEGIN:VEVENT", "UID:dose", "SUMMARY:dose", "DTSTART:20260701T080000", "END:VEVENT"])), newline="")
            for zone, due in (("Asia/Tokyo", "2026-06-30T23:00:00Z"), ("America/New_York", "2026-07-01T12:00:00Z")):
                _, doses, _ = preview(path, "--timezone", zone, "--from", "2026-06-01", "--until", "2026-08-01")
                self.assertEqual([(dose["due"], dose["timezone"]) for dose in doses], [(due, zone)])


if __name__ == "__main__":
    unittest.main()
