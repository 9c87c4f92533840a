package cli

import "strings"

// completionScript returns the script for bash, fish or zsh. Those of cobra run commands that are written
// on the line, as in $(command), when it is completed; that for bash also needs the package
// bash-completion, and splits targets such as store@head.
func completionScript(shell, name string) string {
	function := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
	script := map[string]string{"bash": bashScript, "fish": fishScript, "zsh": zshScript}[shell]
	return strings.NewReplacer("NAME", name, "FUNCTION", "__complete_"+function).Replace(script)
}

// The script of cobra for PowerShell evaluates the line to call the program. powershellGuard, at powershellStart, completes
// nothing on a line with anything that PowerShell would run then.
const (
	powershellStart = "    $ShellCompDirectiveError=1\n"
	powershellGuard = "    # Completing a line must not run what is on it.\n    if ($Command -match '" + powershellRuns + "') { return }\n\n"
	powershellRuns  = "[$`(){};|&<>\\r\\n]"
)

// The scripts ask the program with cobra's hidden command __complete, which prints a candidate on each
// line, with a tab and its description, and at last ":" and a cobra.ShellCompDirective as a number.
const bashScript = `# bash completion for NAME; bash 3.2 or newer, no other package.
FUNCTION() {
    # Bash splits words also at : = and @. What has no white space in between belongs together.
    local words=() rest=$COMP_LINE i word trimmed
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        trimmed=${rest#"${rest%%[![:space:]]*}"}
        local together=
        if [[ $i -gt 0 && $trimmed == "$rest" ]]; then together=1; fi
        rest=${trimmed#"$word"}
        if ((i == COMP_CWORD)); then # only what precedes the cursor
            local after=$((${#COMP_LINE} - ${#rest} - COMP_POINT))
            if ((after > 0)); then word=${word:0:${#word} - after}; fi
        fi
        if [[ $together ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
    done
    # Quotes are removed, and nothing is expanded but ~: a word may contain $(command).
    for ((i = 0; i < ${#words[@]}; i++)); do
        word=${words[i]//[\\\"\']/}
        words[i]=${word/#\~\//$HOME/}
    done
    local current=${words[${#words[@]} - 1]} out directive
    out=$("${words[0]}" __complete "${words[@]:1}" 2>/dev/null) || return
    directive=${out##*:}
    out=${out%:*}

    local flag= value=$current
    if [[ $current == -*=* ]]; then
        flag=${current%%=*}=
        value=${current#*=}
    fi
    # Bash replaces only what follows the last : or =, or begins with the last @.
    local keep= c before
    for c in : = @; do
        if [[ $COMP_WORDBREAKS == *"$c"* && $current == *"$c"* ]]; then
            before=${current%"$c"*}
            if [[ $c != @ ]]; then before+=$c; fi
            if ((${#before} > ${#keep})); then keep=$before; fi
        fi
    done

    COMPREPLY=()
    local candidates=() descriptions=() line longest=0
    while IFS= read -r line; do
        [[ $line ]] || continue
        word=${line%%$'\t'*}
        [[ $word == "$value"* ]] || continue
        candidates+=("$flag$word")
        if [[ $line == *$'\t'* ]]; then descriptions+=("${line#*$'\t'}"); else descriptions+=(""); fi
        word=$flag$word
        word=${word#"$keep"}
        if ((${#word} > longest)); then longest=${#word}; fi
    done <<<"$out"
    for ((i = 0; i < ${#candidates[@]}; i++)); do
        word=${candidates[i]#"$keep"}
        # In a list, not where one candidate after the other is put into the line.
        if [[ ${descriptions[i]} && ${#candidates[@]} -gt 1 && $COMP_TYPE != 37 && $COMP_TYPE != 42 ]]; then
            printf -v word "%-${longest}s  (%s)" "$word" "${descriptions[i]}"
        fi
        COMPREPLY+=("$word")
    done
    if ((directive & 32)); then compopt -o nosort 2>/dev/null; fi
    if ((${#COMPREPLY[@]} > 0 || directive & 5)); then return; fi
    compopt -o filenames 2>/dev/null
    local kind=-f
    if ((directive & 16)); then kind=-d; fi
    while IFS= read -r line; do
        [[ $line ]] || continue
        line=$flag$line
        COMPREPLY+=("${line#"$keep"}")
    done < <(compgen "$kind" -- "$value")
}
complete -F FUNCTION NAME
`

const zshScript = `#compdef NAME
# zsh completion for NAME
FUNCTION() {
    # Quotes are removed, and nothing is expanded but ~: a word may contain $(command).
    local -a arguments=("${(@Q)words[1,CURRENT-1]}" "${${(Q)PREFIX}#[\"\']}") lines described
    arguments=("${(@)arguments/#\~\//$HOME/}")
    local out line word description
    out=$("$arguments[1]" __complete "${(@)arguments[2,-1]}" 2>/dev/null) || return 1
    lines=("${(@f)out}")
    local -i directive=${lines[-1]#:}
    for line in "${(@)lines[1,-2]}"; do
        word=${line%%$'\t'*}
        description=
        if [[ $line == *$'\t'* ]]; then description=${line#*$'\t'}; fi
        described+=("${word//:/\\:}${description:+:$description}")
    done
    if [[ $arguments[-1] == -*=* ]]; then compset -P '*='; fi
    if (( $#described )); then
        local -a order
        if (( directive & 32 )); then order=(-V); fi
        _describe $order 'NAME' described
    elif (( ! (directive & 5) )); then
        if (( directive & 16 )); then _files -/; else _files; fi
    fi
}
if [[ ${funcstack[1]} == _NAME ]]; then # read from a file of fpath
    FUNCTION "$@"
else
    compdef FUNCTION NAME
fi
`

const fishScript = `# fish completion for NAME
function FUNCTION
    # No eval: a word may contain (command).
    set -l arguments (commandline -opc) (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $arguments[1])
    set -l lines ($program __complete $arguments[2..-1] 2>/dev/null)
    set -l n (count $lines)
    test $n -gt 0
    or return
    set -l directive (string sub -s 2 -- $lines[-1])
    set -l current $arguments[-1]
    set -l flag ''
    if string match -qr -- '^-[^=]*=' $current
        set flag (string replace -r -- '=.*' '=' $current)
        set current (string replace -r -- '^[^=]*=' '' $current)
    end
    if test $n -gt 1
        for line in $lines[1..-2]
            printf '%s%s\n' $flag $line
        end
    else if test (math "$directive % 2") -eq 0 -a (math "floor($directive / 4) % 2") -eq 0
        set -l paths (__fish_complete_path $current)
        if test (math "floor($directive / 16) % 2") -eq 1
            set paths (__fish_complete_directories $current '')
        end
        for path in $paths
            printf '%s%s\n' $flag $path
        end
    end
end
complete -c NAME -e
complete -c NAME -k -f -a '(FUNCTION)'
`
