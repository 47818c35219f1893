# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `make install` puts where, file by file, and that `make uninstall` leaves nothing of it behind."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("DOSED_BUILD", "build/plain")

# Where Debian's zsh looks, and everybody else's.
ZSH = f"share/zsh/{'vendor-completions' if Path('/etc/debian_version').exists() else 'site-functions'}"

# Below /usr; with what each is made of, where that is a file of these folders.
INSTALLED = {
    "bin/dosectl": None,
    "bin/dosed": None,
    "bin/dosed-agent": None,
    "lib/systemd/catalog/dosed.catalog": "data/dosed.catalog",
    "lib/systemd/system/dosed.service": "systemd/system/dosed.service.in",
    "lib/systemd/user/dosed-agent.service": "systemd/user/dosed-agent.service.in",
    "lib/systemd/user/dosed.service": "systemd/user/dosed.service.in",
    "lib/sysusers.d/dosed.conf": "systemd/dosed.sysusers",
    "lib/tmpfiles.d/dosed.conf": "systemd/dosed.tmpfiles",
    "libexec/dosed/dosed-mail": None,
    "share/bash-completion/completions/dosectl": "data/completions/dosectl.bash",
    "share/bash-completion/completions/dosed": "data/completions/dosed.bash",
    "share/bash-completion/completions/dosed-agent": "data/completions/dosed-agent.bash",
    "share/dbus-1/interfaces/org.dosed.Dosed1.Dose.xml": "dbus/org.dosed.Dosed1.Dose.xml",
    "share/dbus-1/interfaces/org.dosed.Dosed1.Manager.xml": "dbus/org.dosed.Dosed1.Manager.xml",
    "share/dbus-1/interfaces/org.dosed.Dosed1.Outbox.xml": "dbus/org.dosed.Dosed1.Outbox.xml",
    "share/dbus-1/interfaces/org.dosed.Dosed1.Person.xml": "dbus/org.dosed.Dosed1.Person.xml",
    "share/dbus-1/services/org.dosed.Dosed1.service": "dbus/org.dosed.Dosed1.service.in",
    "share/dbus-1/system-services/org.dosed.Dosed1.service": "dbus/org.dosed.Dosed1.system.service.in",
    "share/dbus-1/system.d/org.dosed.Dosed1.conf": "dbus/org.dosed.Dosed1.conf",
    "share/doc/dosed/examples/dosed.conf": "data/dosed.conf",
    "share/doc/dosed/examples/sync/dosed-sync.service": "data/sync/dosed-sync.service",
    "share/doc/dosed/examples/sync/dosed-sync.timer": "data/sync/dosed-sync.timer",
    "share/doc/dosed/examples/sync/vdirsyncer.conf": "data/sync/vdirsyncer.conf",
    "share/dosed/hooks/healthchecks": "data/hooks/healthchecks",
    "share/dosed/hooks/http-post": "data/hooks/http-post",
    "share/dosed/hooks/log": "data/hooks/log",
    "share/dosed/hooks/mqtt": "data/hooks/mqtt",
    "share/dosed/hooks/ntfy": "data/hooks/ntfy",
    "share/dosed/hooks/speech": "data/hooks/speech",
    "share/dosed/hooks/webhook": "data/hooks/webhook",
    "share/fish/vendor_completions.d/dosectl.fish": "data/completions/dosectl.fish",
    "share/fish/vendor_completions.d/dosed-agent.fish": "data/completions/dosed-agent.fish",
    "share/fish/vendor_completions.d/dosed.fish": "data/completions/dosed.fish",
    "share/man/man1/dosectl.1": "man/dosectl.1",
    "share/man/man1/dosed-agent.1": "man/dosed-agent.1",
    "share/man/man5/dosed-hook.5": "man/dosed-hook.5",
    "share/man/man5/dosed-schedule.5": "man/dosed-schedule.5",
    "share/man/man5/dosed.conf.5": "man/dosed.conf.5",
    "share/man/man5/org.dosed.Dosed1.5": "man/org.dosed.Dosed1.5",
    "share/man/man8/dosed-mail.8": "man/dosed-mail.8",
    "share/man/man8/dosed.8": "man/dosed.8",
    f"{ZSH}/_dosectl": "data/completions/_dosectl",
    f"{ZSH}/_dosed": "data/completions/_dosed",
    f"{ZSH}/_dosed-agent": "data/completions/_dosed-agent",
}
EXECUTABLE = ("bin/", "libexec/", "share/dosed/hooks/")
NOT_INSTALLED = {"data/screenshot.png"}  # files of these folders that are for building or testing only


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if not path.is_dir())


class Installing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="with a space ")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def make(self, target, prefix="/usr"):
        done = subprocess.run(
            ["make", "--no-print-directory", f"build={BUILD}", f"DESTDIR={self.folder}", f"prefix={prefix}", target],
            cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_everything_is_put_in_its_place_and_nothing_else(self):
        self.make("install")
        self.assertEqual(files_below(self.folder / "usr"), sorted(INSTALLED))
        self.assertEqual(os.listdir(self.folder), ["usr"])
        for name in INSTALLED:
            mode = (self.folder / "usr" / name).stat().st_mode & 0o777
            self.assertEqual(mode, 0o755 if name.startswith(EXECUTABLE) else 0o644, name)

    def test_every_file_is_installed_or_named_as_not_to_be(self):
        there = {f"{folder}/{name}" for folder in ("man", "dbus", "systemd", "data") for name in files_below(ROOT / folder)}
        self.assertEqual(there - NOT_INSTALLED, {source for source in INSTALLED.values() if source})

    def test_what_is_installed_is_what_is_here(self):
        self.make("install")
        for name, source in INSTALLED.items():
            if source and not source.endswith(".in"):
                self.assertEqual((self.folder / "usr" / name).read_bytes(), (ROOT / source).read_bytes(), name)

    def test_uninstall_leaves_nothing_behind(self):
        for prefix in ("/usr", "/usr/local", "/opt/medicine"):
            with self.subTest(prefix=prefix):
                self.make("install", prefix)
                self.assertEqual(len(files_below(self.folder)), len(INSTALLED))
                self.make("uninstall", prefix)
                self.assertEqual(files_below(self.folder), [])
                self.assertEqual([str(path) for path in self.folder.rglob("*dosed*")], [])

    def test_a_prefix_that_would_fall_apart_is_refused(self):
        for prefix, reason in (("/opt/my medicine", "prefix may have no spaces in it"), ("opt", "prefix is a path from / on")):
            done = subprocess.run(["make", f"DESTDIR={self.folder}", f"prefix={prefix}", "install"], cwd=ROOT, capture_output=True,
                                  text=True, timeout=600, check=False)  # fmt: skip
            self.assertEqual((done.returncode, files_below(self.folder)), (2, []), prefix)
            self.assertIn(reason, done.stderr)

    def test_a_slash_at_the_end_of_the_prefix_changes_nothing(self):
        self.make("install", "/usr/")
        self.assertEqual(files_below(self.folder / "usr"), sorted(INSTALLED))

    def test_uninstall_leaves_what_others_put_there(self):
        self.make("install")
        kept = self.folder / "usr/share/doc/dosed/copyright"
        kept.write_text("by the distribution")
        self.make("uninstall")
        self.assertEqual(files_below(self.folder), ["usr/share/doc/dosed/copyright"])

    def test_everything_goes_below_the_prefix(self):
        self.make("install", "/opt/dosed")
        self.assertEqual([path for path in files_below(self.folder) if not path.startswith("opt/dosed/")], [])
        self.assertEqual(len(files_below(self.folder)), len(INSTALLED))

    def test_below_usr_local_the_policy_lies_where_the_bus_looks(self):
        self.make("install", "/usr/local")
        others = [path for path in files_below(self.folder) if not path.startswith("usr/local/")]
        self.assertEqual(others, ["etc/dbus-1/system.d/org.dosed.Dosed1.conf"])

    def test_pages_examples_and_hooks_name_the_place_where_they_were_installed(self):
        self.make("install", "/usr/local")
        told = {name: (self.folder / name).read_text() for name in files_below(self.folder) if "/share/" in name}
        self.assertIn("/usr/local/share/dosed/hooks/ntfy", told["usr/local/share/man/man5/dosed-hook.5"])
        self.assertIn("/usr/local/share/dosed/hooks/mqtt", told["usr/local/share/dosed/hooks/mqtt"])
        self.assertEqual([name for name, text in told.items() if "/usr/share/dosed" in text or "/usr/share/doc/dosed" in text], [])

    def test_units_start_the_program_where_it_was_installed(self):
        for prefix in ("/usr", "/opt/dosed"):
            self.make("install", prefix)
            below = self.folder / prefix[1:] / "lib/systemd"
            self.assertIn(f"\nExecStart={prefix}/bin/dosed --user\n", (below / "user/dosed.service").read_text())
            text = (below / "system/dosed.service").read_text()
            self.assertIn(f"\nExecStart={prefix}/bin/dosed --system\n", text)
            self.assertIn(f"\nExecReload=+{prefix}/bin/dosectl --system reload --quiet\n", text)
            for path in files_below(self.folder):
                if path.startswith(prefix[1:]) and path.endswith((".service", ".conf")):
                    self.assertNotRegex((self.folder / path).read_text(), r"@\w+@", path)


if __name__ == "__main__":
    unittest.main()
