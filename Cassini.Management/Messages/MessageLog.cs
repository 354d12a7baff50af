namespace Cassini.Management.Messages;

/// <summary>What is logged of messages over HTTP. Event ids 2150 to 2159.</summary>
internal static partial class MessageLog
{
    [LoggerMessage(
        2150, LogLevel.Information,
        "{Caller} published {Size} bytes to '{Topic}' as '{Identity}', QoS {QoS}, retain {Retain}: {Outcome}{Others}")]
    public static partial void Published(
        ILogger logger, string caller, int size, string topic, string identity, int qoS, bool retain, string outcome, string others);
}
