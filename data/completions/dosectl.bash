# SPDX-License-Identifier: LGPL-2.1-or-later
# What Bash offers behind dosectl. All of it is asked from dosectl itself: see src/ctl/complete.c.

# The lines that begin so, whatever the case of letters: as a plain word, or within the quotes that were begun.
_dosectl_offer() {
    local prefix=$1 word=$2 quote="" candidate plain
    case $word in
        [\'\"]*) quote=${word:0:1} plain=${word:1} ;;
        *) plain=${word//\\/} ;;
    esac
    # Readline replaces only what stands behind the last of these.
    local behind=$prefix$word
    local kept=""
    [[ -z $quote && $behind == *[:=@]* ]] && kept=${behind%"${behind##*[:=@]}"}

    while IFS= read -r candidate; do
        candidate=${candidate%%$'\t'*}
        [[ -n $candidate && ${candidate,,} == "${plain,,}"* ]] || continue
        case $quote in
            \') candidate=${candidate//\'/\'\\\'\'} ;;
            \") candidate=${candidate//\\/\\\\} candidate=${candidate//\"/\\\"}
                candidate=${candidate//\$/\\\$} candidate=${candidate//\`/\\\`} ;;
            *) printf -v candidate %s%q "$prefix" "$candidate"
               [[ $candidate == "$kept"* ]] || continue
               candidate=${candidate#"$kept"} ;;
        esac
        COMPREPLY+=("$candidate")
    done
}

_dosectl() {
    local program=$1 cur prev words cword
    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
    declare -F _get_comp_words_by_ref >/dev/null && _get_comp_words_by_ref -n ':=@' cur prev words cword
    COMPREPLY=()

    # What was said before: the verb, whose dosed it is, and of whom.
    local verb="" argument=0 bus=() i
    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
            --system | --user | --person=*) bus+=("${words[i]}") ;;
            --person) ((++i < cword)) && bus+=(--person="${words[i]//\\/}") ;;
            -*) ;;
            *) if [[ -z $verb ]]; then verb=${words[i]}; else ((++argument)); fi ;;
        esac
    done

    local options value="" prefix=""
    options=$("$program" complete options "${verb:-none}" 2>/dev/null)
    if [[ $cur == --*=* ]]; then
        value=${cur%%=*} prefix=$value=
    elif grep -q "^$prev"$'\t.*\t' <<<"$options"; then
        value=$prev
    fi
    case $value in
        "") ;;
        --person) _dosectl_offer "$prefix" "${cur#"$prefix"}" < <("$program" "${bus[@]}" complete people 2>/dev/null) ;;
        --kind) _dosectl_offer "$prefix" "${cur#"$prefix"}" < <(printf '%s\n' prescription otc supplement vitamin herbal) ;;
    esac
    [[ -z $value ]] || return 0

    case $verb:$argument:$cur in
        *:-*) _dosectl_offer "" "$cur" <<<"$options" ;;
        :*) _dosectl_offer "" "$cur" < <("$program" complete verbs 2>/dev/null) ;;
        take:* | snooze:* | skip:0:*) _dosectl_offer "" "$cur" < <("$program" "${bus[@]}" complete doses 2>/dev/null) ;;
        undo:*) _dosectl_offer "" "$cur" < <("$program" "${bus[@]}" complete meds 2>/dev/null) ;;
        edit:0:*) _dosectl_offer "" "$cur" < <("$program" "${bus[@]}" complete plan 2>/dev/null) ;;
        plan:0:*) _dosectl_offer "" "$cur" <<<accept ;;
        plan:1:*) _dosectl_offer "" "$cur" < <("$program" "${bus[@]}" complete people 2>/dev/null) ;;
        outbox:0:*) _dosectl_offer "" "$cur" <<<retry ;;
        outbox:1:*) _dosectl_offer "" "$cur" <<<all ;;
        mail:0:*) _dosectl_offer "" "$cur" <<<test ;;
        verify:* | preview:* | add:0:*) compopt -o default 2>/dev/null ;;
    esac
    return 0
}
complete -F _dosectl dosectl
