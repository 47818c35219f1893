# SPDX-License-Identifier: LGPL-2.1-or-later
"""Three people and what they take, as calendar programs write it, with the doses that matter due in some seconds."""

import datetime
import zoneinfo

ZONE = "Europe/Lisbon"


def configuration(mail_server):
    """David looks after Clara; his address is at a mail server that is started for this only."""
    return f"""[dosed]
timezone = {ZONE}
settle = 1s

[person Ana]
caregivers = none

[person Bruno]
caregivers = none

[person Clara]
caregivers = david

[caregiver david]
name = David
email = david@example.org
after = 0
detail = full

[mail]
from = dosed@example.org
smtp = {mail_server}
"""


def wall(moment):
    return moment.astimezone(zoneinfo.ZoneInfo(ZONE)).strftime("%Y%m%dT%H%M%S")


def weeks_ago(moment, weeks):
    """The same time on the wall, so that a change to summer time in between moves nothing."""
    local = moment.astimezone(zoneinfo.ZoneInfo(ZONE))
    return (local - datetime.timedelta(weeks=weeks)).strftime("%Y%m%dT%H%M%S")


def entry(uid, start, *lines):
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T101500Z", start, *lines, "END:VEVENT"])


def file(program, *entries):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{program}", *entries, "END:VCALENDAR", ""])


def plan(morning, antibiotic, forgotten, forgotten_window):
    """The plan files as (person, name, bytes): Ana's three at `morning`, Bruno's and Clara's at their moments."""
    morning_start = f"DTSTART;TZID={ZONE}:{weeks_ago(morning, 3)}"
    evening = weeks_ago(morning + datetime.timedelta(hours=11), 3)
    monday = weeks_ago(morning + datetime.timedelta(hours=3), 2)
    return [
        (
            "Ana",
            "morning",
            file(
                "-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN",
                entry(
                    "9f1c7c1e-metformin",
                    morning_start,
                    "RRULE:FREQ=DAILY",
                    "SUMMARY:Metformin 500 mg",
                    "DESCRIPTION:with breakfast",
                    "CATEGORIES:PRESCRIPTION",
                    "X-DOSED-AMOUNT:1 tablet",
                    "X-DOSED-PURPOSE:diabetes",
                ),
                entry(
                    "9f1c7c1e-ramipril",
                    morning_start,
                    "RRULE:FREQ=DAILY",
                    "SUMMARY:Ramipril 5 mg",
                    "X-DOSED-AMOUNT:1 tablet",
                    "X-DOSED-PURPOSE:blood pressure",
                ),
                entry(
                    "9f1c7c1e-vitamin-d",
                    morning_start,
                    "RRULE:FREQ=DAILY",
                    "SUMMARY:Vitamin D 1000 IU",
                    "CATEGORIES:VITAMIN",
                    "X-DOSED-AMOUNT:2 drops",
                ),
            ),
        ),
        (
            "Ana",
            "evening",
            file(
                "-//GNOME//NONSGML Evolution Calendar//EN",
                entry(
                    "20261101T101500Z-4711@evening",
                    f"DTSTART;TZID={ZONE}:{evening}",
                    "RRULE:FREQ=DAILY",
                    "SUMMARY:Simvastatin 20 mg",
                    "X-DOSED-AMOUNT:1 tablet",
                    "X-DOSED-PURPOSE:cholesterol",
                ),
            ),
        ),
        (
            "Bruno",
            "amoxicillin",
            file(
                "-//dosed//dosectl//EN",
                entry(
                    "amoxicillin-500-mg-3f9a21c7",
                    f"DTSTART:{wall(antibiotic)}",
                    "RRULE:FREQ=HOURLY;INTERVAL=8;COUNT=21",
                    "SUMMARY:Amoxicillin 500 mg",
                    "DESCRIPTION:with a full glass of water\\, until the box is empty",
                    "X-DOSED-AMOUNT:1 capsule",
                    "X-DOSED-IF-MISSED:Take it as soon as you remember. Never two at once.",
                ),
            ),
        ),
        (
            "Clara",
            "asthma",
            file(
                "-//Sabre//Sabre VObject 4.5.4//EN",
                entry(
                    "2c4be0d4-7d31-4f4a-bd3c-1b7f0b5f0a11",
                    f"DTSTART:{weeks_ago(forgotten, 1)}",
                    "RRULE:FREQ=DAILY",
                    "SUMMARY:Montelukast 4 mg",
                    "X-DOSED-AMOUNT:1 chewable tablet",
                    "PRIORITY:1",
                    f"X-DOSED-WINDOW:PT{forgotten_window}S",
                ),
                entry(
                    "7d02a9d8-5f5b-49b4-8f0c-6a4f0fb1d5a3",
                    f"DTSTART:{monday}",
                    "RRULE:FREQ=WEEKLY",
                    "SUMMARY:Peak flow review",
                    "CATEGORIES:CHECKIN",
                ),
            ),
        ),
    ]
