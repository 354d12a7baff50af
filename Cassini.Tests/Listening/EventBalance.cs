using Cassini.Streams.Events;

namespace Cassini.Tests.Listening;

/// <summary>
/// Folds recorded events and checks each step of every connection's life, and of the session that it carries: accepted = handshaking + open
/// + closed.
/// </summary>
internal sealed class EventBalance
{
    private readonly Dictionary<long, string> _stages = [];
    private readonly List<string> _violations = [];

    public int Accepted { get; private set; }

    public int Handshaking => _stages.Values.Count(stage => stage == "handshaking");

    public int Open => _stages.Values.Count(stage => stage is "shaken" or "open" or "in session" or "after session");

    public int Closed => _stages.Values.Count(stage => stage == "closed");

    public static EventBalance Of(IEnumerable<BrokerEvent> events)
    {
        var balance = new EventBalance();
        foreach (var brokerEvent in events)
        {
            balance.Apply(brokerEvent);
        }

        return balance;
    }

    /// <summary>Nothing is out of order and everything that began has ended.</summary>
    public void ShouldBeWhole()
    {
        _violations.ShouldBeEmpty();
        (Handshaking + Open + Closed).ShouldBe(Accepted);
        (Handshaking, Open).ShouldBe((0, 0), "connections without a terminal event");
    }

    private void Apply(BrokerEvent brokerEvent)
    {
        switch (brokerEvent)
        {
            case ConnectionAccepted e:
                Accepted++;
                Move(e.ConnectionId, null, "handshaking", e);
                break;
            case HandshakeFailed e:
                Move(e.ConnectionId, "handshaking", "closed", e);
                break;
            case HandshakeCompleted e:
                Move(e.ConnectionId, "handshaking", "shaken", e);
                break;
            case ConnectionOpened e:
                Move(e.ConnectionId, "shaken", "open", e);
                break;
            case SessionOpened e:
                Move(e.ConnectionId, "open", "in session", e);
                break;
            case SessionClosed e:
                Move(e.ConnectionId, "in session", "after session", e);
                break;
            case ConnectionClosed e:
                // A client that was refused, or never said what it wants, had no session.
                Move(e.ConnectionId, _stages.GetValueOrDefault(e.ConnectionId) == "open" ? "open" : "after session", "closed", e);
                break;
            default:
                break;
        }
    }

    private void Move(long id, string? from, string to, BrokerEvent because)
    {
        if (_stages.GetValueOrDefault(id) != from)
        {
            _violations.Add($"{because} came to a connection that was {_stages.GetValueOrDefault(id) ?? "unknown"}");
        }

        _stages[id] = to;
    }
}
