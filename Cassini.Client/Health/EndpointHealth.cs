using System.Text.Json.Serialization;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health;

/// <summary>An endpoint's health.</summary>
/// <param name="Address">The bound address; the configured address while it is not bound.</param>
/// <param name="State">Its state.</param>
/// <param name="Since">When it entered the state.</param>
/// <param name="Error">The socket error's name while its state is failed; otherwise null.</param>
public sealed record EndpointHealth(string Address, EndpointState State, DateTimeOffset Since, string? Error)
{
    /// <summary>Whether its clients come by WebSocket; only then it is in JSON.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool WebSocket { get; init; }
}
