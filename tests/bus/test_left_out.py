# SPDX-License-Identifier: LGPL-2.1-or-later
"""A configuration that names other people than before: whose plan nobody looks at any more is said, and comes back whole."""

import getpass
import subprocess
import unittest
from datetime import timedelta

from access import DENIED, HIDDEN, Access
from harness import PATH, Dosed, calendar, event, now, program, reminder


def degraded(dosed):
    return dosed.json("status")["degraded"]


def check_config(dosed):
    done = subprocess.run([program("dosed"), "--user", "--check-config"], env=dosed.environment, capture_output=True,
                          text=True, check=False)  # fmt: skip
    return done.returncode, done.stderr


class FirstConfiguration(unittest.TestCase):
    """There was none, and the plan lies in calendars/; then somebody is named."""

    def setUp(self):
        self.dosed = self.enterContext(Dosed(None)).start()
        self.user = getpass.getuser()
        self.dosed.dosectl("add", "Lisinopril 10 mg", "--at", "08:00", check=0)
        self.file = self.dosed.folder / "config/dosed/dosed.conf"
        self.file.parent.mkdir(parents=True)

    def expected(self, name):
        where = self.dosed.calendars
        return (f"1 plan file in {where} is not read, since that is nobody's folder by dosed.conf. Move them to {where}/{name}, "
                f"or say in [person {name}]: calendars = {where}")  # fmt: skip

    def test_files_that_nobody_has_are_said_until_they_are_moved(self):
        self.file.write_text("[dosed]\nsettle = 1s\n[person zoe]\n")
        self.assertEqual(check_config(self.dosed), (0, f"{self.file}:3: warning: {self.expected('zoe')}\n"))
        self.assertIn(self.expected("zoe"), self.dosed.dosectl("reload", check=0).stderr)
        self.assertIn(self.expected("zoe"), degraded(self.dosed))
        self.assertIn("is not read", self.dosed.dosectl("status").stdout)
        self.dosed.restart()
        self.assertIn(self.expected("zoe"), degraded(self.dosed))
        monitor = self.dosed.monitor()
        for path in self.dosed.calendars.glob("*.ics"):
            path.rename(self.dosed.calendars / "zoe" / path.name)
        monitor.wait_for(lambda said: said["event"] == "PlanChanged" and said["person"] == "zoe")
        self.assertEqual([text.split(":")[0] for text in degraded(self.dosed)],
                         [f"{self.user} has a plan, but is nobody of dosed.conf"])
        self.assertEqual(check_config(self.dosed), (0, ""))

    def test_files_that_come_later_are_said_too(self):
        self.file.write_text("[dosed]\nsettle = 1s\n[person zoe]\n")
        for path in self.dosed.calendars.glob("*.ics"):
            path.unlink()
        self.dosed.dosectl("reload")
        self.dosed.dosectl("plan", "accept", self.user, check=0)
        self.assertEqual(degraded(self.dosed), [])
        self.dosed.log.write_text("")
        self.dosed.put_ics("late", calendar(event("Aspirin", now() + timedelta(hours=1))))
        self.dosed.wait_stderr("see dosectl status")
        self.assertEqual(degraded(self.dosed), [self.expected("zoe")])

    def test_their_folder_named_by_whatever_path_is_somebodys(self):
        self.file.write_text(f"[person {self.user}]\ncalendars = {self.dosed.calendars.parent}/link\n")
        (self.dosed.calendars.parent / "link").symlink_to(self.dosed.calendars)
        self.assertEqual(check_config(self.dosed), (0, ""))
        self.dosed.dosectl("reload", check=0)
        self.assertEqual([medication["name"] for medication in self.dosed.json("meds")], ["Lisinopril 10 mg"])

    def test_the_folder_of_who_is_new_is_made(self):
        self.file.write_text("[person zoe]\n")
        self.dosed.dosectl("reload")
        self.dosed.dosectl("add", "Aspirin 100 mg", "--at", "08:00", check=0)

    def test_a_folder_that_is_not_there_is_named(self):
        gone = self.dosed.folder / "gone"
        self.file.write_text(f"[person zoe]\ncalendars = {self.dosed.calendars}\ncalendars = {gone}\n")
        self.assertEqual(check_config(self.dosed), (0, f"{self.file}:3: warning: the folder {gone} cannot be read: No such "
                                                       "file or directory. Make it, or correct the line\n"))  # fmt: skip
        self.file.write_text(f"[person zoe]\ncalendars = {gone}\n")
        self.dosed.dosectl("reload")
        said = self.dosed.dosectl("add", "Aspirin 100 mg", "--at", "08:00", check=1).stderr
        self.assertIn(f"The file cannot be written to {gone}: No such file or directory. Make that folder, or correct "
                      "dosed.conf, and then: dosectl reload", said)  # fmt: skip


class Renamed(unittest.TestCase):
    """Somebody's section is called otherwise, and nothing else is."""

    SAID = ("ana has a plan, but is nobody of dosed.conf: no dose of ana is reminded or shown. Add [person ana], or accept the "
            "loss with: dosectl plan accept ana")  # fmt: skip

    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.dosed.put_ics("aspirin", calendar(event("Aspirin", now(), PRIORITY="1")))
        self.dosed.start()
        self.monitor = self.dosed.monitor()
        self.dosed.put_ics("ramipril", calendar(event("Ramipril", now() + timedelta(seconds=5), PRIORITY="1")))
        self.monitor.wait_for(reminder("Ramipril"))
        self.rename("anna")

    def rename(self, name):
        self.dosed.configure(f"[dosed]\ntimezone = UTC\n[person {name}]\ncalendars = {self.dosed.calendars_of('ana')}\n")
        self.dosed.dosectl("reload")

    def test_it_is_said_over_a_restart_until_the_person_is_back(self):
        self.assertIn(self.SAID, degraded(self.dosed))
        self.dosed.restart()
        self.assertIn(self.SAID, degraded(self.dosed))
        self.assertNotIn("ana", self.dosed.stderr())
        self.rename("ana")
        self.assertNotIn(self.SAID, degraded(self.dosed))
        self.assertIn(("Ramipril", "due"), [(dose["medication"], dose["state"]) for dose in self.dosed.doses()])

    def test_it_can_be_accepted(self):
        said = self.dosed.dosectl("plan", "accept", "ana", check=0).stdout
        self.assertEqual(said, "Accepted: ana has no plan any more.\n")
        self.assertEqual(degraded(self.dosed), [])
        self.dosed.restart()
        self.assertEqual(degraded(self.dosed), [])
        for name in ("ana", "bob"):
            said = self.dosed.dosectl("plan", "accept", name, check=1).stderr
            self.assertIn(f"dosed knows no person '{name}' whose plan you may see", said)


class Household(Access):
    def test_only_root_reads_and_accepts_it(self):
        text = self.dosed.configuration.replace("[person bruno]", "[person bernd]")
        self.dosed.configure(text)
        self.reload()
        where = {"path": f"{PATH}/person/bruno", "interface": "Person"}
        for role, member in self.members.items():
            said = " ".join(member.try_call("Get", "ss", "org.dosed.Dosed1.Manager", "Degraded",
                                            interface="org.freedesktop.DBus.Properties")[0] or [])  # fmt: skip
            with self.subTest(role=role):
                self.assertEqual("bruno" in said, role == "root")
                self.assertEqual("Somebody has a plan" in said, role not in ("root", "stranger"))
                if role != "root":
                    self.assertIn(member.error("AcceptPlan", **where), (DENIED, *HIDDEN))
        self.assertEqual(self.members["root"].error("PutCalendar", "sh", "a.ics", 0, **where), "NoSuchPerson")
        self.assertEqual(self.members["root"].error("AcceptPlan", **where), "")
        self.assertIn(self.members["root"].error("AcceptPlan", **where), HIDDEN)


if __name__ == "__main__":
    unittest.main()
