# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reminders on a real notification server, whose buttons are really pressed."""

import os
import shutil
import tempfile
import unittest
from pathlib import Path

from desktop import Desktop
from harness import Bus
from notify import Driver, dose, wait

MORNING = (
    dose("lisinopril", title="Lisinopril 10 mg", amount="1 tablet", instructions="with a full glass of water"),
    dose("metformin", title="Metformin 500 mg", amount="2 tablets"),
    dose("vitamin", title="Vitamin B & D <forte>"),
)


@unittest.skipUnless(shutil.which("dunst") and shutil.which("Xvfb"), "dunst and Xvfb are not installed")
class DunstTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="dosed-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.bus = Bus(self.folder)
        self.addCleanup(self.bus.stop)
        self.desktop = Desktop(self.bus.address, self.folder)
        self.addCleanup(self.desktop.stop)
        self.desktop.start()
        self.driver = Driver(self.bus.address, self.folder / "notifications")
        self.addCleanup(self.driver.stop)

    def picture(self, name):
        """Kept where somebody wants to look at it."""
        if "DOSED_PICTURES" in os.environ:
            self.desktop.screenshot(Path(os.environ["DOSED_PICTURES"]) / f"{name}.png")

    def test_one_medicine_is_taken(self):
        self.driver.doses(MORNING[0])
        shown = self.desktop.wait_shown("Lisinopril 10 mg", "1 tablet", "with a full glass of water")
        self.picture("single")
        self.desktop.press(shown, "Taken")
        self.driver.wait_said("taken", "lisinopril")
        self.driver.doses()
        self.driver.settle()
        self.desktop.wait_gone()

    def test_a_group_is_taken_at_once(self):
        self.driver.doses(*MORNING)
        shown = self.desktop.wait_shown("3 medicines at 08:00", "Metformin 500 mg · 2 tablets", "&amp; D &lt;forte&gt;")
        self.picture("group")
        self.desktop.press(shown, "All taken")
        self.driver.wait_said("taken", "lisinopril", "metformin", "vitamin")

    def test_a_group_is_taken_one_by_one(self):
        self.driver.doses(*MORNING)
        self.desktop.press(self.desktop.wait_shown("3 medicines"), "One by one")
        self.desktop.wait_gone("3 medicines")
        wait(lambda: len(self.desktop.shown()) == 3, "there are not three")
        shown = self.desktop.wait_shown("Metformin 500 mg")
        self.picture("one-by-one")
        self.desktop.press(shown, "Skip")
        self.driver.wait_said("skip", "metformin")
        self.driver.doses(MORNING[0], MORNING[2])
        self.driver.settle()
        wait(lambda: len(self.desktop.shown()) == 2, "there are not two")

    def test_what_must_be_checked_first_says_so_and_cannot_be_taken(self):
        self.driver.doses(
            dose("a", title="Paracetamol 500 mg", amount="2 tablets", taken_ago_usec=3 * 3600 * 1_000_000,
                 critical=True, reminders=2, if_missed="Leave it out when the next one is near", person="Ana"),
        )
        shown = self.desktop.wait_shown("Ana: Paracetamol 500 mg", "Check first: taken 3 h ago")
        self.picture("check-first")
        self.assertEqual(list(shown["actions"].values()), ["Snooze", "Skip"])
        self.desktop.press(shown, "Snooze")
        self.driver.wait_said("snooze", "a")

    def test_what_may_have_been_taken_before_the_record_was_lost_says_so_and_cannot_be_taken(self):
        lost = [dict(one, record_lost=True) for one in MORNING]
        self.driver.doses(*lost[:2], dict(MORNING[2], group_usec=1), dict(lost[0], id="alone", stands_alone=True),
                          dose("ahead", title="Ramipril", stands_alone=True, taken_ahead=True),
                          dose("some", group_usec=2, takeable=False, upcoming=True),
                          dose("lost", group_usec=2, record_lost=True))
        shown = self.desktop.wait_shown("2 medicines at 08:00", "check whether these were taken before taking them")
        alone = self.desktop.wait_shown("The record cannot be read: check whether it was taken before taking it")
        ahead = self.desktop.wait_shown("Check first: it is recorded as taken at a time that has not come by this clock")
        mixed = self.desktop.wait_shown("Check first: LOST, its record cannot be read", "SOME · not due yet")
        self.picture("record-lost")
        self.assertEqual(list(shown["actions"].values()), ["One by one", "Later"])
        self.assertEqual(list(mixed["actions"].values()), ["One by one", "Later"])
        self.assertEqual(list(alone["actions"].values()), ["Snooze", "Skip"])
        self.assertEqual(list(ahead["actions"].values()), ["Snooze", "Skip"])

    def test_closed_stays_closed_until_the_next_reminder(self):
        self.driver.doses(MORNING[0])
        self.desktop.wait_shown("Lisinopril")
        self.desktop.close()
        self.desktop.wait_gone()
        self.driver.doses(dict(MORNING[0], amount="2 tablets"))
        self.driver.settle()
        self.assertEqual(self.desktop.shown(), [])
        self.driver.doses(dict(MORNING[0], amount="2 tablets", reminders=2))
        self.desktop.wait_shown("Lisinopril", "2 tablets", "still not confirmed")
        self.assertEqual(self.driver.said, [])

    def test_a_replaced_notification_stays_one(self):
        self.driver.doses(*MORNING)
        first = self.desktop.wait_shown("3 medicines")
        self.driver.doses(*MORNING[:2])
        second = self.desktop.wait_shown("2 medicines")
        self.assertEqual((second["id"], len(self.desktop.shown())), (first["id"], 1))
        self.driver.settle()
        self.desktop.press(second, "Later")
        self.driver.wait_said("snooze", "lisinopril", "metformin")

    def test_a_restart_of_the_server_shows_everything_again(self):
        self.driver.doses(*MORNING)
        self.driver.notice("store", "The disk is full", "What you record is kept in memory", True)
        self.desktop.wait_shown("3 medicines")
        self.desktop.restart_dunst()
        shown = self.desktop.wait_shown("3 medicines")
        self.desktop.wait_shown("The disk is full")
        self.picture("notice")
        self.desktop.press(shown, "All taken")
        self.driver.wait_said("taken", "lisinopril", "metformin", "vitamin")

    def test_a_crash_leaves_no_dead_buttons_behind(self):
        self.driver.doses(*MORNING)
        self.desktop.wait_shown("3 medicines")
        self.driver.settle()
        self.driver.kill()
        self.driver = Driver(self.bus.address, self.folder / "notifications")
        self.addCleanup(self.driver.stop)
        self.driver.doses(*MORNING[1:])
        shown = self.desktop.wait_shown("2 medicines")
        self.desktop.wait_gone("3 medicines")
        self.desktop.press(shown, "All taken")
        self.driver.wait_said("taken", "metformin", "vitamin")

    def test_a_clean_end_clears_the_screen(self):
        self.driver.doses(*MORNING)
        self.desktop.wait_shown("3 medicines")
        self.driver.settle()
        self.driver.free()
        self.desktop.wait_gone()


if __name__ == "__main__":
    unittest.main()
