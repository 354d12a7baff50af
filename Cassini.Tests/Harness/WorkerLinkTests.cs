using System.Buffers.Binary;
using System.Text;
using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Workers;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Harness;

public class WorkerLinkTests
{
    private readonly VirtualClock _clock = new();
    private readonly PipeEnd _far;
    private readonly WorkerLink _link;

    public WorkerLinkTests()
    {
        (var near, _far) = PipeEnd.Pair();
        _link = new WorkerLink(near, _clock.Time);
    }

    [Fact]
    public async Task Message_Sent_ArrivesAsItWas()
    {
        await using var far = new WorkerLink(_far, _clock.Time);
        var order = new LoadOrder(
            new LoadRun(ulong.MaxValue, 42, 3),
            new BrokerAddress("b", "::1", 8883, "localhost"),
            [new PlanProducer { Index = 1, Name = "ü", Topic = "t", Duration = TimeSpan.FromMilliseconds(1.5), Pattern = new PlanPattern(3, TimeSpan.FromHours(1)), Payload = new PlanPayload(PayloadKind.Template, "{{seq}}", 7) }],
            [new PlanSink { Index = 0, Name = "s", Topic = "#", Expect = new PlanExpectation { AtLeast = 5, Within = TimeSpan.FromSeconds(1), NoLoss = true } }]);
        await _link.SendAsync(new WorkerMessage.PlanOrder(3, order));

        var received = (await NextAsync(far)).ShouldBeOfType<WorkerMessage.PlanOrder>();

        received.Order.Run.ShouldBe(order.Run);
        received.Order.Broker.ShouldBe(order.Broker);
        received.Order.Producers.ShouldBe(order.Producers);
        received.Order.Sinks.ShouldBe(order.Sinks);
    }

    [Fact]
    public async Task Peer_SilentForFiveSeconds_IsDead()
    {
        var next = _link.ReceiveAsync(CancellationToken.None);
        _clock.AdvanceBy(WorkerLink.Silence - TimeSpan.FromTicks(1));
        next.IsCompleted.ShouldBeFalse();
        _clock.AdvanceBy(TimeSpan.FromTicks(1));

        (await Should.ThrowAsync<WorkerLinkException>(Eventually.CompletesAsync("the end", next))).Message.ShouldBe("silent for 5 s");
    }

    [Fact]
    public async Task Link_Idle_BeatsEverySecond()
    {
        for (var i = 0; i < 3; i++)
        {
            _clock.AdvanceBy(WorkerLink.HeartbeatInterval);
            var header = new byte[4];
            await Eventually.CompletesAsync("a heartbeat", _far.ReadExactlyAsync(header).AsTask());
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(header)];
            await _far.ReadExactlyAsync(body);
            Encoding.UTF8.GetString(body).ShouldBe("""{"type":"heartbeat"}""");
        }
    }

    [Fact]
    public async Task Heartbeats_AreHeardAndNotHandedOn()
    {
        var next = _link.ReceiveAsync(CancellationToken.None);
        await FrameAsync("""{"type":"heartbeat"}""");
        await FrameAsync("""{"type":"welcome","run":"r"}""");

        (await Eventually.CompletesAsync("the message", next)).ShouldBe(new WorkerMessage.Welcome("r"));
    }

    [Theory]
    [InlineData("{", "it sent what is no message")]
    [InlineData("""{"type":"unheard"}""", "it sent what is no message")]
    [InlineData("{}", "it sent what is no message")]
    [InlineData("null", "it sent null")]
    public async Task Peer_ThatTalksNonsense_IsToldOff(string body, string expected)
    {
        await FrameAsync(body);
        (await Should.ThrowAsync<WorkerLinkException>(NextAsync(_link))).Message.ShouldStartWith(expected);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(WorkerLink.MaxFrame + 1)]
    [InlineData(-1)]
    public async Task Frame_OfAnImpossibleLength_IsRefusedBeforeItIsRead(int length)
    {
        var header = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(header, length);
        await _far.WriteAsync(header);

        (await Should.ThrowAsync<WorkerLinkException>(NextAsync(_link))).Message.ShouldContain($"a frame of {(uint)length} bytes");
    }

    [Fact]
    public async Task Peer_ThatHangsUp_IsGone()
    {
        await _far.DisposeAsync();
        (await Should.ThrowAsync<WorkerLinkException>(NextAsync(_link))).Message.ShouldBe("it hung up");
    }

    private static Task<WorkerMessage> NextAsync(WorkerLink link) => Eventually.CompletesAsync("a message", link.ReceiveAsync(CancellationToken.None));

    private async Task FrameAsync(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var frame = new byte[4 + bytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, bytes.Length);
        bytes.CopyTo(frame, 4);
        await _far.WriteAsync(frame);
    }
}
