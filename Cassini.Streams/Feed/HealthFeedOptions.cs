using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;

namespace Cassini.Streams.Feed;

/// <summary>How a broker's feed is followed.</summary>
public sealed record HealthFeedOptions
{
    /// <summary>
    /// The families of events that are wanted. Default: all. Health is always among them. Numbers that come with events of other
    /// families (backlog, connections, topics) are then only as new as the last whole snapshot.
    /// </summary>
    public ImmutableArray<EventCategory> Categories { get; init; } = [.. Enum.GetValues<EventCategory>()];

    /// <summary>Gives the bearer token, or null for none; asked at every connect, so that a token that was exchanged is taken up.</summary>
    public Func<string?>? Token { get; init; }

    /// <summary>
    /// The certificate, with its private key and its intermediates, that is presented to a broker that asks for one. Default: none.
    /// </summary>
    public SslStreamCertificateContext? ClientCertificate { get; init; }

    /// <summary>The authorities that a broker's certificate must come from. Default, when empty: those of the machine.</summary>
    public X509Certificate2Collection TrustedAuthorities { get; init; } = [];

    /// <summary>The last event that is known already: the feed resumes after it. Default: from now on.</summary>
    public EventId? After { get; init; }

    /// <summary>How long a connect may take until the first word. Default 10 s; over 0.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The first pause before the broker is looked for again; each next is a tenth longer. Default 25 ms; over 0.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// The longest pause. Every pause is shortened by up to half at random, so that many controllers do not come back all at once.
    /// Default 1 s; at least <see cref="FirstRetry"/>.
    /// </summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock of pauses and silences. Default: the system's. What it says of the date does not matter.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ConnectTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(FirstRetry, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(LongestRetry, FirstRetry);
    }
}
