# SPDX-License-Identifier: LGPL-2.1-or-later
# What fish offers behind dosectl. All of it is asked from dosectl itself: see src/ctl/complete.c.

function __dosectl_offers
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -l verb
    set -l arguments 0
    set -l bus
    set -l is_person 0

    # What was said before: the verb, whose dosed it is, and of whom.
    for word in $words[2..-1]
        if test $is_person = 1
            set is_person 0
            set -a bus "--person=$word"
            continue
        end
        switch $word
            case --system --user '--person=*'
                set -a bus $word
            case --person
                set is_person 1
            case '-*'
            case '*'
                if test -z "$verb"
                    set verb $word
                else
                    set arguments (math $arguments + 1)
                end
        end
    end

    # The options of the verb, of which some take a value.
    set -l options (command $program complete options (test -n "$verb"; and echo $verb; or echo none) 2>/dev/null)
    set -l value
    set -l prefix
    if string match -q -- '--*=*' $current
        set value (string replace -r -- '=.*' '' $current)
        set prefix "$value="
    else if string match -q -r -- "^$words[-1]\t.*\t" $options
        set value $words[-1]
    end
    switch "$value"
        case ''
        case --person
            command $program $bus complete people 2>/dev/null | string replace -r '^' "$prefix"
            return
        case --kind
            printf "$prefix%s\n" prescription otc supplement vitamin herbal
            return
        case '*'
            return
    end

    switch "$verb:$arguments:$current"
        case '*:-*'
            string replace -r '^([^\t]*\t[^\t]*).*' '$1' -- $options
        case ':*'
            command $program complete verbs 2>/dev/null
        case 'take:*' 'snooze:*' 'skip:0:*'
            command $program $bus complete doses 2>/dev/null
        case 'undo:*'
            command $program $bus complete meds 2>/dev/null
        case 'edit:0:*'
            command $program $bus complete plan 2>/dev/null
        case 'plan:0:*'
            echo accept
        case 'plan:1:*'
            command $program $bus complete people 2>/dev/null
        case 'outbox:0:*'
            echo retry
        case 'outbox:1:*'
            echo all
        case 'mail:0:*'
            echo test
        case 'verify:*' 'preview:*' 'add:0:*'
            __fish_complete_path $current
    end
end

complete -c dosectl -f -a '(__dosectl_offers)'
