using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Manual;

namespace Cassini.Web.Cli;

/// <summary>
/// The words of a command line that look like a command or a flag and are none, each with a sentence. The library takes an unknown flag for
/// an argument wherever an argument has room, so it would publish to a topic with the name <c>-t</c>.
/// </summary>
internal static class UnknownWords
{
    private const string Version = "--version";

    /// <summary>A sentence for each word; none when the words are in order, or wrong in another way.</summary>
    public static IReadOnlyList<string> In(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.Action is not ParseErrorAction && parsed.Action != command.Action)
        {
            return []; // Help, for example, which may be asked for with any words.
        }

        return command is RootCommand
            ? [.. parsed.UnmatchedTokens.Take(1).Select(word => NoCommand(word, command))]
            : [.. FlagsOf(parsed).Distinct().Select(flag => NoFlag(flag, command))];
    }

    /// <summary>The sentence for a command that does not exist.</summary>
    public static string NoCommand(string word, Command root)
    {
        var known = root.Subcommands.Select(command => command.Name).ToList();
        return $"there is no command {SafeText.Quote(word)}: "
            + (NearestName.Of(word, known) is { } nearest ? $"did you mean '{nearest}'?" : $"the commands are {string.Join(", ", known)}");
    }

    /// <summary>What stands where a flag may stand, begins as one, and is none: all up to <c>--</c> but the values of flags.</summary>
    private static IEnumerable<string> FlagsOf(ParseResult parsed)
    {
        var withValue = parsed.CommandResult.Command.Options
            .Where(option => option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0)
            .Select(option => option.Name)
            .ToHashSet(StringComparer.Ordinal);
        Token? before = null;
        foreach (var token in parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash))
        {
            var isValue = before is { Type: TokenType.Option } && withValue.Contains(before.Value);
            if (token is { Type: TokenType.Argument, Value: ['-', _, ..] } && !isValue)
            {
                yield return token.Value;
            }

            before = token;
        }
    }

    private static string NoFlag(string flag, Command command)
    {
        var instead = (command as DocumentedCommand)?.Instead ?? new Dictionary<string, string>();
        var known = command.Options.Concat(Recursive(command)).Where(option => !option.Hidden).Select(option => option.Name);
        var nearest = instead.ContainsKey(flag) ? flag
            : flag.StartsWith("--", StringComparison.Ordinal) ? NearestName.Of(flag, [.. known, .. instead.Keys, Version])
            : null;
        var advice = nearest switch
        {
            null => command.Arguments.Count > 0 ? "an argument that begins with '-' goes behind '--'" : "",
            Version => $"did you mean 'cassini {Version}'?",
            _ => instead.GetValueOrDefault(nearest) ?? $"did you mean '{nearest}'?",
        };
        return $"there is no flag {SafeText.Quote(flag)}{(advice.Length == 0 ? "" : $": {advice}")}";
    }

    private static IEnumerable<Option> Recursive(Command command) =>
        command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive);
}
