using System.Text.Json.Serialization;
using Cassini.Harness.Load;

namespace Cassini.Harness.Workers;

/// <summary>
/// What controller and worker tell each other: <c>hello</c> → <c>welcome</c> or <c>refused</c>; then for each test <c>plan</c> →
/// <c>plan-ack</c>, <c>ready</c>, <c>start</c> → <c>progress</c>…, <c>report</c>; <c>stop</c> ends a test, or without one the whole; and
/// a <c>heartbeat</c> both ways.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Hello), "hello")]
[JsonDerivedType(typeof(Welcome), "welcome")]
[JsonDerivedType(typeof(Refused), "refused")]
[JsonDerivedType(typeof(PlanOrder), "plan")]
[JsonDerivedType(typeof(PlanAck), "plan-ack")]
[JsonDerivedType(typeof(Ready), "ready")]
[JsonDerivedType(typeof(Start), "start")]
[JsonDerivedType(typeof(Progress), "progress")]
[JsonDerivedType(typeof(Report), "report")]
[JsonDerivedType(typeof(Stop), "stop")]
[JsonDerivedType(typeof(Heartbeat), "heartbeat")]
internal abstract record WorkerMessage
{
    /// <summary>What both sides must speak.</summary>
    public const int Protocol = 1;

    /// <summary>The worker's first word.</summary>
    public sealed record Hello(int Version, WorkerRole Role, string Name) : WorkerMessage;

    /// <param name="Run">The plan's name.</param>
    public sealed record Welcome(string Run) : WorkerMessage;

    public sealed record Refused(string Reason) : WorkerMessage;

    /// <summary>What to do in a test.</summary>
    public sealed record PlanOrder(int Test, LoadOrder Order) : WorkerMessage;

    /// <summary>The order is understood.</summary>
    public sealed record PlanAck(int Test) : WorkerMessage;

    /// <summary>Everything is connected and subscribed, or, with an error, cannot be.</summary>
    public sealed record Ready(int Test, string? Error = null) : WorkerMessage;

    public sealed record Start(int Test) : WorkerMessage;

    public sealed record Progress(int Test, LoadReport Counts) : WorkerMessage;

    /// <summary>The last word on a test.</summary>
    public sealed record Report(int Test, LoadReport Counts, string? Error = null) : WorkerMessage;

    /// <param name="Test">The test to end; null to end altogether.</param>
    public sealed record Stop(int? Test = null) : WorkerMessage;

    public sealed record Heartbeat : WorkerMessage;
}
