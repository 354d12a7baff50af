using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Holds all turns, so that a busy identity does one piece of its work each time the test lets it.</summary>
internal sealed class SingleTurns : IDisposable
{
    private readonly BrokerRig _rig;
    private readonly Account _neighbour;
    private readonly Account _busy;
    private int _held = Environment.ProcessorCount;

    /// <param name="rig">The broker.</param>
    /// <param name="busy">The identity, which has worked much.</param>
    public SingleTurns(BrokerRig rig, Account busy)
    {
        _rig = rig;
        _neighbour = rig.Accounts.Open("neighbour");
        _busy = busy;
        KeepBusy();
        for (var i = 0; i < Environment.ProcessorCount; i++)
        {
            rig.Broker.Turns.EnterAsync(_neighbour).IsCompleted.ShouldBeTrue();
        }
    }

    /// <summary>The identity has worked much, also after the clock was moved.</summary>
    public void KeepBusy() => MakeBusy(_busy, _rig.Clock.Time);

    /// <summary>An identity has worked much.</summary>
    public static void MakeBusy(Account account, TimeProvider time) => Add(account, time, milliseconds: 1_000);

    /// <summary>An identity has worked for so long.</summary>
    public static void Add(Account account, TimeProvider time, int milliseconds)
    {
        for (var i = 0; i < milliseconds; i++)
        {
            account.Work!.Add(time.TimestampFrequency / 1_000, time.GetTimestamp(), time.TimestampFrequency);
        }
    }

    /// <summary>It waits for its turn.</summary>
    public Task AwaitAsync() => Eventually.HoldsAsync("it waits for its turn", () => _rig.Broker.Turns.Waiting > 0);

    /// <summary>It does one piece: then the neighbour has all turns again.</summary>
    public async Task NextAsync()
    {
        await AwaitAsync();
        var again = _rig.Broker.Turns.EnterAsync(_neighbour);
        _rig.Broker.Turns.Leave();
        await Eventually.CompletesAsync("it has done a piece", again);
    }

    /// <summary>Everyone may work again.</summary>
    public void Dispose()
    {
        for (; _held > 0; _held--)
        {
            _rig.Broker.Turns.Leave();
        }
    }

    /// <summary>Does all that is left, piece by piece.</summary>
    /// <param name="piece">Called after each.</param>
    /// <param name="isDone">Whether there is nothing left.</param>
    public async Task RunAsync(Func<Task> piece, Func<bool> isDone)
    {
        while (!isDone())
        {
            await NextAsync();
            await piece();
        }
    }
}
