# SPDX-License-Identifier: LGPL-2.1-or-later
# What Bash offers behind dosed-agent.

_dosed_agent() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    [[ $prev == --patience ]] || mapfile -t COMPREPLY < <(compgen -W "--patience --debug --help --version" -- "$cur")
    return 0
}
complete -F _dosed_agent dosed-agent
