# SPDX-License-Identifier: LGPL-2.1-or-later
"""A booted systemd without a virtual machine: this system under an overlay, in which one script runs and then powers off."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SEC = 120

UNIT = """[Unit]
Description=The test
After=multi-user.target dbus.service systemd-timedated.service

[Service]
Type=oneshot
ExecStart=/bin/sh /out/script
StandardOutput=file:/out/said
StandardError=inherit
ExecStopPost=/bin/systemctl --no-block poweroff
TimeoutStartSec=90

[Install]
WantedBy=multi-user.target
"""


def reason_against():
    """Why it cannot run here; None where it can."""
    if os.geteuid() != 0:
        return "only root may boot a container"
    for program in ("systemd-nspawn", "unshare"):
        if not shutil.which(program):
            return f"{program} is not installed"
    done = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    return None if done.returncode == 0 else "nothing may be mounted here"


class Container:
    """
    with Container() as container:
        container.install()
        said = container.run("timedatectl show")
    """

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="dosed-system-"))
        self.merged = self.folder / "merged"
        self.mounted = []

    def __enter__(self):
        try:
            self.mount("-t", "tmpfs", "-o", "size=512m,mode=0755", "tmpfs", self.folder)
            for name in ("upper", "work", "merged", "out"):
                (self.folder / name).mkdir()
            self.mount("-t", "overlay", "-o", f"lowerdir=/,upperdir={self.folder}/upper,workdir={self.folder}/work",
                       "overlay", self.merged)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for target in reversed(self.mounted):
            subprocess.run(["umount", "--lazy", target], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def mount(self, *arguments):
        subprocess.run(["mount", *map(str, arguments)], check=True)
        self.mounted.append(str(arguments[-1]))

    def install(self):
        build = os.environ.get("DOSED_BUILD", "build/plain")
        for name in ("dosed", "dosectl"):
            shutil.copy(ROOT / build / name, self.merged / "usr/bin" / name)

    def run(self, script):
        """Boots, runs the script as root, and gives all that it said."""
        wants = self.merged / "etc/systemd/system/multi-user.target.wants"
        (self.merged / "etc/systemd/system/dosed-test.service").write_text(UNIT)
        wants.mkdir(parents=True, exist_ok=True)
        (wants / "dosed-test.service").symlink_to("../dosed-test.service")
        (self.folder / "out/script").write_text(script)
        with open(self.folder / "console", "wb") as console:
            done = subprocess.run(
                ["systemd-nspawn", "-D", str(self.merged), "--boot", "--register=no", "--keep-unit",
                 "--machine=dosed-test", f"--bind={self.folder}/out:/out"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, timeout=DEADLINE_SEC, check=False,
            )
        said = self.folder / "out/said"
        if not said.exists():
            raise AssertionError(f"the script did not run (exit {done.returncode}): "
                                 + (self.folder / "console").read_text(errors="replace")[-2000:])
        return said.read_text()
