# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed as a service: starting, stopping, reloading, its bus name, and what it says to the service manager."""

import os
import re
import signal
import unittest
import xml.etree.ElementTree as ElementTree
from datetime import timedelta

import dbus
from harness import (
    DEADLINE_SEC,
    NAME,
    PATH,
    ROOT,
    Dosed,
    Timeout,
    calendar,
    error_name,
    event,
    now,
    plain,
    program,
    reminder,
)


def interfaces(text):
    """Members of each interface of ours with their signatures, so that two descriptions can be compared."""
    found = {}
    for interface in ElementTree.fromstring(text).iter("interface"):
        if not interface.get("name").startswith(NAME):
            continue
        found[interface.get("name")] = sorted(
            (member.tag, member.get("name"), member.get("type", ""), member.get("access", ""))
            + tuple((arg.get("direction", "out"), arg.get("type")) for arg in member.iter("arg"))
            for member in interface
            if member.tag in ("method", "signal", "property")
        )
    return found


class Service(unittest.TestCase):
    def setUp(self):
        self.dosed = Dosed()
        self.addCleanup(self.dosed.close)

    def test_is_ready_only_when_its_name_answers(self):
        self.dosed.start()
        self.assertTrue(self.dosed.bus.connect().name_has_owner(NAME))
        self.assertRegex(self.dosed.proxy().get("Version"), r"^\d+\.\d+")

    def test_ends_cleanly_by_sigterm(self):
        self.dosed.start()
        self.assertEqual(self.dosed.stop(), 0)
        self.dosed.notifications.wait("STOPPING=1")

    def test_ends_cleanly_by_sigint(self):
        self.dosed.start()
        self.dosed.process.send_signal(signal.SIGINT)
        self.assertEqual(self.dosed.process.wait(DEADLINE_SEC), 0)

    def test_pings_the_watchdog_that_the_manager_asked_for(self):
        self.dosed.start(wait=False, WATCHDOG_USEC="400000")
        self.dosed.wait_ready()
        self.dosed.notifications.wait("WATCHDOG=1")
        self.dosed.notifications.wait("WATCHDOG=1")

    def test_describes_itself_on_the_bus_as_in_the_xml_files(self):
        self.dosed.put_ics("aspirin", calendar(event("Aspirin 100 mg", now() + timedelta(hours=1))))
        self.dosed.start()
        paths = {"Manager": PATH, "Dose": self.dosed.doses()[0]["path"], "Person": f"{PATH}/person/ana",
                 "Outbox": PATH}
        for short, path in paths.items():
            with self.subTest(interface=short):
                name = f"{NAME}.{short}"
                wanted = interfaces((ROOT / f"dbus/{name}.xml").read_text())
                running = interfaces(self.dosed.proxy(path).introspect())
                self.assertEqual(running.get(name), wanted[name])

    def test_loses_the_bus_and_ends_so_that_it_is_restarted(self):
        self.dosed.start()
        self.dosed.bus.stop()
        self.assertNotEqual(self.dosed.process.wait(DEADLINE_SEC), 0)

    def test_a_second_one_on_the_same_bus_gives_up_and_the_first_goes_on(self):
        self.dosed.start()
        with Dosed(bus=self.dosed.bus) as second:
            second.start(wait=False)
            self.assertNotEqual(second.process.wait(DEADLINE_SEC), 0)
        self.assertEqual(plain(self.dosed.proxy().get("People")), ["ana"])

    def test_a_second_one_on_the_same_store_gives_up_whatever_its_bus(self):
        self.dosed.start()
        with Dosed() as second:
            second.start("--state", str(self.dosed.state), wait=False)
            self.assertNotEqual(second.process.wait(DEADLINE_SEC), 0)
        self.assertEqual(plain(self.dosed.proxy().get("People")), ["ana"])

    def test_unknown_arguments_are_a_usage_error(self):
        self.dosed.start("--frobnicate", wait=False)
        self.assertEqual(self.dosed.process.wait(DEADLINE_SEC), os.EX_USAGE)

    def test_it_serves_a_user_or_a_household_not_both(self):
        self.dosed.start("--system", wait=False)  # after --user
        self.assertEqual(self.dosed.process.wait(DEADLINE_SEC), os.EX_USAGE)
        self.assertIn("--user and --system exclude each other", self.dosed.stderr())

    def test_the_store_is_the_users_alone(self):
        self.dosed.start()
        self.assertEqual(self.dosed.state.stat().st_mode & 0o077, 0)
        for path in self.dosed.state.iterdir():
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_logs_neither_people_nor_medicines(self):
        self.dosed.put_ics("broken", "BEGIN:VCALENDAR\r\n")
        self.dosed.start()
        monitor = self.dosed.monitor()
        due = now() + timedelta(seconds=2)
        self.dosed.put_ics("frobnitol", calendar(event("Frobnitol 5 mg", due, X_DOSED_WINDOW="PT1H")))
        self.dosed.dosectl("reload")
        monitor.wait_for(reminder("Frobnitol 5 mg"))
        self.dosed.dosectl("take", "Frobnitol", check=0)
        self.dosed.stop()
        for word in ("frobnitol", "ana", "broken"):
            self.assertNotRegex(self.dosed.stderr().lower(), rf"\b{word}\b")


class Configuration(unittest.TestCase):
    def test_without_any_file_there_is_one_person_with_one_folder(self):
        with Dosed(configuration=None) as dosed:
            dosed.put_ics("aspirin", calendar(event("Aspirin 100 mg", now() + timedelta(hours=1))))
            dosed.start()
            self.assertEqual(len(dosed.proxy().get("People")), 1)
            self.assertEqual([dose["medication"] for dose in dosed.doses()], ["Aspirin 100 mg"])

    def test_several_people_are_told_apart(self):
        configuration = "[dosed]\ntimezone = UTC\n[person ana]\n[person bruno]\n"
        with Dosed(configuration) as dosed:
            due = now() + timedelta(hours=1)
            dosed.put_ics("one", calendar(event("Metformin 500 mg", due)), person="ana")
            dosed.put_ics("one", calendar(event("Ramipril 5 mg", due)), person="bruno")
            dosed.start()
            self.assertEqual(sorted(dosed.proxy().get("People")), ["ana", "bruno"])
            self.assertEqual([dose["medication"] for dose in dosed.doses("ana")], ["Metformin 500 mg"])
            self.assertEqual([dose["medication"] for dose in dosed.doses("bruno")], ["Ramipril 5 mg"])
            self.assertEqual(len(dosed.doses()), 2)

    def test_the_sample_file_is_accepted_with_every_line_of_it_in_use(self):
        sample = (ROOT / "data/dosed.conf").read_text()
        used = re.sub(r"^#(\[|[a-z-]+ = )", r"\1", sample, flags=re.MULTILINE)
        self.assertGreater(used.count("\n["), sample.count("\n["))
        # The harness names the folders.
        with Dosed(re.sub(r"^calendars = .*\n", "", used, flags=re.MULTILINE)) as dosed:
            dosed.start()
            self.assertEqual(dosed.proxy().get("Degraded"), [])
            self.assertEqual(sorted(dosed.proxy().get("People")), ["ana", "bruno"])

    def test_a_bad_file_at_the_first_start_names_file_and_line(self):
        for bad in ("[dosed]\nremind-evry = 10min\n", "[dosed]\nsnooze = soon\n", "[frobnicate]\n a = b\n"):
            with self.subTest(configuration=bad), Dosed(bad) as dosed:
                dosed.start(wait=False)
                try:
                    dosed.wait_ready()
                except Timeout:
                    continue  # refusing to start is as honest as starting degraded
                self.assertRegex(" ".join(dosed.proxy().get("Degraded")), r"dosed\.conf:\d")

    def test_a_bad_file_at_a_reload_leaves_the_last_good_one_in_force(self):
        with Dosed() as dosed:
            dosed.start()
            dosed.configure("[dosed]\nfrobnicate = yes\n[person zoe]\n")
            dosed.dosectl("reload")
            self.assertEqual(dosed.proxy().get("People"), ["ana"])
            self.assertRegex(" ".join(dosed.proxy().get("Degraded")), r"dosed\.conf:2")

    def test_a_mended_file_is_taken_over_by_a_reload(self):
        with Dosed() as dosed:
            dosed.start()
            dosed.configure("[dosed]\nfrobnicate = yes\n")
            dosed.dosectl("reload")
            dosed.configure("[dosed]\ntimezone = UTC\n[person ana]\n[person bruno]\n")
            dosed.dosectl("reload", check=0)
            self.assertEqual(sorted(dosed.proxy().get("People")), ["ana", "bruno"])
            self.assertEqual(dosed.proxy().get("Degraded"), [])

    def test_the_last_good_one_survives_a_restart(self):
        with Dosed() as dosed:
            dosed.start()
            dosed.configure("[dosed]\nfrobnicate = yes\n")
            dosed.restart()
            self.assertEqual(dosed.proxy().get("People"), ["ana"])
            self.assertTrue(dosed.proxy().get("Degraded"))

    def test_sighup_reloads(self):
        with Dosed() as dosed:
            dosed.start()
            monitor = dosed.monitor()
            dosed.put_ics("aspirin", calendar(event("Aspirin 100 mg", now() + timedelta(hours=1))))
            dosed.hang_up()
            monitor.wait_for(lambda said: said["event"] == "PlanChanged")
            self.assertEqual([dose["medication"] for dose in dosed.doses()], ["Aspirin 100 mg"])


class Activation(unittest.TestCase):
    def test_calling_it_starts_it_through_its_service_file(self):
        with Dosed() as dosed:
            template = (ROOT / "dbus/org.dosed.Dosed1.service.in").read_text()
            folder = os.path.dirname(program("dosed"))
            text = template.replace("@bindir@", folder).replace("SystemdService=dosed.service\n", "")
            # The bus starts it with its own environment, which is this test's and not this daemon's.
            environment = " ".join(f"{name}={value}" for name, value in dosed.environment.items()
                                   if name.startswith("XDG_") or name in ("HOME", "TZ"))
            text = text.replace("Exec=", f"Exec=/usr/bin/env {environment} ")
            (dosed.bus.services / f"{NAME}.service").write_text(text)
            connection = dosed.bus.connect()
            self.addCleanup(connection.close)
            connection.call_blocking(dbus.BUS_DAEMON_NAME, dbus.BUS_DAEMON_PATH, dbus.BUS_DAEMON_IFACE,
                                     "ReloadConfig", "", ())
            self.assertEqual(error_name(dosed.proxy().Reload), "")
            self.assertEqual(dosed.proxy().get("People"), ["ana"])
            pid = connection.call_blocking(dbus.BUS_DAEMON_NAME, dbus.BUS_DAEMON_PATH, dbus.BUS_DAEMON_IFACE,
                                           "GetConnectionUnixProcessID", "s", (NAME,))
            os.kill(int(pid), signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
