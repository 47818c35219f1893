# SPDX-License-Identifier: LGPL-2.1-or-later
# What fish offers behind dosed.

complete -c dosed -f
complete -c dosed -l user -d 'Look after the doses of this user, on the session bus'
complete -c dosed -l system -d 'Look after a household, on the system bus'
complete -c dosed -l config -r -F -d 'Read this configuration'
complete -c dosed -l state -x -a '(__fish_complete_directories)' -d 'Keep the ledger there'
complete -c dosed -l calendars -x -a '(__fish_complete_directories)' -d 'Plan files there'
complete -c dosed -l check-config -d 'Say what is wrong with the configuration, and end'
complete -c dosed -l debug -d 'Log more; names of medicines and people too'
complete -c dosed -l help -d 'Show what it takes'
complete -c dosed -l version -d 'Show the version'
