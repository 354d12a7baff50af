using Cassini.Streams.Quotas;

namespace Cassini.Streams.Listening.Connections;

/// <summary>What is below TLS, as the stream above it sees it.</summary>
internal interface ITransport
{
    /// <summary>Whether it holds bytes that were not read. Any thread.</summary>
    bool HasUnread { get; }

    /// <summary>
    /// The memory of the identity, of which it may take some to read and to send several records at once; without it, it does neither.
    /// Set once.
    /// </summary>
    AccountMemory? Memory { set; }

    /// <summary>
    /// Whether what is written now waits for what follows: <see cref="ReleaseAsync"/>, or what is written when this is false. For the
    /// writer.
    /// </summary>
    bool IsHolding { set; }

    /// <summary>Sends what waits. For the writer.</summary>
    ValueTask ReleaseAsync(CancellationToken cancellationToken);
}
