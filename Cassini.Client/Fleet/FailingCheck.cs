using Cassini.Streams.Events;

namespace Cassini.Streams.Fleet;

/// <summary>A check of a node that is neither ok nor off.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Status">Its status.</param>
/// <param name="Reason">A CamelCase code.</param>
/// <param name="Message">For people; at most 200 characters.</param>
public sealed record FailingCheck(string Name, HealthStatus Status, string? Reason, string? Message);
