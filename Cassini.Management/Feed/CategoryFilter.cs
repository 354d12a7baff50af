using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Microsoft.Extensions.Primitives;

namespace Cassini.Management.Feed;

/// <summary>The families of events that a feed asks for.</summary>
internal readonly record struct CategoryFilter
{
    /// <summary>Every family.</summary>
    public static readonly CategoryFilter All = new(~0u);

    private static readonly string[] Names = [.. Enum.GetNames<EventCategory>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    private readonly uint _included;

    private CategoryFilter(uint included) => _included = included;

    public static string NameOf(EventCategory category) => Names[(int)category];

    /// <summary>Reads <c>?types=health,session</c>; repeatable. All of them when it is absent.</summary>
    public static bool TryParse(StringValues types, out CategoryFilter filter, [NotNullWhen(false)] out string? error)
    {
        filter = All;
        error = null;
        if (types.Count == 0)
        {
            return true;
        }

        var included = 0u;
        foreach (var name in types.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries)))
        {
            var category = Array.FindIndex(Names, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (category < 0)
            {
                error = $"types={Answer.Quote(name)} is not a type of event: give one or more of {string.Join(",", Names)}";
                return false;
            }

            included |= 1u << category;
        }

        filter = new CategoryFilter(included);
        return true;
    }

    /// <summary>Whether it includes the family of this name; a name of a newer version only if it includes every family.</summary>
    public bool Includes(string category)
    {
        var known = Array.IndexOf(Names, category);
        return known < 0 ? _included == All._included : Includes((EventCategory)known);
    }

    public bool Includes(EventCategory category) => (_included & (1u << (int)category)) != 0;
}
