namespace Cassini.Streams.Health;

/// <summary>An endpoint's health.</summary>
/// <param name="Address">The address bound, or the one configured while it is not.</param>
/// <param name="State">Its state.</param>
/// <param name="Since">Since when.</param>
/// <param name="Error">The socket error's name while it is failed; else null.</param>
public sealed record EndpointHealth(string Address, EndpointState State, DateTimeOffset Since, string? Error);
