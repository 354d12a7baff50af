using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Store;

/// <summary>
/// Knows the messages to the shared subscription of a schedule (MQTT 5.0 §4.8.2): one member takes each, and when a session ends, others
/// get what it had not finished, but for what was sent with QoS 2.
/// </summary>
internal sealed class ShareChecker(ScheduleChecker checker)
{
    private readonly List<SentMessage> _messages = [];
    private readonly List<KnownSubscription> _members = [];
    private readonly Dictionary<int, (SimulatedClient Client, int Session)> _takenOnce = [];
    private readonly HashSet<int> _taken = [];

    public void OnSent(SentMessage message) => _messages.Add(message);

    public void OnSubscribing(KnownSubscription member) => _members.Add(member);

    /// <summary>A member has asked to leave: what is not acknowledged yet may find none.</summary>
    public void OnLeaving(SimulatedClient client) => Excuse(client, message => message.AcknowledgedAt is null);

    /// <summary>What it had not finished goes to others, if there are any.</summary>
    public void OnSessionMayEnd(SimulatedClient client) =>
        Excuse(client, _ => true, message => message.QoS == QualityOfService.ExactlyOnce);

    public void OnTaken(SimulatedClient client, SentMessage message, QualityOfService qos)
    {
        _taken.Add(message.Number);
        if (qos != QualityOfService.ExactlyOnce || client.IsInDoubt || message.IsInDoubt)
        {
            return;
        }

        var by = (client, client.Session);
        if (!_takenOnce.TryAdd(message.Number, by) && _takenOnce[message.Number] != by)
        {
            checker.Fail($"{client.Id} takes {message}, which {_takenOnce[message.Number].Client.Id} has taken [MQTT-4.8.2-5]");
        }
    }

    public IEnumerable<string> Missing() =>
        from message in _messages
        where message is { AcknowledgedAt: not null, MayBeLostToShare: false, Owed.Count: > 0 } && !_taken.Contains(message.Number)
            && !checker.HasExpired(message)
        select $"{message} was acknowledged and lost to the share of {message.Owed[0].Client.Id}";

    private void Excuse(SimulatedClient client, Func<SentMessage, bool> alone, Func<SentMessage, bool>? always = null)
    {
        var isAlone = !_members.Exists(one => one.Client != client && one is { IsAcknowledged: true, HasEnded: false });
        foreach (var message in _messages.Where(one => always?.Invoke(one) is true || (isAlone && alone(one))))
        {
            message.MayBeLostToShare = true;
        }
    }
}
