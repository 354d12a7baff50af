using Cassini.Streams.Primitives;

namespace Cassini.Management.Access;

/// <summary>Who sent a request, for the log and the events: as far as it is known, and never a secret.</summary>
internal static class Caller
{
    private static readonly object Key = new();

    /// <summary>Notes the credentials that were accepted. Those of a request do not change: they are noted once.</summary>
    public static void Note(HttpContext context, string credentials) => context.Items.TryAdd(Key, credentials);

    /// <summary>For example <c>a token from 192.0.2.1</c>, or <c>'ops' from 127.0.0.1</c>.</summary>
    public static string Of(HttpContext context)
    {
        var who = context.Items.TryGetValue(Key, out var noted) && noted is string credentials ? credentials
            : context.User.Identity is { IsAuthenticated: true, Name: { Length: > 0 } name } ? SafeText.Quote(name)
            : "a caller without credentials";
        return $"{who} from {context.Connection.RemoteIpAddress?.ToString() ?? "an unknown address"}";
    }
}
