# SPDX-License-Identifier: LGPL-2.1-or-later
# What fish offers behind dosed-agent.

complete -c dosed-agent -f
complete -c dosed-agent -l patience -x -d 'Tell so long after dosed went away that no more reminders come'
complete -c dosed-agent -l debug -d 'Log more'
complete -c dosed-agent -l help -d 'Show what it takes'
complete -c dosed-agent -l version -d 'Show the version'
