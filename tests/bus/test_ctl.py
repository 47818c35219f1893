# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosectl against a pretended dosed: what it calls, what it says, what it refuses."""

import json
import os
import pty
import signal
import subprocess
import tempfile
import time
import unittest
from datetime import timedelta
from pathlib import Path

from harness import DEADLINE_SEC, Bus, Lines, calendar, end, event, now, program, usec

FAKE = Path(__file__).with_name("fake-dosed.py")


def dose(uid, name, due, state="due", person="ana", **more):
    return {
        "id": f"{person}/{uid}/{due.strftime('%Y%m%dT%H%M%SZ')}",
        "person": person,
        "medication": name,
        "key": name.lower(),
        "due": usec(due),
        "window-end": usec(due + timedelta(hours=2)),
        "state": state,
        "local": due.strftime("%Y-%m-%dT%H:%M:%S"),
        "timezone": "UTC",
        **{key.replace("_", "-"): value for key, value in more.items()},
    }


class Client(unittest.TestCase):
    people = ["ana"]
    degraded = []

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.bus = Bus(self.folder)
        self.addCleanup(self.bus.stop)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder.name,
            "TZ": "UTC",
            "DBUS_SESSION_BUS_ADDRESS": self.bus.address,
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder.name}/no-system-bus",
        }
        self.fake = None
        self.addCleanup(lambda: end(self.fake))

    def script(self, *doses, medications=(), files=None):
        self.path = self.folder / "script.json"
        self.path.write_text(
            json.dumps(
                {"people": self.people, "degraded": self.degraded, "doses": doses, "medications": list(medications),
                 "files": files or {}}
            )
        )
        self.start()

    def start(self):
        self.fake = subprocess.Popen(
            ["/usr/bin/python3", str(FAKE), str(self.path)], env=self.environment, stdout=subprocess.PIPE
        )
        self.assertEqual(Lines(self.fake.stdout).read(time.monotonic() + DEADLINE_SEC), "ready")

    def calls(self, method):
        path = Path(f"{self.path}.calls")
        if not path.exists():
            return []
        return [call[1:] for call in map(json.loads, path.read_text().splitlines()) if call[0] == method]

    def run_ctl(self, *arguments, status=0):
        done = subprocess.run(
            [program("dosectl"), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_SEC,
        )
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def json(self, *arguments):
        return json.loads(self.run_ctl("--json", *arguments).stdout)


class Recording(Client):
    def test_takes_the_open_dose_by_the_beginning_of_its_name(self):
        due = dose("lis", "Lisinopril 10 mg", now() - timedelta(minutes=10))
        self.script(due, dose("met", "Metformin", now() - timedelta(minutes=10)))
        self.assertIn("Taken: Lisinopril 10 mg of", self.run_ctl("take", "LISIN").stdout)
        self.assertEqual(self.calls("Confirm"), [[due["id"], {}]])

    def test_a_dose_said_twice_is_not_the_next_one(self):
        due = dose("lis", "Lisinopril 10 mg", now() - timedelta(minutes=10))
        self.script(due, dose("lis", "Lisinopril 10 mg", now() + timedelta(hours=20), "upcoming"))
        self.run_ctl("take", "lis")
        for verb in ("take", "skip", "snooze"):
            self.run_ctl(verb, "lis")
        at = (now() - timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M")
        self.assertIn("Nothing changed", self.run_ctl("take", "lis").stdout + self.run_ctl("take", "lis", "--at", at).stdout)
        self.assertEqual({call[0] for method in ("Confirm", "Skip", "Snooze") for call in self.calls(method)}, {due["id"]})

    def test_two_doses_of_one_name_are_listed_and_refused(self):
        first = dose("met", "Metformin", now() - timedelta(hours=1))
        second = dose("met", "Metformin", now() - timedelta(minutes=1))
        self.script(first, second)
        said = self.run_ctl("take", "met", status=1).stderr
        self.assertIn("name one of these", said)
        self.assertIn(first["id"], said)
        self.assertIn(second["id"], said)
        self.assertEqual(self.calls("Confirm"), [])
        self.run_ctl("take", second["id"])
        self.assertEqual(self.calls("Confirm"), [[second["id"], {}]])

    def test_a_name_that_nothing_has_lists_what_is_open(self):
        due = dose("met", "Metformin", now())
        self.script(due)
        said = self.run_ctl("take", "frobnitol", status=1).stderr
        self.assertIn("'frobnitol'; open are", said)
        self.assertIn(due["id"], said)

    def test_a_name_with_a_slash_is_no_id(self):
        due = dose("sin", "Sinemet 25/100", now())
        self.script(due)
        self.run_ctl("take", "Sinemet 25/100")
        self.assertEqual(self.calls("Confirm"), [[due["id"], {}]])

    def test_every_what_is_tried_and_one_refusal_fails_the_whole(self):
        self.script(
            dose("a", "Aspirin", now(), error={"Confirm": ["TooSoon", "Aspirin was taken 1 h ago."]}),
            dose("b", "Bisoprolol", now()),
        )
        done = self.run_ctl("take", "aspirin", "bisoprolol", status=1)
        self.assertIn("Taken: Bisoprolol", done.stdout)
        self.assertIn("Aspirin was taken 1 h ago; look first; --force if you are sure\n", done.stderr)

    def test_an_option_is_advised_only_to_a_verb_that_takes_it(self):
        refusal = {"Confirm": ["NotOpen", "it was skipped."], "Snooze": ["NotOpen", "it is not due yet."]}
        self.script(dose("a", "Aspirin", now(), error=refusal))
        self.assertIn("skipped; --amend corrects", self.run_ctl("take", "asp", status=1).stderr)
        self.assertTrue(self.run_ctl("snooze", "asp", status=1).stderr.endswith("Aspirin: it is not due yet\n"))

    def test_options_go_to_the_daemon(self):
        at = now().replace(microsecond=0) - timedelta(hours=1)
        due = dose("a", "Aspirin", at)
        self.script(due)
        self.run_ctl("take", "asp", "--at", at.isoformat(), "--amount", "2", "--note", "n", "--by", "maria", "--force",
                     "--measurement", "6.2")
        self.assertEqual(
            self.calls("Confirm"),
            [[due["id"], {"at": usec(at), "amount": "2", "note": "n", "by": "maria", "force": 1, "measurement": "6.2"}]],
        )

    def test_a_time_of_yesterday_is_never_recorded_for_the_dose_of_today(self):
        missed = dose("a", "Aspirin", now() - timedelta(hours=25), "missed")
        self.script(missed, dose("a", "Aspirin", now() - timedelta(hours=1)))
        self.run_ctl("take", "asp", "--at", (now() - timedelta(hours=24)).strftime("%Y-%m-%d %H:%M"))
        self.assertEqual([call[0] for call in self.calls("Confirm")], [missed["id"]])

    def test_a_time_to_come_is_refused(self):
        self.script(dose("a", "Aspirin", now()))
        at = (now() + timedelta(minutes=90)).strftime("%Y-%m-%d %H:%M")
        self.assertIn("has not come yet", self.run_ctl("take", "asp", "--at", at, status=1).stderr)
        self.run_ctl("take", "asp", "--at", "noon", status=2)
        self.assertEqual(self.calls("Confirm"), [])

    def test_undo_takes_back_the_last_recording(self):
        old = dose("a", "Aspirin", now() - timedelta(hours=20), "taken", recorded_at=usec(now() - timedelta(hours=20)))
        new = dose("a", "Aspirin", now() - timedelta(hours=1), "taken", recorded_at=usec(now() - timedelta(hours=1)))
        self.script(old, new)
        self.run_ctl("undo", "aspirin")
        self.assertEqual(self.calls("Undo"), [[new["id"]]])

    def test_skip_says_why_and_snooze_how_long(self):
        due = dose("a", "Aspirin", now())
        self.script(due)
        self.run_ctl("snooze", "asp", "20min")
        self.run_ctl("skip", "asp", "before surgery")
        self.assertEqual(self.calls("Snooze"), [[due["id"], 20 * 60 * 1_000_000]])
        self.assertEqual(self.calls("Skip"), [[due["id"], "before surgery", {}]])
        self.run_ctl("skip", "asp", "met", "sick", status=2)
        self.assertIn("snooze '20' has no unit: say 20min, or 20h", self.run_ctl("snooze", "asp", "20", status=2).stderr)

    def test_answers_in_json(self):
        due = dose("a", "Aspirin", now())
        self.script(due)
        (said,) = self.json("take", "asp")
        self.assertEqual((said["id"], said["state"], said["durable"], said["already"]), (due["id"], "taken", True, False))
        self.assertRegex(said["taken_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


class Looking(Client):
    degraded = ["lunch.ics:4: no FREQ \x1b[2J"]

    def test_status_shows_troubles_first_and_hides_escapes(self):
        self.script(
            dose("a", "Asp\x1b[31mirin\u202e", now() - timedelta(minutes=5), reminders=2),
            dose("b", "Bisoprolol", now() + timedelta(hours=2), "upcoming"),
        )
        said = self.run_ctl().stdout
        self.assertTrue(said.startswith("! lunch.ics:4: no FREQ [2J\n"), said)
        self.assertLess(said.index("Due now"), said.index("Asp"))
        self.assertLess(said.index("Next"), said.index("Bisoprolol"))
        self.assertIn("2 reminders", said)
        self.assertNotRegex(said, "[\x00-\x09\x0b-\x1f\x7f\u202e]")

    def test_status_in_json_always_has_the_same_keys(self):
        self.script(dose("a", "Aspirin", now()))
        said = self.json("status")
        self.assertEqual(sorted(said), ["degraded", "due", "next", "today"])
        (due,) = said["due"]
        self.assertIsNone(due["taken_at"])
        self.assertTrue({"id", "person", "medication", "due", "window_end", "state", "local", "timezone"} <= set(due))

    def test_what_was_taken_before_its_time_is_said_to_be_for_then(self):
        taken = {"taken_at": usec(now() - timedelta(seconds=2)), "recorded_at": usec(now())}
        due = now() + timedelta(hours=3)
        self.script(dose("a", "Aspirin", due, "taken", **taken), dose("b", "Late", now() - timedelta(hours=1), "taken", **taken),
                    dose("c", "Coming", due, "upcoming"))
        said = self.run_ctl("status").stdout
        self.assertRegex(said, rf"✓ +for (tomorrow )?{due:%H:%M} +Aspirin +taken")
        self.assertRegex(said, r"✓ +(yesterday )?\d\d:\d\d +Late +taken")
        self.assertRegex(said, rf"○ +(tomorrow )?{due:%H:%M} +Coming")

    def test_help_says_which_dosed_is_asked(self):
        self.assertNotIn("root", self.run_ctl("--help").stdout)
        self.assertIn("without either, to the one that runs, this one first", self.run_ctl("--help").stdout)

    def test_a_missed_dose_is_called_not_confirmed(self):
        self.script(dose("a", "Aspirin", now() - timedelta(hours=26), "missed"))
        said = self.run_ctl("history").stdout
        self.assertIn("not confirmed", said)
        self.assertNotIn("missed", said)

    def test_an_unattended_dose_says_every_reason_that_there_may_be(self):
        self.script(dose("a", "Aspirin", now() - timedelta(hours=26), "unattended"))
        self.assertIn("not known: dosed was not looking, perhaps with this machine off or asleep, nobody logged in, or a "
                      "wrong clock", self.run_ctl("history").stdout)

    def test_check_first_says_when_it_was_taken_unless_that_lies_ahead(self):
        before, ahead = now() - timedelta(days=3), now() + timedelta(days=3)
        self.script(dose("a", "Aspirin", now(), taken_before=usec(before)),
                    dose("b", "Bisoprolol", now(), taken_before=usec(ahead)))
        aspirin, bisoprolol = [line for line in self.run_ctl("status").stdout.splitlines() if "check first" in line]
        self.assertIn(f"check first, taken {before:%a %Y-%m-%d %H:%M}", aspirin)
        self.assertIn(f"check first, recorded as taken at a time that has not come by this clock: {ahead:%a %Y-%m-%d %H:%M}",
                      bisoprolol)

    def test_a_record_that_was_lost_is_to_be_checked_first(self):
        self.script(dose("a", "Aspirin", now(), record_lost=True))
        self.assertIn("the record cannot be read, check whether it was taken", self.run_ctl("status").stdout)

    def test_an_unattended_dose_that_may_still_be_taken_waits(self):
        self.script(dose("a", "Aspirin", now() - timedelta(hours=5), "unattended", takeable=True))
        self.assertRegex(self.run_ctl("status").stdout, r"Due now\n.*Aspirin")

    def test_list_and_history_keep_to_their_times(self):
        self.script(
            dose("a", "Old", now() - timedelta(days=3), "taken"),
            dose("b", "Coming", now() + timedelta(minutes=1), "upcoming"),
        )
        names = lambda *arguments: [item["medication"] for item in self.json(*arguments)]  # noqa: E731
        self.assertEqual(names("list"), ["Coming"])
        self.assertEqual(names("history"), ["Old"])
        self.assertEqual(names("list", "--from", "-4d", "--until", "-2d"), ["Old"])
        self.assertIn("exchange them", self.run_ctl("list", "--from", "tomorrow", "--until", "yesterday", status=2).stderr)
        for arguments in (("list",), ("preview", "/dev/null")):
            said = self.run_ctl(*arguments, "--from", "20260105T080000", "--until", "20260105T080000", status=2).stderr
            self.assertEqual(said, "dosectl: --until is the same as --from: give a later one\n")

    def test_colour_and_pager_are_only_for_a_terminal(self):
        self.script(*(dose(f"a{i}", f"Aspirin {i}", now() - timedelta(minutes=i)) for i in range(60)))
        self.environment["PAGER"] = "sed s/^/PAGED:/"
        self.assertNotIn("PAGED:", self.run_ctl("list", "--from", "-1d").stdout)

        def on_terminal(*arguments, **environment):
            master, slave = pty.openpty()
            os.set_blocking(master, True)
            import fcntl
            import struct
            import termios

            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
            child = subprocess.Popen(
                [program("dosectl"), "list", "--from", "-1d", *arguments],
                env={**self.environment, **environment},
                stdin=slave,
                stdout=slave,
                stderr=slave,
            )
            os.close(slave)
            said = b""
            try:
                while chunk := os.read(master, 65536):
                    said += chunk
            except OSError:  # the other side is closed
                pass
            os.close(master)
            self.assertEqual(child.wait(DEADLINE_SEC), 0)
            return said.decode()

        said = on_terminal()
        self.assertIn("PAGED:", said)
        self.assertIn("\x1b[", said)
        self.assertNotIn("PAGED:", on_terminal("--no-pager"))
        self.assertNotIn("\x1b[", on_terminal(NO_COLOR="1"))
        self.assertIn("Aspirin 59", on_terminal(PAGER="/nonexistent/pager"))


class Talking(Client):
    def test_says_what_to_do_where_dosed_is_not_there(self):
        said = self.run_ctl("list", status=1).stderr
        self.assertIn("dosed is not running: start it with systemctl --user enable --now dosed", said)

    def test_tells_a_wrong_call_from_a_refused_one(self):
        for arguments in (
            ("frob",), ("take",), ("list", "--frob"), ("list", "x"), ("--user", "--system"), ("list", "--from"),
            ("plan", "burn"), ("add", "A"), ("add", "A", "--at", "8"), ("--at", "08:00", "take", "a"), ("check",),
        ):  # fmt: skip
            said = self.run_ctl(*arguments, status=2).stderr
            self.assertTrue(said.startswith("dosectl: "), said)
        self.assertIn("'check' is not built yet in this version", self.run_ctl("check", status=2).stderr)

    def test_help_is_had_without_a_bus(self):
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
        self.assertIn("snooze", self.run_ctl("--help").stdout)
        self.assertIn("--measurement", self.run_ctl("take", "--help").stdout)
        self.assertRegex(self.run_ctl("--version").stdout, r"^dosectl \d")
        self.run_ctl("list", status=1)

    def test_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [program("dosectl"), "--help"], env=self.environment, stdout=full, stderr=subprocess.PIPE, text=True
            )
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be written", done.stderr)

    def test_reload_is_done_and_tells_what_is_degraded(self):
        self.degraded = ["the mail server refused the password"]
        self.script()
        self.assertIn("refused the password", self.run_ctl("reload").stderr)
        self.assertEqual(self.calls("Reload"), [[]])
        self.assertEqual(json.loads(self.run_ctl("reload", "--json").stdout), {"degraded": self.degraded})

    def test_a_quiet_reload_says_only_that_something_is_degraded(self):
        self.degraded = ["ana: viagra.ics:6: END:VCALENDAR is missing"]
        self.script()
        for more in ((), ("--json",)):
            done = self.run_ctl("reload", "--quiet", *more)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr, "dosectl: the configuration is in force, but something does not work: dosectl status "
                                          "says what\n")  # fmt: skip

    def test_a_quiet_reload_of_what_is_well_says_nothing(self):
        self.script()
        done = self.run_ctl("reload", "--quiet")
        self.assertEqual(done.stdout + done.stderr, "")


class Adding(Client):
    people = ["ana"]

    def test_adds_a_plan_file_and_says_when_it_begins(self):
        self.script()
        said = self.run_ctl("add", "Ramipril 5 mg", "--at", "20:00", "--at", "08:00", "--days", "Mo,We", "--amount",
                            "1 tablet", "--critical").stdout  # fmt: skip
        self.assertRegex(said, r"^Added: Ramipril 5 mg, 1 tablet, every Monday and Wednesday at 08:00 and 20:00\. First: ")
        ((person, name, text),) = self.calls("PutCalendar")
        self.assertEqual(person, "ana")
        self.assertRegex(name, r"^ramipril-5-mg-[0-9a-f]{8}\.ics$")
        self.assertIn("SUMMARY:Ramipril 5 mg\r\n", text)

        path = self.folder / name
        path.write_text(text, newline="")
        self.assertIn("good, 1 schedule", self.run_ctl("verify", str(path)).stdout)
        doses = self.run_ctl("preview", "--json", "--limit", "4", str(path)).stdout.splitlines()
        self.assertEqual({json.loads(line)["local"][11:16] for line in doses}, {"08:00", "20:00"})

    def test_asks_for_whom_where_there_are_several(self):
        self.people = ["ana", "bob"]
        self.script()
        said = self.run_ctl("add", "A", "--at", "08:00", status=1).stderr
        self.assertIn("ana", said)
        self.assertIn("bob", said)
        self.run_ctl("--person", "bob", "add", "A", "--at", "08:00")
        self.assertEqual([call[0] for call in self.calls("PutCalendar")], ["bob"])
        self.run_ctl("plan", "accept", "ana")
        self.assertEqual(self.calls("AcceptPlan"), [["ana"]])
        self.assertEqual(self.json("plan", "accept", "bob"), {"accepted": "bob"})


class Monitoring(Client):
    def monitor(self, *arguments):
        child = subprocess.Popen(
            [program("dosectl"), "monitor", *arguments], env=self.environment, stdout=subprocess.PIPE
        )
        self.addCleanup(child.stdout.close)
        return child, Lines(child.stdout)

    def read(self, lines):
        return json.loads(lines.read(time.monotonic() + DEADLINE_SEC))

    def test_tells_what_happens_and_waits_for_a_dosed_that_went_away(self):
        due = dose("a", "Aspirin", now(), check_first=True)
        self.script(due)
        child, lines = self.monitor("--json")
        self.assertEqual(self.read(lines)["event"], "ready")
        self.assertEqual(self.calls("Subscribe"), [[]])

        connection = self.bus.connect()
        connection.get_object("org.dosed.Dosed1", "/org/dosed/Dosed1").Remind(
            due["id"], dbus_interface="org.dosed.Dosed1.Fake"
        )
        connection.close()
        self.run_ctl("take", "asp")
        reminder, taken = self.read(lines), self.read(lines)
        self.assertEqual((reminder["event"], reminder["id"], reminder["check_first"]), ("ReminderDue", due["id"], True))
        self.assertEqual((taken["event"], taken["medication"], taken["state"]), ("DoseChanged", "Aspirin", "taken"))

        end(self.fake)
        self.assertEqual(self.read(lines)["event"], "gone")
        self.start()
        self.assertEqual(self.read(lines)["event"], "ready")
        self.run_ctl("add", "A", "--at", "08:00")
        said = self.read(lines)
        self.assertEqual((said["event"], said["person"]), ("PlanChanged", "ana"))

        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(DEADLINE_SEC), 0)

    def test_ends_in_failure_with_the_bus(self):
        self.script()
        child, lines = self.monitor("--json")
        self.read(lines)
        self.bus.process.kill()
        self.assertEqual(child.wait(DEADLINE_SEC), 1)

    def test_without_dosed_it_says_so(self):
        child, _ = self.monitor()
        self.assertEqual(child.wait(DEADLINE_SEC), 1)


class Files(Client):
    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, newline="")
        return str(path)

    def test_verify_names_file_line_and_reason(self):
        good = self.write("good.ics", calendar(event("Aspirin", now(), RRULE="FREQ=DAILY")))
        bad = self.write("bad.ics", calendar(event("Aspirin", now(), RRULE="FREQ=NEVER")))
        self.assertIn(f"{good}: good, 1 schedule\n", self.run_ctl("verify", good).stdout)
        said = self.run_ctl("verify", good, bad, str(self.folder / "none.ics"), status=1).stdout
        self.assertRegex(said, rf"(?m)^{bad}:\d+: error: ")
        self.assertIn("none.ics: error: it cannot be read", said)

    def test_preview_puts_several_files_in_order_of_time(self):
        one = self.write("one.ics", calendar(event("Aspirin", "20260105T080000", "one", RRULE="FREQ=DAILY")))
        two = self.write("two.ics", calendar(event("Aspirin", "20260105T070000Z", "two", RRULE="FREQ=DAILY")))
        lines = self.run_ctl("preview", "--json", "--from", "20260105", "--until", "20260105", "--timezone",
                             "America/New_York", one, two).stdout.splitlines()  # fmt: skip
        self.assertEqual(
            [json.loads(line) for line in lines],
            [
                {
                    "uid": "two",
                    "recurrence_id": "20260105T070000Z",
                    "due": "2026-01-05T07:00:00Z",
                    "local": "2026-01-05T02:00:00",
                    "timezone": "America/New_York",
                    "offset": "-05:00",
                    "window_end": "2026-01-05T08:30:00Z",  # a quarter of the six hours to the other schedule's dose
                    "summary": "Aspirin",
                    "note": None,
                },
                {
                    "uid": "one",
                    "recurrence_id": "20260105T080000",
                    "due": "2026-01-05T13:00:00Z",
                    "local": "2026-01-05T08:00:00",
                    "timezone": "America/New_York",
                    "offset": "-05:00",
                    "window_end": "2026-01-05T17:00:00Z",
                    "summary": "Aspirin",
                    "note": None,
                },
            ],
        )


if __name__ == "__main__":
    unittest.main()
