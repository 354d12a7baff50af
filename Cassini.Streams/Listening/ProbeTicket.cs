using System.Net;
using Cassini.Streams.Events;

namespace Cassini.Streams.Listening;

/// <summary>How far a probe wants to come.</summary>
internal enum ProbeKind
{
    /// <summary>To the accept loop, which acknowledges it and closes it.</summary>
    Accept,

    /// <summary>The whole way of a client, up to its session.</summary>
    Canary,
}

/// <summary>A connection of our own, announced before it is made. Disposing it takes the announcement back.</summary>
internal sealed class ProbeTicket(ProbeRegistry registry, IPEndPoint source, ProbeKind kind) : IDisposable
{
    private readonly TaskCompletionSource<Refusal?> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ProbeKind Kind { get; } = kind;

    /// <summary>The address and port that the probe connects from.</summary>
    public IPEndPoint Source { get; } = source;

    /// <summary>Null when the probe came as far as it wanted; else why not. Never fails.</summary>
    public Task<Refusal?> Outcome => _outcome.Task;

    public void Succeed() => _outcome.TrySetResult(null);

    public void Refuse(HandshakeFailure reason, string? detail = null) => _outcome.TrySetResult(new Refusal(reason, detail));

    public void Dispose() => registry.Withdraw(this);
}
