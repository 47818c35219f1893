# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the README shows, done: its applets on the real dosed, its home server, and its first medicine."""

import os
import pwd
import re
import shlex
import shutil
import subprocess
import tempfile
import time
import unittest
from datetime import timedelta
from pathlib import Path

from harness import CONFIGURATION, ROOT, Dosed, Lines, calendar, end, event, now, program, reminder
from household import Household

WAIT_SEC = 60
ME = pwd.getpwuid(os.geteuid()).pw_name
README = (ROOT / "README.md").read_text()


def section(title):
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.M | re.S)[1]


def blocks(title, language):
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", section(title), re.M | re.S)
    return [text for name, text in fenced if name == language]


def commands(title, program_name):
    """The lines of a section that run this program, without sudo, prompt and comment, in words."""
    lines = "".join(blocks(title, "")).splitlines()
    words = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]
    words = [line[1:] if line[:1] == ["sudo"] else line for line in words]
    return [line[1:] for line in words if line[:1] == [program_name]]


class Install(unittest.TestCase):
    def test_it_is_stopped_before_it_is_removed(self):
        text = section("Install")
        for unit in ("systemctl --user disable --now dosed ", "sudo systemctl disable --now dosed\n", "disable --now dosed-agent "):
            self.assertLess(text.index(unit), text.index("make uninstall"))


class Applets(unittest.TestCase):
    def setUp(self):
        self.dosed = self.enterContext(Dosed())
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def applet(self, language, *interpreter):
        (text,) = blocks("Write an applet", language)
        path = self.folder / "applet"
        path.write_text(text)
        return [*interpreter, str(path)]

    def run_applet(self, command, *arguments):
        return subprocess.run([*command, *arguments], env=self.dosed.environment, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=WAIT_SEC, check=False)  # fmt: skip

    def make_due(self, *medications):
        monitor = self.dosed.monitor()
        due = now() + timedelta(seconds=6)
        for i, name in enumerate(medications):
            self.dosed.put_ics(name, calendar(event(name, due + timedelta(seconds=i), X_DOSED_WINDOW="PT1H")))
        self.dosed.dosectl("reload", check=0)
        waited = set()
        while waited < set(medications):
            waited.add(monitor.wait_for(lambda said: said["event"] == "ReminderDue", WAIT_SEC)["medication"])

    def state(self, name):
        (found,) = [dose["state"] for dose in self.dosed.doses() if dose["medication"] == name]
        return found

    def take(self, command):
        """It takes the one that it is told to, once, and nothing else."""
        done = self.run_applet(command, "take", "Aspirin")
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "taken"), done.stderr)
        self.assertEqual((self.state("Aspirin"), self.state("Bisoprolol")), ("taken", "due"))
        for name in ("Aspirin", "Nothing"):
            done = self.run_applet(command, "take", name)
            self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
            self.assertIn("called so", done.stderr)
        self.assertEqual(self.state("Bisoprolol"), "due")

    def follow(self, command):
        """It says what is open, now and with every change, and over a restart."""
        process = subprocess.Popen(command, env=self.dosed.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(end, process)
        lines = Lines(process.stdout)

        def wait_for(wanted):
            deadline = time.monotonic() + WAIT_SEC
            while (line := lines.read(deadline)) != wanted:
                self.assertIsNotNone(line, f"it ended before it said {wanted!r}")

        wait_for("open: nothing")
        self.make_due("Aspirin", "Bisoprolol")
        wait_for("open: Aspirin, Bisoprolol")
        self.take(command)
        wait_for("open: Bisoprolol")
        self.dosed.stop()
        wait_for("dosed does not run")
        self.dosed.start()
        wait_for("open: Bisoprolol")

    def test_python(self):
        self.dosed.start()
        self.follow(self.applet("python", "/usr/bin/python3", "-B"))

    @unittest.skipUnless(shutil.which("gjs"), "gjs is not installed: its applet was not tried")
    def test_gjs(self):
        self.dosed.start()
        self.follow(self.applet("js", "gjs", "-m"))

    @unittest.skipUnless(shutil.which("busctl"), "busctl is not installed: its applet was not tried")
    def test_busctl(self):
        self.dosed.start()
        command = self.applet("sh", "/bin/sh")
        self.assertEqual(self.run_applet(command).stdout, "open: nothing\n")
        self.make_due("Aspirin", "Bisoprolol")
        self.assertEqual(self.run_applet(command).stdout, "open: Aspirin, Bisoprolol\n")
        self.take(command)
        self.assertEqual(self.run_applet(command).stdout, "open: Bisoprolol\n")

    @unittest.skipUnless(shutil.which("busctl"), "busctl is not installed: the examples of the page were not tried")
    def test_examples_of_the_page_of_the_interfaces(self):
        self.dosed.start()
        self.make_due("Aspirin")
        (text,) = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", (ROOT / "man/org.dosed.Dosed1.5").read_text(), re.M | re.S)
        said = [self.run_applet(shlex.split(line)) for line in text.replace("\\e\n", " ").splitlines()]
        self.assertEqual([done.returncode for done in said], [0, 0], [done.stderr for done in said])
        self.assertIn('"Aspirin"', said[0].stdout)
        self.assertEqual(said[1].stdout, "as 0\n")


class FirstMedicine(unittest.TestCase):
    TITLE = "Your first medicine, in one minute"

    def test_each_command_does_what_it_is_there_for(self):
        verbs = [words[:1] for words in commands(self.TITLE, "dosectl")]
        self.assertEqual(verbs, [["add"], [], ["take"], ["history"]])
        add, status, take, history = commands(self.TITLE, "dosectl")
        with Dosed(CONFIGURATION) as dosed:
            dosed.start()
            dosed.dosectl(*add, check=0)
            self.assertIn("Lisinopril 10 mg", dosed.dosectl(*status, check=0).stdout)
            # Whatever the hour is, tomorrow's is not taken by mistake, and today's may be.
            dosed.dosectl(*take, "--force", check=0)
            self.assertIn("Lisinopril 10 mg", dosed.dosectl(*history, check=0).stdout + dosed.dosectl("list", check=0).stdout)
            self.assertIn("taken", [dose["state"] for dose in dosed.doses(until=now() + timedelta(days=3))])


class SomebodyIsTold(unittest.TestCase):
    """What is written there comes into force beside the medicine of before, and nothing has to be moved."""

    def test_its_configurations_keep_the_plan(self):
        told, named = blocks("Somebody is told", "ini")
        dosed = self.enterContext(Dosed(None)).start()
        dosed.dosectl(*commands(FirstMedicine.TITLE, "dosectl")[0], check=0)
        listed = dosed.json("meds")
        self.assertEqual([medication["name"] for medication in listed], ["Lisinopril 10 mg"])
        file = dosed.folder / "config/dosed/dosed.conf"
        file.parent.mkdir(parents=True)
        named = named.replace("[person ana]", f"[person {ME}]").replace("~/.local/share/dosed/calendars", str(dosed.calendars))
        for text in (told, named + told):
            with self.subTest(text=text):
                file.write_text(text)
                done = subprocess.run([program("dosed"), "--user", "--check-config"], env=dosed.environment, text=True, check=False,
                                      capture_output=True, timeout=WAIT_SEC)  # fmt: skip
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertNotIn("calendars", done.stderr)
                dosed.dosectl("reload", check=0)
                self.assertEqual(dosed.json("meds"), listed)
                dosed.restart()
                self.assertEqual((dosed.json("meds"), dosed.proxy().get("Degraded")), (listed, []))


class HomeServer(unittest.TestCase):
    TITLE = "A home server, in five minutes"

    def test_its_configuration_can_be_used_and_its_medicines_are_added(self):
        (configuration,) = blocks(self.TITLE, "ini")
        dosed = self.enterContext(Household(configuration))
        done = subprocess.run([program("dosed"), *commands(self.TITLE, "dosed")[0]], env=dosed.environment, text=True,
                              capture_output=True, timeout=WAIT_SEC, check=False)  # fmt: skip
        self.assertEqual((done.returncode, done.stdout), (0, "The configuration is good: 2 people, 1 caregiver, no hook\n"))
        self.assertNotIn("error", done.stderr)

        # Without sudo it is whoever may manage both.
        dosed.configure(re.sub(r"^user = maria\nmay = record$", f"user = {ME}\nmay = manage", configuration, flags=re.M))
        dosed.start()
        adding = [words for words in commands(self.TITLE, "dosectl") if "add" in words]
        self.assertEqual([words[:3] for words in adding], [["--system", "--person", "ana"], ["--system", "--person", "bruno"]])
        for words in adding:
            dosed.dosectl(*words, check=0)
        listed = {(line["person"], line["medication"]) for line in dosed.json("list")}
        self.assertEqual(listed, {("ana", "Lisinopril 10 mg"), ("bruno", "Metformin 500 mg")})

    def test_a_file_in_the_folder_counts(self):
        (copied,) = commands(self.TITLE, "install")[1:]
        self.assertEqual(copied[-1], "/var/lib/dosed/calendars/ana/")
        dosed = self.enterContext(Household(f"{CONFIGURATION}users = {ME}\n"))
        dosed.start()
        self.assertTrue((dosed.state / "calendars/ana").is_dir())
        monitor = dosed.monitor()
        dosed.put_ics("plan", calendar(event("Aspirin", now() + timedelta(seconds=6), X_DOSED_WINDOW="PT1H")))
        monitor.wait_for(reminder("Aspirin"), WAIT_SEC)

    def test_every_verb_and_option_is_there(self):
        for words in commands(self.TITLE, "dosectl"):
            verb = next((word for word in words if word in ("add", "mail", "rehearse")), None)
            text = subprocess.run([program("dosectl"), *([verb] if verb else []), "--help"], capture_output=True, text=True,
                                  timeout=WAIT_SEC, check=True).stdout  # fmt: skip
            for option in (word for word in words if word.startswith("--")):
                self.assertIn(f"  {option} ", text)

    def test_what_it_names_is_made_and_read_by_what_is_installed(self):
        text = section(self.TITLE)
        self.assertIn("/etc/credstore/dosed.smtp-password", text)
        self.assertIn("systemctl restart dosed", text)  # or a changed password would never count
        unit = (ROOT / "systemd/system/dosed.service.in").read_text()
        self.assertIn("\nLoadCredential=smtp-password:dosed.smtp-password\n", unit)
        self.assertRegex((ROOT / "systemd/dosed.sysusers").read_text(), r"(?m)^u dosed .* /var/lib/dosed$")
        self.assertIn("\nd /etc/dosed 0750 root dosed\n", (ROOT / "systemd/dosed.tmpfiles").read_text())
        self.assertTrue((ROOT / "systemd/user/dosed-agent.service.in").exists())


if __name__ == "__main__":
    unittest.main()
