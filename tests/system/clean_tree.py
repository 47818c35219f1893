# SPDX-License-Identifier: LGPL-2.1-or-later
"""
A tree of the release that runs here, with nothing in it but what is essential, and apt. mmdebstrap makes it once, from where this
machine has its own packages. What is to be installed there this machine's apt fetches, which knows the way; the tree's own apt
installs it, without a network and with nothing of this machine.
"""

import functools
import os
import platform
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from container import ROOT

FETCH_SEC = 900
PLACE = ROOT / "build/clean-tree"
ARCHIVES = PLACE / "cache/archives"
TOOLS = ("mmdebstrap", "apt-get")

# What is of this machine alone.
LEFT_OUT = "etc/apt/apt.conf.d/99mmdebstrap etc/hostname etc/resolv.conf"


def reason_against():
    missing = [name for name in TOOLS if not shutil.which(name)]
    return f"{', '.join(missing)}: not installed" if missing else None


class Failed(AssertionError):
    """What a program said that failed."""


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=FETCH_SEC,
                          env=dict(os.environ, LC_ALL="C.UTF-8"), check=False)  # fmt: skip
    if done.returncode != 0:
        raise Failed(f"{command[0]}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def fetch(*command):
    """The same, of something that needs the mirror: without it there is nothing to test."""
    try:
        run(*command)
    except Failed as error:
        unreached = re.search(r"^(?:E|W): ((?:Failed|Unable) to fetch .*)", str(error), re.MULTILINE)
        if unreached:
            raise unittest.SkipTest(f"no clean tree, since packages cannot be had: {unreached[1]}") from None
        raise


@functools.cache
def release():
    said = platform.freedesktop_os_release()
    return said["ID"], said.get("VERSION_CODENAME", "")


def entry(place):
    """One entry of apt's sources, as it is written; apt counts lines in a file of the old form, and stanzas in one of the new."""
    path, _, number = place.rpartition(":")
    text = Path(path).read_text()
    if not path.endswith(".sources"):
        return ".list", text.splitlines()[int(number) - 1]
    stanzas = re.split(r"\n(?:[ \t]*\n)+", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip("\n"))
    return ".sources", stanzas[int(number) - 1]


def entries():
    """Those of the release itself: whatever else this machine has its packages from, nobody else needs to have."""
    identity, codename = release()
    told = run("apt-get", "indextargets", "--format", "$(SOURCESENTRY)\t$(ORIGIN)\t$(CODENAME)", "Created-By: Packages")
    fields = [line.split("\t") for line in told.splitlines()]
    return [entry(place) for place in dict.fromkeys(
        place for place, origin, name in fields if origin.lower() == identity and name.partition("-")[0] == codename
    )]  # fmt: skip


def make(tree):
    """What a run that was broken off has left is in nobody's way."""
    found = entries()
    if not found:
        raise unittest.SkipTest(f"apt of this machine knows no packages of {' '.join(release())}: apt-get update")
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=PLACE) as making:
        sources = []
        for number, (form, text) in enumerate(found):
            sources.append(Path(making, f"release-{number}{form}"))
            sources[-1].write_text(f"{text}\n")
        # How this machine fetches: proxies, certificates, what a mirror that stands still may say of its age.
        way = Path(making, "apt.conf")
        way.write_text("".join(
            f"{line}\n" for line in run("apt-config", "dump").splitlines()
            if line.startswith("Acquire::") and not line.startswith("Acquire::IndexTargets")
        ))  # fmt: skip
        fetch("mmdebstrap", "--mode=root", "--variant=apt", f"--aptopt={way}", "--skip=cleanup/apt/lists",
              f'--customize-hook=cd "$1" && rm -f {LEFT_OUT}', release()[1], f"{making}/tree", *map(str, sources))  # fmt: skip
        Path(making, "tree").rename(tree)


def clean_tree():
    """Where it is."""
    tree = PLACE / "-".join(release())
    if not tree.exists():
        make(tree)
    return tree


def apt(tree):
    """This machine's apt, working on what is known and installed in that tree."""
    places = {
        "Dir::State": f"{tree}/var/lib/apt",
        "Dir::State::status": f"{tree}/var/lib/dpkg/status",
        "Dir::Cache": ARCHIVES.parent,
        "Dir::Etc::sourcelist": f"{tree}/etc/apt/sources.list",
        "Dir::Etc::sourceparts": f"{tree}/etc/apt/sources.list.d",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Default-Release": "",
        "APT::Keep-Downloaded-Packages": "true",
        "APT::Update::Error-Mode": "any",
    }
    return ["apt-get", "--quiet", *(f"--option={name}={value}" for name, value in places.items())]


def have(tree, packages):
    """Puts into ARCHIVES all that installing them there takes."""
    (ARCHIVES / "partial").mkdir(parents=True, exist_ok=True)
    install = [*apt(tree), "install", "--yes", "--no-install-recommends"]
    wanted = list(map(str, packages))
    try:
        run(*install, "--download-only", *wanted)
    except Failed:
        # The mirror goes on, and drops what was replaced.
        fetch(*apt(tree), "update")
        run(*install, "--simulate", *wanted)
        fetch(*install, "--download-only", *wanted)


def lend_archives(container):
    target = container.merged / "var/cache/apt/archives"
    container.mount("--bind", ARCHIVES, target)


def install(container, *packages):
    """With the tree's own apt. A package that is a file has to lie in the tree."""
    container.execute("/usr/bin/apt-get", "--quiet", "--yes", "--no-install-recommends", "install", *packages)
