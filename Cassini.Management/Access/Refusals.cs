using System.Text.Json;

namespace Cassini.Management.Access;

/// <summary>Why requests are refused before they are handled: a closed set, for the metric.</summary>
internal enum RefusalKind
{
    /// <summary>Credentials are missing or wrong.</summary>
    Credentials,

    /// <summary>A Host that is not this machine, or a browser's request for another site.</summary>
    Forbidden,

    /// <summary>Too many requests of one caller.</summary>
    Rate,

    /// <summary>Too many connections of one caller.</summary>
    Connections,

    /// <summary>Too many long polls.</summary>
    Waits,

    /// <summary>Too many scrapes at once.</summary>
    Scrapes,

    /// <summary>Too many watches of the gRPC health protocol.</summary>
    Watches,
}

/// <summary>Counts the refused callers, so that guessing and floods leave a trace. Thread-safe.</summary>
internal sealed class Refusals
{
    private static readonly string[] Words = [.. Enum.GetNames<RefusalKind>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    private readonly long[] _counts = new long[Words.Length];

    /// <summary>Each reason with its count, in the order of <see cref="RefusalKind"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Counts =>
        [.. Words.Select((word, kind) => KeyValuePair.Create(word, Interlocked.Read(ref _counts[kind])))];

    public void Add(RefusalKind kind) => Interlocked.Increment(ref _counts[(int)kind]);
}
