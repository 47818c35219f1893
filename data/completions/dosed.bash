# SPDX-License-Identifier: LGPL-2.1-or-later
# What Bash offers behind dosed.

_dosed() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $prev in
        --config | --state | --calendars) compopt -o default 2>/dev/null ;;
        *) mapfile -t COMPREPLY < <(compgen -W "--user --system --config --state --calendars --check-config --debug --help --version" -- "$cur") ;;
    esac
    return 0
}
complete -F _dosed dosed
