namespace Cassini.Tests.Broker;

/// <summary>The real clock, which does something once when it is asked for a timestamp next: a way between two steps of other code.</summary>
internal sealed class HookedTime : TimeProvider
{
    private Action? _hook;

    /// <summary>Whether nothing is left to be done.</summary>
    public bool IsIdle => Volatile.Read(ref _hook) is null;

    public void OnNextTimestamp(Action hook) => Volatile.Write(ref _hook, hook);

    public override long GetTimestamp()
    {
        Interlocked.Exchange(ref _hook, null)?.Invoke();
        return base.GetTimestamp();
    }
}
