using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
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
        SingleTurns.MakeBusy(account, rig.Clock.Time);
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

    // It does not wait for a turn to do nothing: neither for the rest of what it has sent, nor to leave its session.
    [Theory]
    [InlineData(0u)]
    [InlineData(600u)]
    public async Task Close_WhileItWaitsForItsTurn_EndsAtOnce(uint expiry)
    {
        await using var rig = new BrokerRig();
        var busy = await rig.OpenAsync(
            "busy", change: connect => connect with { Properties = connect.Properties with { SessionExpiryInterval = expiry } });
        await busy.Client.SubscribeAsync("t", QualityOfService.AtMostOnce);
        using var turns = new SingleTurns(rig, busy.Transport.Account);
        await busy.Client.SendAsync(new byte[] { 0xC0, 0 });
        await turns.AwaitAsync();

        busy.Transport.Close(CloseReason.Disconnected);

        await Eventually.CompletesAsync("the connection ends", busy.Served);
        rig.Broker.Turns.Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task Close_SessionHasManySubscriptions_EndsInItsTurn()
    {
        await using var rig = new BrokerRig();
        var busy = await rig.OpenAsync("busy");
        for (var i = 0; i < 300; i++)
        {
            await busy.Client.SubscribeAsync($"t/{i}", QualityOfService.AtMostOnce);
        }

        using var turns = new SingleTurns(rig, busy.Transport.Account);
        busy.Transport.Close(CloseReason.Disconnected);

        await turns.AwaitAsync();
        busy.Served.IsCompleted.ShouldBeFalse();
        turns.Dispose();
        await Eventually.CompletesAsync("the connection ends", busy.Served);
    }

    // What an acknowledgement lets the broker send is a part of the batch that it came in.
    [Fact]
    public async Task Acknowledgement_ThatLetsMuchBeSent_IsCountedOnce()
    {
        const int Waiting = 200;
        const int Large = 100_000;
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = Large });
        var reader = await rig.OpenAsync("reader", identity: "reader", change: BrokerRig.Lasting);
        await reader.Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await rig.ConnectAsync("p", identity: "p");
        await publisher.PublishAsync("t", new string('x', Large), QualityOfService.AtLeastOnce);
        var large = await reader.Client.ExpectAsync<ReceivedPublish>();
        for (var i = 0; i < Waiting; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QualityOfService.AtLeastOnce);
        }

        // 42 ms of work are behind it, and to send these takes 6 ms: less than the 50 ms that make it busy.
        SingleTurns.Add(reader.Transport.Account, rig.Clock.Time, milliseconds: 42);
        rig.Store.PuttingDelivery = () => rig.Clock.AdvanceBy(TimeSpan.FromMicroseconds(30));
        await reader.Client.AckAsync(PacketType.PubAck, large.PacketId);
        for (var i = 0; i < Waiting; i++)
        {
            await reader.Client.ExpectPublishAsync("t", $"{i}");
        }

        reader.Transport.Account.Work!.IsBusy(rig.Clock.Time.GetTimestamp(), rig.Clock.Time.TimestampFrequency).ShouldBeFalse();
    }

    [Fact]
    public async Task Turn_WhatPrecedesItsWaitFails_IsNotLost()
    {
        await using var rig = new BrokerRig();
        var busy = await rig.OpenAsync("busy");
        await busy.ReadAsync();
        var link = (ClientLink)rig.Broker.Sessions.Find("busy")!.Attachment!.Connection;
        var bug = new InvalidOperationException("a bug");
        link.Flushes.Add(new Broken(bug));
        using (new SingleTurns(rig, busy.Transport.Account))
        {
            await busy.Client.SendAsync(new byte[] { 0xC0, 0 });
            await busy.ExpectFailureAsync(bug);
        }

        for (var i = 0; i < Environment.ProcessorCount; i++)
        {
            rig.Broker.Turns.TryEnter().ShouldBeTrue("every turn was left");
        }
    }

    private sealed class Broken(Exception bug) : IFlushable
    {
        public void Flush(bool inline) => throw bug;
    }
}
