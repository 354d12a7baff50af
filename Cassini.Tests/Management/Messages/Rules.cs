using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Tests.Management.Messages;

internal static class Rules
{
    /// <summary>Access rules as they are written.</summary>
    public static ImmutableArray<AccessRule> Of(params string[] rules) =>
        [.. rules.Select(text => AccessRule.TryParse(text, out var rule, out var error) ? rule : throw new ArgumentException(error))];
}
