#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes a folder of plan files into DIR: 50 good ones (good-NN.ics) and the broken ones (broken-REASON.ics).

Every good file holds one schedule, due daily since 2026-01-01. Each line printed names a file that was written.
"""
import os
import re
import sys

ZONES = ["Europe/Lisbon", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "W. Europe Standard Time"]


def calendar(*lines):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", *lines, "END:VCALENDAR", ""])


def event(*lines, uid="broken", summary="Lisinopril 10 mg", start="DTSTART:20260101T080000"):
    head = [line for line in (uid and f"UID:{uid}", summary and f"SUMMARY:{summary}", start) if line]
    return calendar("BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", *head, *lines, "END:VEVENT")


def good(number):
    """The shapes that programs write, each with the same plain meaning."""
    uid, name = f"good-{number:02}", f"Medicine {number:02}"
    hour = f"{6 + number % 16:02}"
    daily = "RRULE:FREQ=DAILY"
    shape = number % 10
    if shape == 0:
        return event(daily, uid=uid, summary=name, start=f"DTSTART:20260101T{hour}0000")
    if shape == 1:
        zone = ZONES[number // 10]
        return event(daily, uid=uid, summary=name, start=f"DTSTART;TZID={zone}:20260101T{hour}0000")
    if shape == 2:
        return event(daily, uid=uid, summary=name, start=f"DTSTART:20260101T{hour}0000Z").replace("\r\n", "\n")
    if shape == 3:
        return event(daily, uid=uid, summary=name, start="DTSTART;VALUE=DATE:20260101").replace("\r\n", "\r")
    if shape == 4:
        return "\ufeff" + event(daily, "DURATION:PT30M", uid=uid, summary=name, start=f"DTSTART:20260101T{hour}1500")
    if shape == 5:
        return calendar("BEGIN:VTODO", f"UID:{uid}", f"SUMMARY:{name}", f"DUE:20260101T{hour}0000", daily, "END:VTODO")
    if shape == 6:
        return event(daily, "DESCRIPTION:With a full glass\r\n  of water\\, slow\r\n\tly\\nand sitting", "", uid=uid,
                     summary=name, start=f"DTSTART:20260101T{hour}3000")
    if shape == 7:
        return event(daily, "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT10M", "REPEAT:2", "DURATION:PT5M",
                     "END:VALARM", uid=uid, summary=name, start=f"DTSTART:20260101T{hour}0000")
    if shape == 8:
        text = event(daily, uid=uid, summary=name, start=f"DTSTART:20260101T{hour}4500")
        return re.sub(r"^[A-Z]+", lambda name: name[0].lower(), text, flags=re.MULTILINE).replace(":VEVENT", ":vevent")
    return event(daily, "EXDATE:20260102T080000", "CATEGORIES:SUPPLEMENT", "ATTENDEE;CN=\"a:b;c\":mailto:a@example.org",
                 "X-SOMETHING;X-P=1:else", uid=uid, summary=name, start="DTSTART:20260101T080000")


def broken():
    plain = event("RRULE:FREQ=DAILY")
    yield "truncated", plain[:len(plain) // 2]
    yield "binary", bytes(range(256)) * 40
    yield "huge-line", event("DESCRIPTION:" + "x" * 10_000_000)
    yield "long-line", event("ATTACH:" + "x" * 1_000_000)
    yield "nested", "BEGIN:VCALENDAR\r\n" * 100_000
    yield "nested-alarms", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + "BEGIN:VALARM\r\n" * 100_000
    yield "zone-path", event("RRULE:FREQ=DAILY", start="DTSTART;TZID=../../etc/passwd:20260101T080000")
    yield "zone-unknown", event("RRULE:FREQ=DAILY", start="DTSTART;TZID=Mars/Olympus:20260101T080000")
    yield "zone-control", event("RRULE:FREQ=DAILY", start="DTSTART;TZID=Europe\x1b[2J:20260101T080000")
    yield "zone-followed", calendar(
        "BEGIN:VTIMEZONE", "TZID:Mine", "BEGIN:STANDARD", "DTSTART:20200101T000000", "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200", "RRULE:FREQ=MONTHLY", "END:STANDARD", "END:VTIMEZONE", "BEGIN:VEVENT", "UID:a",
        "SUMMARY:b", "DTSTART;TZID=Mine:20260101T080000", "END:VEVENT")
    yield "frequency", event("RRULE:FREQ=FORTNIGHTLY")
    yield "secondly", event("RRULE:FREQ=SECONDLY")
    yield "below-a-minute", event("RRULE:FREQ=DAILY;BYSECOND=0,30")
    yield "count-wraps", event("RRULE:FREQ=DAILY;COUNT=4294967298")
    yield "interval-wraps", event("RRULE:FREQ=DAILY;INTERVAL=65537")
    yield "endless", event("RRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30")
    yield "interval-zero", event("RRULE:FREQ=DAILY;INTERVAL=0")
    yield "count-and-until", event("RRULE:FREQ=DAILY;COUNT=3;UNTIL=20260301T000000")
    yield "rule-without-colon", event("RRULE FREQ=DAILY")
    yield "latin1", event("RRULE:FREQ=DAILY", summary="Eisentropfen für Ana").encode("latin-1")
    yield "february", event("RRULE:FREQ=DAILY", start="DTSTART:20260230T080000")
    yield "time-of-day", event("RRULE:FREQ=DAILY", start="DTSTART:20260101T250000")
    yield "date-type", event("RRULE:FREQ=DAILY", start="DTSTART;VALUE=DATE:20260101T080000")
    yield "duration", event("RRULE:FREQ=DAILY", "DURATION:1 hour")
    yield "exdate", event("RRULE:FREQ=DAILY", "EXDATE:20260102T080000,tomorrow")
    yield "rdate", event("RDATE;VALUE=PERIOD:20260102T080000/20260101T080000")
    yield "trigger", event("RRULE:FREQ=DAILY", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-10 minutes", "END:VALARM")
    yield "two-calendars", plain + plain.replace("UID:broken", "UID:other")
    yield "stray-end", plain + "END:VEVENT\r\n"
    yield "missing-end", plain.replace("END:VEVENT\r\n", "")
    yield "wrong-end", plain.replace("END:VEVENT", "END:VTODO")
    yield "end-of-file", plain.replace("END:VCALENDAR\r\n", "")
    yield "nul", plain.replace("10 mg", "10\0mg")
    yield "empty", ""
    yield "blank", "\r\n\r\n"
    yield "web-page", "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n"
    yield "no-calendar", plain.replace("BEGIN:VCALENDAR\r\n", "").replace("END:VCALENDAR\r\n", "")
    yield "no-uid", event("RRULE:FREQ=DAILY", uid=None)
    yield "long-uid", event("RRULE:FREQ=DAILY", uid="u" * 256)
    yield "no-summary", event("RRULE:FREQ=DAILY", summary=None)
    yield "blank-summary", event("RRULE:FREQ=DAILY", summary="  ")
    yield "no-start", event("RRULE:FREQ=DAILY", start=None)
    yield "two-starts", event("DTSTART:20260101T200000", "RRULE:FREQ=DAILY")
    yield "todo-recurs", calendar("BEGIN:VTODO", "UID:a", "SUMMARY:b", "RRULE:FREQ=DAILY", "END:VTODO")
    yield "priority", event("RRULE:FREQ=DAILY", "PRIORITY:high")
    yield "window", event("RRULE:FREQ=DAILY", "X-DOSED-WINDOW:90 minutes")
    yield "action", event("RRULE:FREQ=DAILY", "X-DOSED-ACTION:apply")
    yield "range", event("RECURRENCE-ID;RANGE=THISANDPRIOR:20260102T080000")
    yield "not-folded", event("DESCRIPTION:With water\r\nand bread")
    yield "blank-behind-begin", plain.replace("BEGIN:VEVENT", "BEGIN:VEVENT ")
    yield "components", calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * 6000)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)

    def write(name, content):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        print(name)

    for number in range(50):
        write(f"good-{number:02}.ics", good(number))
    for reason, content in broken():
        write(f"broken-{reason}.ics", content)

    os.mkfifo(os.path.join(folder, "broken-fifo.ics"))
    os.symlink("broken-link-circle.ics", os.path.join(folder, "broken-link-circle.ics"))
    os.symlink("nowhere", os.path.join(folder, "broken-link-dangling.ics"))
    os.symlink("/dev/zero", os.path.join(folder, "broken-device.ics"))
    os.mkdir(os.path.join(folder, "folder.ics"))
    for name in ("broken-fifo.ics", "broken-link-circle.ics", "broken-link-dangling.ics", "broken-device.ics"):
        print(name)
    write("broken-permission.ics", event("RRULE:FREQ=DAILY"))
    os.chmod(os.path.join(folder, "broken-permission.ics"), 0)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make-broken-folder.py DIR")
    main()
