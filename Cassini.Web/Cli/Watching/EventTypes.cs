using System.Collections.Immutable;
using System.CommandLine.Parsing;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Watching;

/// <summary>The families of events, by the names that the feed gives them.</summary>
internal static class EventTypes
{
    public static readonly ImmutableArray<EventCategory> All = [.. Enum.GetValues<EventCategory>()];

    public static readonly IReadOnlyList<string> Names = [.. All.Select(type => JsonNamingPolicy.CamelCase.ConvertName($"{type}"))];

    /// <summary>Names, separated by commas.</summary>
    public static ImmutableArray<EventCategory> Read(ArgumentResult result)
    {
        var given = result.Tokens.SelectMany(token => token.Value.Split(',')).ToList();
        foreach (var unknown in given.Where(name => !Names.Contains(name)))
        {
            var nearest = NearestName.Of(unknown, Names);
            result.AddError(
                $"--types: {SafeText.Quote(unknown)} is not one of {string.Join(", ", Names)}"
                + (nearest is null ? "" : $": did you mean '{nearest}'?"));
        }

        return [.. All.Where(type => given.Contains(Names[(int)type]))];
    }
}
