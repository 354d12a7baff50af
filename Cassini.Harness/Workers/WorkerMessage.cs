using System.Text.Json.Serialization;
using Cassini.Harness.Load;

namespace Cassini.Harness.Workers;

/// <summary>
/// A worker's messages: first <c>hello</c>; then, for each test, <c>ready</c>, <c>progress</c> again and again, and <c>report</c>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Hello), "hello")]
[JsonDerivedType(typeof(Ready), "ready")]
[JsonDerivedType(typeof(Progress), "progress")]
[JsonDerivedType(typeof(Report), "report")]
internal abstract record WorkerMessage
{
    /// <summary>The first message.</summary>
    public sealed record Hello(int Version, WorkerRole Role, string Name) : WorkerMessage;

    /// <summary>Everything of the order is connected and subscribed, or, with an error, cannot be.</summary>
    public sealed record Ready(int Test, string? Error = null) : WorkerMessage;

    public sealed record Progress(int Test, LoadReport Counts) : WorkerMessage;

    /// <summary>The last message about a test.</summary>
    public sealed record Report(int Test, LoadReport Counts, string? Error = null) : WorkerMessage;
}
