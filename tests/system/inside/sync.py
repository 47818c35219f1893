# SPDX-License-Identifier: LGPL-2.1-or-later
"""The samples of data/sync with a real vdirsyncer and a real CalDAV server (Radicale) on loopback."""

import base64
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from datetime import timedelta
from pathlib import Path

from machine import ANA, CALENDARS, STATE, Household, dosectl, now, run, systemctl

# machine.py says where this is
from harness import calendar, event

EXAMPLES = Path("/usr/share/doc/dosed/examples/sync")
UNITS = Path("/etc/systemd/system")
PASSWORD = Path("/etc/credstore/dosed.caldav-password")
CALENDAR = "ana/medicines/"

MAKE = """<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>
</D:prop></D:set></C:mkcalendar>"""


class Server:
    """Radicale, with one user whose password has a blank and a quote in it."""

    password = 'open "sesame"'

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        folder = Path(self.folder.name)
        (folder / "users").write_text(f"ana:{self.password}\n")
        (folder / "config").write_text(
            f"[server]\nhosts = 127.0.0.1:{self.port}\n"
            f"[auth]\ntype = htpasswd\nhtpasswd_filename = {folder}/users\nhtpasswd_encryption = plain\ndelay = 0\n"
            f"[storage]\nfilesystem_folder = {folder}/collections\n"
        )
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen([sys.executable, "-m", "radicale", "--config", str(folder / "config")],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)  # fmt: skip

    def close(self):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()
        self.folder.cleanup()

    def is_there(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def url(self, name=""):
        return f"http://127.0.0.1:{self.port}/{CALENDAR}{name}"

    def request(self, method, name="", body=None):
        request = urllib.request.Request(self.url(name), method=method, data=body.encode() if body else None)
        secret = base64.b64encode(f"ana:{self.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {secret}")
        request.add_header("Content-Type", "application/xml" if method == "MKCALENDAR" else "text/calendar")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()


class Sync(Household):
    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.close)
        self.wait("a CalDAV server", self.server.is_there)
        self.server.request("MKCALENDAR", body=MAKE)
        self.set_up_as_the_sample_says()
        self.start(ANA)

    def set_up_as_the_sample_says(self):
        text = (EXAMPLES / "vdirsyncer.conf").read_text()
        self.assertIn('url = "https://caldav.example.org/ana/medicines/"', text)
        Path("/etc/dosed/vdirsyncer.conf").write_text(text.replace("https://caldav.example.org/ana/medicines/", self.server.url()))
        for name in ("dosed-sync.service", "dosed-sync.timer"):
            shutil.copy(EXAMPLES / name, UNITS / name)
        PASSWORD.parent.mkdir(mode=0o700, exist_ok=True)
        PASSWORD.write_text(self.server.password)
        PASSWORD.chmod(0o600)
        shutil.rmtree("/var/lib/dosed-sync", ignore_errors=True)
        systemctl("daemon-reload")

    def sync(self):
        done = systemctl("start", "dosed-sync.service", check=None)
        if done.returncode != 0:
            self.fail(done.stderr + run("journalctl", "--unit=dosed-sync", "--output=cat").stdout)

    def sync_drop_in(self, kind, text):
        path = Path(f"/run/systemd/system/dosed-sync.{kind}.d/test.conf")
        path.parent.mkdir(parents=True)
        path.write_text(text)
        systemctl("daemon-reload")
        self.addCleanup(systemctl, "daemon-reload")
        self.addCleanup(shutil.rmtree, path.parent)

    def put_there(self, name, medication, **properties):
        text = calendar(event(medication, now() + timedelta(hours=1), uid=name, **properties))
        self.server.request("PUT", f"{name}.ics", text)

    def medications(self):
        return sorted(dose["medication"] for dose in self.doses() if dose["state"] == "upcoming")

    def wait_medications(self, *wanted):
        self.wait(f"there is {wanted}", lambda: self.medications() == sorted(wanted))

    def test_what_is_put_on_the_server_becomes_a_dose(self):
        self.put_there("a", "Aspirin")
        self.put_there("b", "Bisoprolol")
        self.put_there("c", "Candesartan")
        self.sync()
        self.wait_medications("Aspirin", "Bisoprolol", "Candesartan")
        for path in (CALENDARS / "ana").glob("*.ics"):
            self.assertEqual((path.stat().st_uid, path.stat().st_mode & 0o777), (STATE.stat().st_uid, 0o600), path)

        self.put_there("a", "Aspirin 100")
        self.server.request("DELETE", "b.ics")
        self.sync()
        self.wait_medications("Aspirin 100", "Candesartan")

    def test_what_dosectl_adds_goes_to_the_server(self):
        at = now() + timedelta(hours=2)
        self.put_there("a", "Aspirin")
        self.sync()
        self.wait_medications("Aspirin")
        dosectl("add", "Metformin", "--at", f"{at:%H:%M}", "--person", "ana")
        self.sync()
        self.assertIn("SUMMARY:Metformin", self.server.request("GET"))

    def test_an_emptied_server_takes_nothing_away(self):
        self.put_there("a", "Aspirin")
        self.sync()
        self.wait_medications("Aspirin")
        self.server.request("DELETE", "a.ics")
        done = systemctl("start", "dosed-sync.service", check=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.medications(), ["Aspirin"])

    def test_the_timer_does_it_by_itself(self):
        self.put_there("a", "Aspirin")
        self.addCleanup(systemctl, "stop", "dosed-sync.timer")
        self.sync_drop_in("timer", "[Timer]\nOnBootSec=\nOnActiveSec=1s\nRandomizedDelaySec=0\nAccuracySec=1s\n")
        systemctl("start", "dosed-sync.timer")
        self.wait_medications("Aspirin")

    def test_it_sees_the_plan_files_only(self):
        self.sync_drop_in("service", "[Service]\nExecStart=/bin/sh -c 'ls /var/lib/dosed >/var/lib/dosed-sync/seen'\n")
        self.put_there("a", "Aspirin")
        self.sync()
        self.assertTrue((STATE / "dosed.db").exists())
        self.assertEqual(Path("/var/lib/dosed-sync/seen").read_text(), "calendars\n")


if __name__ == "__main__":
    unittest.main()
