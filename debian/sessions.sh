# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# A part of dosed.postinst and of dosed.prerm, see rules. Who lingers does not log in again for years. deb-systemd-invoke would
# start it in sessions where it did not run, too, and end what dpkg does, or hold it up, where one session is broken.

# As deb-systemd-invoke asks: 101 forbids it, anything else does not.
is_forbidden() {
    policy=/usr/sbin/policy-rc.d
    [ -x "$policy" ] || return 1
    answer=0
    "$policy" "$1" "$2" || answer=$?
    [ "$answer" -eq 101 ]
}

# The numbers of the users of programs that this is the file of.
users_of() {
    find /proc -maxdepth 2 -path '/proc/[0-9]*/exe' -lname "$1" -printf '%U\n' 2>/dev/null | sort -u
}

in_session() {
    timeout 30 systemctl --quiet --user --machine="$user@" "$@"
}

# try-restart, or stop ($1), what runs in users' own sessions. $2 is what the kernel says after the name of a file that is no more.
in_sessions() {
    [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ] || return 0
    verb=${1#try-}
    for program in dosed dosed-agent; do
        ! is_forbidden "$program.service" "$verb" || continue
        for user in $(users_of "/usr/bin/$program${2:-}"); do
            systemctl --quiet is-active "user@$user.service" || continue
            if ! in_session daemon-reload || ! in_session "$1" "$program.service"; then
                echo "dosed: $program of the user with the number $user runs on; they can: systemctl --user $verb $program" >&2
            fi
        done
    done
}
