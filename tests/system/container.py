# SPDX-License-Identifier: LGPL-2.1-or-later
"""
A booted systemd without a virtual machine: this system, or another tree, under an overlay, with dosed installed, in which one
file of tests runs and which then powers off. Its network is a loopback of its own.
"""

import contextlib
import ctypes
import functools
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("DOSED_BUILD", "build/plain")
BOOT_SEC = 180  # a boot takes two seconds; on a machine that is busy otherwise, many more
TRIAL_SEC = 90  # the same, of one in which there is nothing to do
RUN_SEC = 1800  # for all that runs in there
END_SEC = 60  # from its last word until the machine is off

CLONE_NEWNS = 0x20000
CGROUPS = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")

# Nothing that this machine has enabled for itself belongs into a test.
TARGET = """[Unit]
Description=The test
Requires=basic.target dbus.socket
After=basic.target dbus.socket
Wants=dosed-test.service
"""
SERVICE = """[Unit]
Description=The test
After=basic.target dbus.socket

[Service]
Type=oneshot
ExecStartPre=/bin/touch /out/began
ExecStart={command}
StandardOutput=append:/out/said
StandardError=inherit
ExecStopPost=/bin/touch /out/ended
ExecStopPost=/bin/sh -c 'systemctl --no-block poweroff >/dev/null 2>&1'
TimeoutStartSec=infinity
"""
MASKED = ("timers.target", "systemd-networkd-wait-online.service", "NetworkManager-wait-online.service")


class NotBooted(AssertionError):
    """It did not come to its first word."""


def reason_against():
    """Why it cannot run here; None where it can."""
    if os.geteuid() != 0:
        return "only root may boot a container"
    missing = [program for program in ("systemd-nspawn", "systemctl", "unshare", "mount") if not shutil.which(program)]
    if missing:
        return f"{', '.join(missing)}: not installed"
    return result_of_trial()


@functools.cache
def result_of_trial():
    """What a whole run of tests finds out once, since it may take minutes where nothing comes of it."""
    memory = Path(os.environ["DOSED_RUN"], "container") if "DOSED_RUN" in os.environ else None
    if memory and memory.exists():
        return memory.read_text() or None
    reason = try_one()
    if memory:
        memory.write_text(reason or "")
    return reason


def try_one():
    """
    What has to be allowed for a container differs from kernel to kernel, and from one container around this machine to another:
    only one that boots tells.
    """
    try:
        run_in_container("/bin/true", furnish=lambda container: None, boot_sec=TRIAL_SEC)
    except NotBooted as error:
        return f"no container boots here: {in_one_line(error)[-300:]}"
    return None


def in_one_line(error):
    return " ".join(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", str(error)).split())


def leave_mounts_behind():
    """From here on this process has mounts of its own, which go with it however it ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise NotBooted(f"no mounts of its own: {os.strerror(ctypes.get_errno())}")
    mount("--make-rprivate", "/")


def mount(*arguments):
    done = subprocess.run(["mount", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=END_SEC, check=False)  # fmt: skip
    if done.returncode != 0:
        raise NotBooted(done.stderr or f"mount: exit {done.returncode}")


def run(*command):
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def install(container):
    run("make", "--no-print-directory", f"build={BUILD}", f"DESTDIR={container.merged}", "prefix=/usr", "install")
    # At a boot they are for a /usr that is newer than what was made of it, which says nothing of what was just put in there.
    for program in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
        run(*program, f"--root={container.merged}", "dosed.conf")


def this_system():
    return "/"


class Container:
    """
    with Container() as container:
        container.write("root/script", "timedatectl show")
        said = container.run("/bin/sh /root/script")
    """

    def __init__(self, furnish=install, tree=this_system, boot_sec=BOOT_SEC):
        self.furnish, self.tree, self.boot_sec = furnish, tree, boot_sec
        self.folder = Path(tempfile.mkdtemp(prefix="dosed-system-"))
        self.name = f"dosed-{uuid.uuid4().hex[:8]}"
        self.merged = self.folder / "merged"
        self.out = self.folder / "out"
        self.mounted = []

    def __enter__(self):
        try:
            tree = self.tree()
            leave_mounts_behind()
            self.mount("-t", "tmpfs", "-o", "size=1g,mode=0755", "tmpfs", self.folder)
            for name in ("upper", "work", "merged", "out"):
                (self.folder / name).mkdir()
            self.mount("-t", "overlay", "-o", f"lowerdir={tree},upperdir={self.folder}/upper,workdir={self.folder}/work",
                       "overlay", self.merged)
            self.furnish(self)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for target in reversed(self.mounted):
            subprocess.run(["umount", "--lazy", target], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        for base in CGROUPS:
            self.leave_cgroup(Path(base, self.name))

    def mount(self, *arguments):
        mount(*arguments)
        self.mounted.append(str(arguments[-1]))

    def write(self, path, text):
        path = self.merged / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)

    def prepare(self, command):
        # Without one it would be the first boot, at which everything that is installed is enabled.
        self.write("etc/machine-id", uuid.uuid4().hex + "\n")
        self.write("etc/systemd/journald.conf.d/test.conf", "[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\n")
        self.write("etc/systemd/system/dosed-test.target", TARGET)
        self.write("etc/systemd/system/dosed-test.service", SERVICE.format(command=command))
        for name in MASKED:
            path = self.merged / "etc/systemd/system" / name
            path.unlink(missing_ok=True)
            path.symlink_to("/dev/null")

    def enter_cgroup(self):
        """Where no service manager gives it one: two containers in the same would take each other's services for theirs."""
        for base in CGROUPS:
            path = Path(base, self.name)
            if Path(base, "cgroup.procs").exists():
                with contextlib.suppress(OSError):
                    path.mkdir(exist_ok=True)
                    (path / "cgroup.procs").write_text(str(os.getpid()))

    def leave_cgroup(self, path):
        """As soon as the last that was in there is gone."""
        deadline = time.monotonic() + END_SEC
        while path.exists() and time.monotonic() < deadline:
            for folder, _, _ in os.walk(path, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
            select.select([], [], [], 0.05)

    def start(self, *command, said):
        is_managed = os.path.exists("/run/systemd/system")
        return subprocess.Popen(
            [*(["systemd-run", "--quiet", "--scope", "--property=Delegate=yes"] if is_managed else []),
             # All that is in there ends when this does: killing systemd-nspawn alone leaves a container behind.
             "unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
             "systemd-nspawn", "--quiet", "-D", str(self.merged), "--register=no", "--keep-unit", f"--machine={self.name}",
             "--timezone=off", "--resolv-conf=off", "--private-network", "--capability=CAP_WAKE_ALARM",
             f"--bind={self.out}:/out", f"--bind-ro={ROOT}:/source", *command],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            preexec_fn=None if is_managed else self.enter_cgroup,
        )  # fmt: skip

    def boot(self, console):
        return self.start("--boot", "systemd.unit=dosed-test.target", "systemd.show_status=no", said=console)

    def execute(self, *command):
        """Runs it in there before the boot, with nothing else running."""
        with tempfile.TemporaryFile("w+", errors="replace") as said:
            machine = self.start("--as-pid2", "--setenv=DEBIAN_FRONTEND=noninteractive", *command, said=said)
            try:
                status = machine.wait(RUN_SEC)
            finally:
                machine.kill()
                machine.wait()
            said.seek(0)
            if status != 0:
                raise AssertionError(f"{' '.join(command)}: exit {status}\n{said.read()}")

    def run(self, command):
        """Boots, runs the command as root, and gives all that it said. The next boot finds what this one left."""
        self.prepare(command)
        for name in ("began", "said", "ended"):
            (self.out / name).unlink(missing_ok=True)
        with open(self.folder / "console", "wb") as console:
            machine = self.boot(console)
            try:
                if not self.wait(machine, "began", self.boot_sec):
                    how = f"it hangs since {self.boot_sec} s" if machine.poll() is None else f"exit {machine.returncode}"
                    raise NotBooted(f"{how}: {self.end_of_console()}")
                if not self.wait(machine, "ended", RUN_SEC):
                    raise AssertionError(f"not done after {RUN_SEC} s: {self.said()}\n{self.end_of_console()}")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    machine.wait(END_SEC)
            finally:
                machine.kill()
                machine.wait()
        return self.said()

    def wait(self, machine, name, patience_sec):
        deadline = time.monotonic() + patience_sec
        while not (self.out / name).exists():
            if machine.poll() is not None or time.monotonic() > deadline:
                return (self.out / name).exists()
            select.select([], [], [], 0.05)
        return True

    def said(self):
        path = self.out / "said"
        return path.read_text(errors="replace") if path.exists() else ""

    def end_of_console(self):
        return (self.folder / "console").read_text(errors="replace")[-3000:]


def run_in_container(command, files=None, **how):
    """Boots a container of its own, with more files, for one command, and gives all that it said."""
    for attempt in range(2):
        try:
            with Container(**how) as container:
                for path, text in (files or {}).items():
                    container.write(path, text)
                return container.run(command)
        except NotBooted as error:
            if attempt > 0:
                raise
            print("# the container did not boot, so that it is tried once more:", in_one_line(error), flush=True)


def command_of(name):
    """Runs one file of tests, and says its results as TAP."""
    return f"/usr/bin/python3 -B /source/tests/tap.py /source/tests/system/inside/{name}.py"


def sentences_of(name):
    """The tests of that file, without importing what is only there in the container."""
    text = (ROOT / "tests/system/inside" / f"{name}.py").read_text()
    return re.findall(r"^    def (test_\w+)\(self", text, re.MULTILINE)


def inside(name, **how):
    """
    A class with the tests of tests/system/inside/NAME.py, all of which run in one boot of what tree() gives; furnish(container)
    puts in there what is to be tested.
    """

    class Inside(unittest.TestCase):
        said = None

        @classmethod
        def setUpClass(cls):
            if reason_against():
                raise unittest.SkipTest(reason_against())
            cls.said = run_in_container(command_of(name), **how)

        def check(self, sentence):
            found = re.search(rf"^(not )?ok \d+ - {re.escape(sentence)}(?: # SKIP (.*))?\n((?:#.*\n)*)", self.said, re.MULTILINE)
            if not found:
                self.fail(f"it never ran; said was:\n{self.said}")
            if found[1]:
                self.fail(found[3])
            if found[2]:
                self.skipTest(found[2])

    for method in sentences_of(name):
        sentence = method.removeprefix("test_").replace("_", " ")
        setattr(Inside, method, lambda self, sentence=sentence: self.check(sentence))
    Inside.__name__ = Inside.__qualname__ = name.capitalize()
    return Inside


