namespace Cassini.Tests.Harness;

/// <summary>Fails when a connection is about to be closed: a defect that no broker brings about.</summary>
internal sealed class ClockThatFailsAtTheClose : TimeProvider
{
    public const string Words = "a defect at the close";

    /// <summary>Of the DISCONNECT; no other time-out of the harness is as long.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        dueTime == CloseTimeout ? throw new InvalidOperationException(Words) : base.CreateTimer(callback, state, dueTime, period);
}
