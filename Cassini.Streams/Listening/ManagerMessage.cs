using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Streams.Listening;

/// <summary>A message in the manager's mailbox.</summary>
internal abstract record ManagerMessage
{
    private ManagerMessage()
    {
    }

    /// <summary>A connection to serve.</summary>
    public sealed record Accepted(AcceptedSocket Connection) : ManagerMessage;

    /// <summary>Asks how many connections the manager serves; an answer also proves that it runs.</summary>
    public sealed record Ping(TaskCompletionSource<ManagerReport> Answer) : ManagerMessage;

    /// <summary>A rehearsal: the manager throws the exception.</summary>
    public sealed record Crash(RehearsalException Exception) : ManagerMessage;
}
