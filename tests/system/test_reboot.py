# SPDX-License-Identifier: LGPL-2.1-or-later
"""A household over a reboot: tests/system/inside/move_in.py before it, tests/system/inside/reboot.py after it."""

import shutil
import unittest

from container import command_of, inside, install


def move_in(container):
    """Here the machine boots as machines do, but for what others have enabled on it."""
    install(container)
    system = container.merged / "etc/systemd/system"
    shutil.rmtree(system / "multi-user.target.wants", ignore_errors=True)
    container.write("etc/systemd/system-generators/systemd-sysv-generator", "")
    container.write("etc/systemd/system/dosed-test.target.d/boot.conf", "[Unit]\nWants=multi-user.target\n")
    said = container.run(command_of("move_in"))
    if not said.startswith("ok 1 - "):
        raise AssertionError(said)


Reboot = inside("reboot", furnish=move_in)


if __name__ == "__main__":
    unittest.main()
