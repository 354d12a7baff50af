using System.Net.Security;
using Cassini.Streams.Events;
using Cassini.Tests.Supervision;

namespace Cassini.Tests.Listening;

/// <summary>A peer that is still writing when its connection is ended: it must come to read why.</summary>
public class LingerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Peer_StillWrites_HasFiveSeconds()
    {
        var time = new ManualTimeProvider();
        await using var rig = await ListeningRig.StartAsync(time: time);
        await using var client = await EndAsync(rig);

        time.Advance(TimeSpan.FromSeconds(4));
        await client.WriteAsync(new byte[16 * 1024 * 1024], Token).AsTask().Within("what the peer still writes");
        rig.Events.Of<ConnectionClosed>().ShouldBeEmpty();

        time.Advance(TimeSpan.FromSeconds(1));
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Disconnected);
    }

    /// <summary>One that was ended before must not hold up the stop either.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Peer_StillWritesWhenTheBrokerStops_HasOneSecond(int earlier)
    {
        var time = new ManualTimeProvider();
        await using var rig = await ListeningRig.StartAsync(time: time);
        await using var client = await EndAsync(rig);
        time.Advance(TimeSpan.FromSeconds(earlier));

        var stop = rig.Manager.StopAsync(Token);
        await time.TimerArmedAsync(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(0.9));
        rig.Events.Of<ConnectionClosed>().ShouldBeEmpty();
        time.Advance(TimeSpan.FromSeconds(0.1));

        await stop.Within("the stop");
        rig.Events.Of<ConnectionClosed>().ShouldHaveSingleItem().Reason.ShouldBe(CloseReason.Disconnected);
    }

    [Fact]
    public async Task Peer_WritesForEver_IsCutOff()
    {
        await using var rig = await ListeningRig.StartAsync(time: new ManualTimeProvider());
        await using var client = await EndAsync(rig);
        var writing = Task.Run(
            async () =>
            {
                while (true)
                {
                    await client.WriteAsync(new byte[1024 * 1024], Token);
                }
            },
            Token);

        await Should.ThrowAsync<IOException>(writing.Within("the reset"));
        await rig.Events.WaitForAsync<ConnectionClosed>("the end");
    }

    private static async Task<SslStream> EndAsync(ListeningRig rig)
    {
        var (client, opened) = await rig.OpenAndWaitAsync();
        rig.Manager.Disconnect(opened.ConnectionId).ShouldBeTrue();
        (await client.ReadAsync(new byte[1], Token).AsTask().Within("the close_notify")).ShouldBe(0);

        // More than fits on the way: from now on it is dropped, and the time for that runs.
        await client.WriteAsync(new byte[16 * 1024 * 1024], Token).AsTask().Within("what the peer still writes");
        return client;
    }
}
