using System.Text.Json.Serialization;
using Cassini.Harness.Load;

namespace Cassini.Harness.Workers;

/// <summary>
/// The controller's messages: first <c>welcome</c>; then, for each test, <c>order</c>, <c>start</c> and <c>stop</c>; at last <c>end</c>.
/// A worker that is refused gets a status instead of a welcome.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Welcome), "welcome")]
[JsonDerivedType(typeof(Order), "order")]
[JsonDerivedType(typeof(Start), "start")]
[JsonDerivedType(typeof(Stop), "stop")]
[JsonDerivedType(typeof(End), "end")]
internal abstract record ControllerMessage
{
    /// <param name="Run">The plan's name.</param>
    public sealed record Welcome(string Run) : ControllerMessage;

    /// <summary>The worker's part of a test, for the worker to prepare.</summary>
    public sealed record Order(LoadOrder Load) : ControllerMessage;

    public sealed record Start : ControllerMessage;

    public sealed record Stop : ControllerMessage;

    /// <summary>The run is over.</summary>
    public sealed record End : ControllerMessage;
}
