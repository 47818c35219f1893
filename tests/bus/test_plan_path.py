# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a person's folder lies in is moved, removed and made again: the medicines that come with it are seen."""

import shutil
import unittest
from datetime import timedelta

from harness import Dosed, calendar, event, now


def plan_changed(said):
    return said["event"] == "PlanChanged"


class Path(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.folder = self.dosed.calendars_of("ana")
        self.parent = self.folder.parent.parent

    def put(self, *names):
        for name in names:
            self.dosed.put_ics(name, calendar(event(name, now() + timedelta(hours=1), uid=name)))

    def names(self):
        return sorted(medication["name"] for medication in self.dosed.json("meds"))

    def test_removed_with_all_that_is_above_it_and_made_again(self):
        self.put("Aspirin")
        self.dosed.start()
        monitor = self.dosed.monitor()
        shutil.rmtree(self.parent)
        self.folder.mkdir(parents=True)
        self.put("Aspirin", "Bisoprolol")
        monitor.wait_for(plan_changed)
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol"])
        self.put("Candesartan")
        monitor.wait_for(plan_changed)
        self.assertEqual(self.dosed.proxy().get("Degraded"), [])

    def test_another_one_takes_the_place_of_what_it_lies_in(self):
        self.put("Aspirin")
        self.dosed.start()
        monitor = self.dosed.monitor()
        shutil.copytree(self.parent, self.parent.with_name("new"))
        self.parent.rename(self.parent.with_name("old"))
        self.parent.with_name("new").rename(self.parent)
        self.put("Bisoprolol")
        monitor.wait_for(plan_changed)
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol"])

    def test_a_link_leads_to_what_is_removed_and_made_again(self):
        elsewhere = self.dosed.folder / "synced/medicines"
        elsewhere.mkdir(parents=True)
        self.folder.rmdir()
        self.folder.symlink_to(elsewhere)
        self.put("Aspirin")
        self.dosed.start()
        monitor = self.dosed.monitor()
        shutil.rmtree(elsewhere.parent)
        elsewhere.mkdir(parents=True)
        self.put("Aspirin", "Bisoprolol")
        monitor.wait_for(plan_changed)
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol"])
        elsewhere.parent.rename(elsewhere.parent.with_name("old"))
        shutil.copytree(elsewhere.parent.with_name("old"), elsewhere.parent)
        self.put("Candesartan")
        monitor.wait_for(plan_changed)
        self.assertEqual(self.names(), ["Aspirin", "Bisoprolol", "Candesartan"])

    def test_what_it_lies_in_is_a_file_at_the_start(self):
        shutil.rmtree(self.parent)
        self.parent.write_text("no folder")
        self.dosed.start()
        self.assertEqual(len(self.dosed.proxy().get("Degraded")), 1)
        monitor = self.dosed.monitor()
        self.parent.unlink()
        self.folder.mkdir(parents=True)
        self.put("Aspirin")
        monitor.wait_for(plan_changed)
        self.assertEqual(self.names(), ["Aspirin"])
        self.assertEqual(self.dosed.proxy().get("Degraded"), [])


if __name__ == "__main__":
    unittest.main()
