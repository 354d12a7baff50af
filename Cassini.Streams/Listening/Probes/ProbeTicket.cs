using System.Net;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Streams.Listening.Probes;

/// <summary>How far a probe goes.</summary>
internal enum ProbeKind
{
    /// <summary>To the accept loop, which acknowledges it and closes it.</summary>
    Accept,

    /// <summary>As far as a client: up to its session.</summary>
    Canary,
}

/// <summary>A connection of our own, announced before it is made. Dispose it when its outcome is no longer awaited.</summary>
internal sealed class ProbeTicket(ProbeRegistry registry, EndpointAddress endpoint, IPEndPoint source, ProbeKind kind) : IDisposable
{
    private readonly TaskCompletionSource<string?> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ProbeKind Kind { get; } = kind;

    /// <summary>The endpoint that the probe goes to, as configured.</summary>
    public EndpointAddress Endpoint { get; } = endpoint;

    /// <summary>The address and port that the probe connects from.</summary>
    public IPEndPoint Source { get; } = source;

    /// <summary>Whether the kernel may have completed the connection: then an accept loop will see it, however late.</summary>
    public bool MayBeConnected { get; set; }

    /// <summary>Whether the probe gave up before an accept loop saw it.</summary>
    public bool IsLate { get; set; }

    /// <summary>Completes with null when the probe succeeded, otherwise with the reason, for people. Never fails.</summary>
    public Task<string?> Outcome => _outcome.Task;

    public void Succeed() => _outcome.TrySetResult(null);

    /// <param name="reason">The reason: its name counts.</param>
    /// <param name="detail">What more is known; null for nothing.</param>
    public void Refuse<T>(T reason, string? detail = null)
        where T : struct, Enum => _outcome.TrySetResult(detail is null ? $"{reason}" : $"{reason}: {detail}");

    public void Dispose() => registry.Withdraw(this);
}
