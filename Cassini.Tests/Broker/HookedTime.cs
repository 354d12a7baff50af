namespace Cassini.Tests.Broker;

/// <summary>
/// The real clock, which does something once when it is asked for a timestamp next: a way between two steps of other code.
/// </summary>
internal sealed class HookedTime : TimeProvider
{
    private Action? _hook;

    public void OnNextTimestamp(Action hook) => Volatile.Write(ref _hook, hook);

    public override long GetTimestamp()
    {
        Interlocked.Exchange(ref _hook, null)?.Invoke();
        return base.GetTimestamp();
    }
}
