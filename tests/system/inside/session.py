# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sessions that linger, each with a service manager and a bus of its own, in which the agent runs by its unit."""

from datetime import timedelta

from machine import Household, add_user, now, run, run_as, systemctl
from somebody import Desktop, Process

# machine.py says where this is
from harness import event

AGENT = "dosed-agent.service"
PEOPLE = ("ana", "ana2", "stranger")


class Sessions(Household):
    def clear(self):
        for name in PEOPLE:
            self.end_session(name)
        super().clear()

    def manager(self, name):
        return f"user@{add_user(name).pw_uid}.service"

    def end_session(self, name):
        run("loginctl", "disable-linger", name, check=None)
        # logind must know it: it stops nobody's manager until 10 s after their last login (UserStopDelaySec=, and that root asked
        # their manager is one), and starts none of those that it did not stop.
        run("loginctl", "terminate-user", name, check=None)
        systemctl("stop", self.manager(name))
        run_as(name, "rm", "-rf", ".config", ".local")

    def open_session(self, name):
        add_user(name)
        run("loginctl", "enable-linger", name)
        self.wait(f"{name} has a bus",
                  lambda: self.user_systemctl(name, "is-active", "--quiet", "dbus.socket", check=None).returncode == 0)  # fmt: skip

    def begin_session(self, name):
        """With an agent in it, as its manual page says."""
        self.open_session(name)
        self.user_systemctl(name, "enable", "--quiet", "--now", "dosed-agent")
        self.assertEqual(self.shown_of(name, "ActiveState"), "active", self.session_journal(name))

    def user_systemctl(self, name, *arguments, check=0):
        return run_as(name, "systemctl", "--user", *arguments, check=check)

    def shown_of(self, name, value, unit=AGENT):
        """A property of that user's agent, or of another unit of theirs; "" where they have no session yet."""
        return self.user_systemctl(name, "show", "--value", "--property", value, unit, check=None).stdout.strip()

    def session_journal(self, name):
        return self.read_journal(lambda entry: entry.get("_UID") == str(add_user(name).pw_uid))

    def journal(self, **fields):
        said = super().journal(**fields)
        return said if fields else said + "".join(f"{name}:\n{self.session_journal(name)}" for name in PEOPLE)

    def desktop(self, name):
        """The notification server of that session, from now on."""
        process = Process(name, Desktop)
        self.addCleanup(process.close)
        return process

    def put_soon(self, medication):
        """A critical one: it stands alone, and is not put into one notification with others of that minute."""
        self.put(medication, event(medication, now() + timedelta(seconds=4), X_DOSED_WINDOW="PT1H", PRIORITY="1"))
        self.wait_dose(medication, "due")

    def wait_up(self, desktop, *titles):
        try:
            self.wait(f"up is {titles}", lambda: desktop.titles() == sorted(titles))
        except AssertionError as error:
            raise AssertionError(f"{error}\nup is {desktop.titles()}") from None
