using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Events.Hub;

/// <summary>The log messages of this namespace. Event ids 1050 to 1059.</summary>
internal static partial class EventsLog
{
    [LoggerMessage(1050, LogLevel.Error,
        "A fold of the events failed and receives no more events: its result no longer changes. Restart the process")]
    public static partial void FoldFailed(ILogger logger, Exception failure);

    [LoggerMessage(1051, LogLevel.Error, "Observer {Name} failed and receives no more events")]
    public static partial void ObserverFailed(ILogger logger, string name, Exception failure);
}
