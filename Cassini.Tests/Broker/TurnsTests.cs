using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Identities that keep the broker busy work in turn; the others need not wait for them.</summary>
public class TurnsTests
{
    [Fact]
    public async Task Packets_IdentityIsBusyAndAllTurnsAreTaken_WaitAndOthersDoNot()
    {
        await using var rig = new BrokerRig();
        var busy = await rig.OpenAsync("busy", identity: "busy");
        var other = await rig.ConnectAsync("other", identity: "other");
        var account = busy.Transport.Account;
        account.Work.Add(rig.Clock.Time.TimestampFrequency, rig.Clock.Time.GetTimestamp());
        var neighbour = rig.Accounts.Open("neighbour");
        for (var i = 0; i < Environment.ProcessorCount; i++)
        {
            rig.Broker.Turns.EnterAsync(neighbour).IsCompleted.ShouldBeTrue();
        }

        var pinging = busy.Client.PingAsync();
        await Eventually.HoldsAsync("it waits for its turn", () => rig.Broker.Turns.Waiting == 1);
        await other.PingAsync();
        pinging.IsCompleted.ShouldBeFalse();

        rig.Broker.Turns.Leave();

        await pinging;
        rig.Broker.Turns.EnterAsync(neighbour).IsCompleted.ShouldBeTrue("it has left its turn");
        for (var i = 0; i < Environment.ProcessorCount; i++)
        {
            rig.Broker.Turns.Leave();
        }
    }
}
