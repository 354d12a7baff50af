namespace Cassini.Web.Cli.Manual;

/// <summary>
/// The scripts by which shells complete command lines. They ask the executable itself, so they know every command and flag. Where it has no
/// word, the shell offers names of files.
/// </summary>
internal static class CompletionScript
{
    /// <summary>The scripts by the names of their shells.</summary>
    public static readonly IReadOnlyDictionary<string, string> ByShell = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bash"] = """
            # Completion of cassini for bash. In ~/.bashrc: eval "$(cassini completion bash)"
            _cassini() {
                local word=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} found IFS=$'\n'
                found=$("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)
                # Flags only where one begins: elsewhere a file may be wanted.
                [[ $word == -* ]] || found=$(grep -v '^[-/]' <<<"$found")
                COMPREPLY=($(compgen -W "$found" -- "$word"))
            }
            complete -o default -F _cassini cassini
            """,
        ["zsh"] = """
            #compdef cassini
            # Completion of cassini for zsh. In ~/.zshrc, after compinit: eval "$(cassini completion zsh)"
            _cassini() {
                local line="${(j: :)words[1,CURRENT]}"
                local -a found
                found=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
                # Flags only where one begins: elsewhere a file may be wanted.
                [[ $PREFIX == -* ]] || found=(${found:#[-/]*})
                found=(${(M)found:#$PREFIX*})
                if (( $#found )); then compadd -a found; else _files; fi
            }
            compdef _cassini cassini
            """,
        ["fish"] = """
            # Completion of cassini for fish: cassini completion fish > ~/.config/fish/completions/cassini.fish
            function __cassini
                set -l line (commandline -cp | string collect)
                set -l word (commandline -ct)
                set -l found (cassini "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)
                # Flags only where one begins: elsewhere a file may be wanted.
                if not string match -q -- '-*' "$word"
                    set found (string match -v -r -- '^[-/]' $found)
                end
                set found (string match -- "$word*" $found)
                if test (count $found) -gt 0
                    printf '%s\n' $found
                else
                    __fish_complete_path "$word"
                end
            end
            complete -c cassini -f -a '(__cassini)'
            """,
    };
}
