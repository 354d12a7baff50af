using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>The log messages of this namespace. Event ids 1940 to 1949.</summary>
internal static partial class FleetFileLog
{
    [LoggerMessage(
        1940, LogLevel.Warning,
        "{Path} cannot be read ({Why}). It was put aside as {Aside}: nodes that are gone are known from others only")]
    public static partial void PutAside(ILogger logger, string path, string why, string aside);

    [LoggerMessage(1941, LogLevel.Warning, "{Path} cannot be read: {Why}. Nodes that are gone are known from others only")]
    public static partial void Unreadable(ILogger logger, string path, string why);

    [LoggerMessage(
        1942, LogLevel.Warning,
        "{Path} cannot be written: {Why}. It is tried again at the next change; until then a restart forgets which nodes are gone")]
    public static partial void NotWritten(ILogger logger, string path, string why);

    [LoggerMessage(1943, LogLevel.Information, "node {Node} is not heard on the bus, and {Management} says nothing of it: {Why}")]
    public static partial void NoAnswer(ILogger logger, string node, string management, string why);
}
