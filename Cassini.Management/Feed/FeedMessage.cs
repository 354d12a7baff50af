using System.Net.ServerSentEvents;
using System.Text;

namespace Cassini.Management.Feed;

/// <summary>One message of the feed.</summary>
/// <param name="Type">The SSE event type: one of the constants.</param>
/// <param name="Data">One line of JSON.</param>
/// <param name="Id">Where a subscriber that saw this message can resume; null when it must not move.</param>
internal readonly record struct FeedMessage(string Type, byte[] Data, string? Id)
{
    /// <summary>The whole health: first, and after a reset.</summary>
    public const string Snapshot = "snapshot";

    /// <summary>A health check changed.</summary>
    public const string Transition = "transition";

    /// <summary>Any other event.</summary>
    public const string Event = "event";

    /// <summary>Nothing was sent for a while; its id is the last sequence examined.</summary>
    public const string Heartbeat = "heartbeat";

    /// <summary>A run of the process ended, and another began: between the events of the two.</summary>
    public const string Run = "run";

    /// <summary>Events are missing; a snapshot follows.</summary>
    public const string Reset = "reset";

    /// <summary>The last message: the process stops.</summary>
    public const string Bye = "bye";

    public SseItem<byte[]> ToItem() => new(Data, Type) { EventId = Id };

    /// <summary>The bytes on the wire, for what is written without the framework's formatter: the same fields in the same order.</summary>
    public byte[] ToFrame() =>
    [
        .. "event: "u8, .. Encoding.ASCII.GetBytes(Type),
        .. "\ndata: "u8, .. Data,
        .. Id is null ? "\n\n"u8 : [.. "\nid: "u8, .. Encoding.ASCII.GetBytes(Id), .. "\n\n"u8],
    ];
}
