# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The Debian package, built, looked at by lintian, and installed where there is nothing else, under a booted systemd:
tests/system/inside/package.py.
"""

import functools
import os
import shutil
import subprocess
import unittest

import clean_tree
import container
from container import ROOT, inside, run_in_container

BUILD_SEC = 900
TOOLS = ("dpkg-buildpackage", "dh", "lintian")
WANTED_BY_TESTS = ("python3", "python3-dbus", "python3-gi", "dbus-user-session")


def reason_against():
    missing = [name for name in TOOLS if not shutil.which(name)]
    return f"{', '.join(missing)}: not installed" if missing else None


@functools.cache
def build():
    """The changes file of the packages."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    done = subprocess.run(["make", "deb"], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=BUILD_SEC, check=False)  # fmt: skip
    if done.returncode != 0:
        raise AssertionError(done.stdout[-5000:] + done.stderr[-5000:])
    (found,) = (ROOT / "build/deb").glob("dosed_*.changes")
    return found


def package():
    (found,) = build().parent.glob("dosed_*.deb")
    return found


def tree():
    reason = reason_against() or clean_tree.reason_against()
    if reason:
        raise unittest.SkipTest(reason)
    found = clean_tree.clean_tree()
    clean_tree.have(found, [package(), *WANTED_BY_TESTS])
    return found


def put_package(machine):
    """Alone: what it does not ask for itself is not there."""
    shutil.copy(package(), machine.merged / "dosed.deb")
    clean_tree.lend_archives(machine)
    clean_tree.install(machine, "/dosed.deb")


def put_package_and_tests(machine):
    put_package(machine)
    clean_tree.install(machine, *WANTED_BY_TESTS)


Package = inside("package", furnish=put_package_and_tests, tree=tree)


class Alone(unittest.TestCase):
    def test_nothing_is_missing_where_apt_put_only_what_the_package_asks_for(self):
        if container.reason_against():
            self.skipTest(container.reason_against())
        said = run_in_container("/bin/sh -c '! command -v python3 && /source/debian/tests/household'", furnish=put_package, tree=tree)
        self.assertIn("\nAll of it works\n", said)


class Built(unittest.TestCase):
    def setUp(self):
        if reason_against():
            self.skipTest(reason_against())

    def test_lintian_finds_no_fault(self):
        done = subprocess.run(["lintian", "--allow-root", "--fail-on=error,warning", build()], capture_output=True, text=True,
                              timeout=BUILD_SEC, check=False)  # fmt: skip
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_the_package_has_the_version_of_the_programs(self):
        said = subprocess.run(["make", "-s", "--eval=say: ; @echo $(VERSION)", "say"], cwd=ROOT, capture_output=True, text=True,
                              timeout=60, check=True).stdout.strip()  # fmt: skip
        changelog = (ROOT / "debian/changelog").read_text()
        self.assertTrue(changelog.startswith(f"dosed ({said}) "), changelog)


if __name__ == "__main__":
    unittest.main()
