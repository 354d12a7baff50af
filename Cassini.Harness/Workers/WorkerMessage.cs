using System.Text.Json.Serialization;
using Cassini.Harness.Load;

namespace Cassini.Harness.Workers;

/// <summary>
/// A worker's messages: first <c>hello</c>; then, for each order, <c>ready</c>, any number of <c>progress</c>, and <c>report</c>. An order
/// that fails, or is stopped early, goes straight to its report.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Hello), "hello")]
[JsonDerivedType(typeof(Ready), "ready")]
[JsonDerivedType(typeof(Progress), "progress")]
[JsonDerivedType(typeof(Report), "report")]
internal abstract record WorkerMessage
{
    public sealed record Hello(int Version, WorkerRole Role, string Name) : WorkerMessage;

    /// <summary>All clients of the order are connected and subscribed.</summary>
    public sealed record Ready : WorkerMessage;

    public sealed record Progress(LoadReport Counts) : WorkerMessage;

    /// <param name="Counts">The final counts of the order.</param>
    /// <param name="Error">Why the order failed; null when it did not.</param>
    public sealed record Report(LoadReport Counts, string? Error) : WorkerMessage;
}
