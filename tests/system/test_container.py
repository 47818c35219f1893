# SPDX-License-Identifier: LGPL-2.1-or-later
"""The container itself: where none can be booted, that is found out and said; where one can, what happens in there is told."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from container import ROOT, NotBooted, inside, reason_against, result_of_trial, run_in_container

QUESTION = "import container; print(container.reason_against())"
DEADLINE_SEC = 600
LIMIT_SEC = 5  # for what must not come to an end by itself


class Reasons(unittest.TestCase):
    def setUp(self):
        result_of_trial.cache_clear()
        self.addCleanup(result_of_trial.cache_clear)

    def test_an_ordinary_user_is_told_to_be_root(self):
        with patch("os.geteuid", return_value=1000):
            self.assertEqual(reason_against(), "only root may boot a container")

    @patch("os.geteuid", return_value=0)
    def test_what_is_not_installed_is_named(self, _):
        with patch.dict(os.environ, PATH="/nowhere"):
            self.assertEqual(reason_against(), "systemd-nspawn, systemctl, unshare, mount: not installed")

    @patch("os.geteuid", return_value=0)
    @patch("shutil.which", return_value="/bin/true")
    def test_what_one_program_of_a_run_has_found_out_the_others_know(self, *_):
        with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, DOSED_RUN=folder):
            with patch("container.run_in_container", side_effect=NotBooted("\x1b[31mno\n cgroups\x1b[0m")) as boot:
                self.assertEqual(reason_against(), "no container boots here: no cgroups")
                result_of_trial.cache_clear()
                self.assertEqual(reason_against(), "no container boots here: no cgroups")
                self.assertEqual(boot.call_count, 1)
            Path(folder, "container").write_text("")
            result_of_trial.cache_clear()
            self.assertIsNone(reason_against())

    @patch("os.geteuid", return_value=0)
    @patch("shutil.which", return_value="/bin/true")
    @patch.dict(os.environ)
    def test_what_breaks_otherwise_is_no_reason_to_be_silent(self, *_):
        os.environ.pop("DOSED_RUN", None)
        for error in (AssertionError("not done"), OSError("the disk is full")):
            with patch("container.run_in_container", side_effect=error), self.assertRaises(type(error)):
                reason_against()

    @unittest.skipIf(os.geteuid() != 0, "only root has rights to lose")
    def test_root_without_its_rights_boots_nothing(self):
        environment = {name: value for name, value in os.environ.items() if name != "DOSED_RUN"}
        command = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", sys.executable, "-B", "-c", QUESTION]
        done = subprocess.run(command, cwd=ROOT / "tests/system", env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=DEADLINE_SEC, check=False)  # fmt: skip
        self.assertRegex(done.stdout, "(?m)^no container boots here: .*(not permitted|denied)", done.stderr)


def forget_init(container):
    for name in ("usr/lib/systemd/systemd", "lib/systemd/systemd", "sbin/init"):
        folder = (container.merged / name).parent.resolve()
        if folder.is_relative_to(container.merged):  # and not by a link this machine's own
            (folder / Path(name).name).unlink(missing_ok=True)


def wait_for_ever(container):
    container.write("etc/systemd/system/basic.target", "[Unit]\nRequires=never.service\nAfter=never.service\n")
    container.write("etc/systemd/system/never.service",
                    "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=sleep infinity\n")


class Boots(unittest.TestCase):
    def setUp(self):
        if reason_against():
            self.skipTest(reason_against())

    def test_one_without_systemd_says_what_is_missing(self):
        with self.assertRaisesRegex(NotBooted, "(?s)^exit [1-9].*init"):
            run_in_container("/bin/true", furnish=forget_init)

    def test_one_that_hangs_is_given_up(self):
        with self.assertRaisesRegex(NotBooted, f"^it hangs since {LIMIT_SEC} s"):
            run_in_container("/bin/true", furnish=wait_for_ever, boot_sec=LIMIT_SEC)

    def test_what_is_said_in_there_is_heard(self):
        self.assertEqual(run_in_container("/bin/sh -c 'cat /hello; id -u'", {"hello": "Good morning\n"}), "Good morning\n0\n")


class Results(unittest.TestCase):
    """How the class that stands for the tests of a container tells what became of one of them."""

    name = "test_it_is_up_and_hardened"

    def result(self, said):
        cls, result = inside("service"), unittest.TestResult()
        cls.said = said
        cls(self.name).run(result)
        return result

    def test_a_failure_in_there_is_a_failure_out_here(self):
        ((_, words),) = self.result("not ok 3 - it is up and hardened\n#  it is not\nok 4 - another\n").failures
        self.assertIn("it is not", words)

    def test_one_that_never_ran_has_failed(self):
        ((_, words),) = self.result("Traceback: no such module\n").failures
        self.assertIn("no such module", words)

    def test_one_that_was_skipped_says_why(self):
        ((_, words),) = self.result("ok 3 - it is up and hardened # SKIP no time\n").skipped
        self.assertEqual(words, "no time")

    def test_one_that_passed_has_passed(self):
        result = self.result("ok 3 - it is up and hardened\n")
        self.assertEqual((result.testsRun, result.wasSuccessful(), result.skipped), (1, True, []))


if __name__ == "__main__":
    unittest.main()
