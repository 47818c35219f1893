# SPDX-License-Identifier: LGPL-2.1-or-later
"""timedatectl(1) sets the zone of a booted system, and the dosed of a session follows. That of a household: inside/service.py."""

import unittest

from container import reason_against, run_in_container

# In UTC the dose is 6 hours ahead; in Asia/Dhaka, 6 hours ahead of UTC, it is due. The monitor tells when.
SCRIPT = r"""
set -eu
export XDG_RUNTIME_DIR=/run/dosed-session HOME=/root PATH=/usr/bin:/bin NO_COLOR=1
mkdir -p "$XDG_RUNTIME_DIR" /root/plan /root/state
timedatectl set-timezone UTC
wall=$(date -u -d '+6 hours -30 seconds' +%Y%m%dT%H%M%S)
printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Aspirin\r\nDTSTART:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n' "$wall" >/root/plan/a.ics
exec dbus-run-session sh -c '
    dosed --user --state /root/state --calendars /root/plan &
    # Not by calling it: that would have the bus start another one.
    until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
        string:org.dosed.Dosed1 | grep -q true; do sleep 0.1; done
    dosectl --json list | tr -d " \n"; echo
    mkfifo /run/events
    dosectl --json monitor >/run/events &
    exec 3</run/events
    read -r line <&3
    timedatectl set-timezone Asia/Dhaka
    while read -r line <&3; do case $line in *ReminderDue*) break ;; esac; done
    dosectl --json list | tr -d " \n"; echo
    dosectl take Aspirin
    timedatectl set-timezone UTC
    dosectl reload
    dosectl --json list | tr -d " \n"; echo
    kill %1 %2
'
"""


@unittest.skipIf(reason_against(), reason_against())
class Timezone(unittest.TestCase):
    def test_a_floating_dose_follows_timedatectl(self):
        said = run_in_container("/bin/sh /root/script", {"root/script": SCRIPT})
        before, after, taken = [line for line in said.splitlines() if line.startswith("[")]
        self.assertIn('"state":"upcoming"', before)
        self.assertIn('"timezone":"UTC"', before)
        self.assertIn('"state":"due"', after)
        self.assertIn('"timezone":"Asia/Dhaka"', after)
        self.assertIn('"state":"taken"', taken)


if __name__ == "__main__":
    unittest.main()
