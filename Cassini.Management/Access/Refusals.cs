namespace Cassini.Management.Access;

/// <summary>Why requests are turned away before they are looked at: a closed set, for the metric.</summary>
internal enum RefusalKind
{
    /// <summary>Credentials are missing or wrong.</summary>
    Credentials,

    /// <summary>A Host that is not us, or a browser's request for another site.</summary>
    Forbidden,

    /// <summary>Too many requests of one caller.</summary>
    Rate,

    /// <summary>Too many connections of one caller.</summary>
    Connections,

    /// <summary>Too many long polls.</summary>
    Waits,

    /// <summary>Too many scrapes at once.</summary>
    Scrapes,
}

/// <summary>How often callers were turned away, so that guessing and floods leave a trace. Thread-safe.</summary>
internal sealed class Refusals
{
    private readonly long[] _counts = new long[Enum.GetValues<RefusalKind>().Length];

    /// <summary>In the order of <see cref="RefusalKind"/>.</summary>
    public IReadOnlyList<long> Counts => [.. Enumerable.Range(0, _counts.Length).Select(kind => Interlocked.Read(ref _counts[kind]))];

    public void Add(RefusalKind kind) => Interlocked.Increment(ref _counts[(int)kind]);
}
