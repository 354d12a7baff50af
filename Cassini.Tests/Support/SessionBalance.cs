using Cassini.Streams.Events;

namespace Cassini.Tests.Support;

/// <summary>
/// Folds recorded events and checks each step in the life of each client's sessions, in the order of the events: opened, closed, kept or
/// ended, and a connection's end after its session's.
/// </summary>
internal sealed class SessionBalance
{
    private readonly Dictionary<string, Stage> _stages = [];
    private readonly Dictionary<long, SessionClosed?> _sessions = [];
    private readonly List<string> _violations = [];

    private enum Stage
    {
        None,
        Open,
        ClosedForGood,
        Kept,
    }

    public int Opened { get; private set; }

    public static SessionBalance Of(IEnumerable<BrokerEvent> events)
    {
        var balance = new SessionBalance();
        foreach (var happened in events)
        {
            balance.Apply(happened);
        }

        return balance;
    }

    /// <summary>Nothing is out of order, and no session is open.</summary>
    public void ShouldBeWhole()
    {
        ShouldBeInOrder();
        _stages.Where(entry => entry.Value is Stage.Open or Stage.ClosedForGood)
            .ShouldBeEmpty("sessions that are open, or should have ended");
        _sessions.Where(entry => entry.Value is null).ShouldBeEmpty("connections whose session is open");
    }

    /// <summary>Nothing is out of order.</summary>
    public void ShouldBeInOrder() => _violations.ShouldBeEmpty();

    private void Apply(BrokerEvent happened)
    {
        switch (happened)
        {
            case SessionOpened e:
                Opened++;
                Demand(_sessions.TryAdd(e.ConnectionId, null), e, "its connection had a session before");
                Move(e.ClientId!, e, Stage.Open, e.SessionPresent ? Stage.Kept : Stage.None);
                break;
            case SessionClosed e:
                Demand(_sessions.TryGetValue(e.ConnectionId, out var before) && before is null, e, "its connection had no open session");
                _sessions[e.ConnectionId] = e;
                Move(e.ClientId!, e, e.Kept ? Stage.Kept : Stage.ClosedForGood, Stage.Open);
                break;
            case SessionEnded e:
                Move(
                    e.ClientId, e, Stage.None,
                    e.Reason == SessionEndReason.EndedWithConnection ? Stage.ClosedForGood : Stage.Kept, Stage.ClosedForGood);
                break;
            case ConnectionClosed e when _sessions.TryGetValue(e.ConnectionId, out var closed):
                Demand(closed is not null, e, "its session is open");
                Demand(closed is null || closed.Reason == e.Reason, e, $"its session was closed for another reason: {closed?.Reason}");
                break;
        }
    }

    private void Move(string clientId, BrokerEvent because, Stage to, params Stage[] from)
    {
        var stage = _stages.GetValueOrDefault(clientId);
        Demand(from.Contains(stage), because, $"the session of {clientId} was {stage}");
        _stages[clientId] = to;
    }

    private void Demand(bool condition, BrokerEvent because, string otherwise)
    {
        if (!condition)
        {
            _violations.Add($"{because}: {otherwise}");
        }
    }
}
