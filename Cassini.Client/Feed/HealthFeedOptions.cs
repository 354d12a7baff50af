using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;

namespace Cassini.Streams.Feed;

/// <summary>How to follow a broker's feed.</summary>
public sealed record HealthFeedOptions
{
    /// <summary>
    /// The families of events to receive. Default: all. Health is always among them. Without a family, the numbers that its events carry
    /// (backlog, connections, topics) are only as new as the last whole snapshot.
    /// </summary>
    public ImmutableArray<EventCategory> Categories { get; init; } = [.. Enum.GetValues<EventCategory>()];

    /// <summary>Returns the bearer token, or null for none. Called at every connect, so that a replaced token is used.</summary>
    public Func<string?>? Token { get; init; }

    /// <summary>
    /// The certificate, with its private key and its intermediates, for brokers that ask for one. Default: none.
    /// </summary>
    public SslStreamCertificateContext? ClientCertificate { get; init; }

    /// <summary>The authorities that may issue a broker's certificate. Default, when empty: those of the machine.</summary>
    public X509Certificate2Collection TrustedAuthorities { get; init; } = [];

    /// <summary>The last event that is already known: the feed resumes after it. Default: the feed begins now.</summary>
    public EventId? After { get; init; }

    /// <summary>How long a connect may take until the first message. Default 10 s; over 0.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The first pause before the feed connects again; each further pause is a tenth longer. Default 25 ms; over 0.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// The longest pause. Every pause is shortened by up to half at random, so that many controllers do not reconnect at the same time.
    /// Default 1 s; at least <see cref="FirstRetry"/>.
    /// </summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock of pauses and silences. Default: the system's. Its date does not matter.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ConnectTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(FirstRetry, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(LongestRetry, FirstRetry);
    }
}
