# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian package, built, looked at by lintian, and installed under a booted systemd: tests/system/inside/package.py."""

import functools
import os
import shutil
import subprocess
import unittest

from container import ROOT, inside

BUILD_SEC = 900
TOOLS = ("dpkg-buildpackage", "dh", "lintian")


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


def put_package(container):
    if reason_against():
        raise unittest.SkipTest(reason_against())
    (package,) = build().parent.glob("dosed_*.deb")
    shutil.copy(package, container.merged / "dosed.deb")


Package = inside("package", put_package)


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
