using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Streams.Listening;

/// <summary>What the manager finds in its mailbox.</summary>
internal abstract record ManagerMessage
{
    private ManagerMessage()
    {
    }

    /// <summary>A connection to serve.</summary>
    public sealed record Accepted(AcceptedSocket Connection) : ManagerMessage;

    /// <summary>A question: are you there, and how many do you serve?</summary>
    public sealed record Ping(TaskCompletionSource<ManagerReport> Answer) : ManagerMessage;

    /// <summary>Rehearsal: crash.</summary>
    public sealed record Crash(RehearsalException Exception) : ManagerMessage;
}
