using BenchmarkDotNet.Attributes;
using Cassini.Streams.Broker.Connections;

namespace Cassini.Micro;

/// <summary>
/// A record full of 64-byte QoS 0 messages through the engine, from the receive buffer to the subscribers' outboxes; per message.
/// </summary>
[MemoryDiagnoser]
public class RoutingBenchmarks
{
    private const int Messages = 16 * 1024 / 84;

    private PacketHandler _handler = null!;
    private ReceiveBuffer _input = null!;
    private ClientConnection _publisher = null!;

    [Params(1, 16)]
    public int Subscribers { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        var rig = new BrokerRig();
        for (var i = 0; i < Subscribers; i++)
        {
            rig.Connect($"sub{i}");
            rig.Subscribe($"sub{i}", "load/topic/0/");
        }

        (_publisher, _handler, _input, var stream) = rig.Connect("pub");
        var frame = Frames.Publish("load/topic/0/", 64);
        stream.Bytes = [.. Enumerable.Repeat(frame, Messages).SelectMany(bytes => bytes)];
    }

    [Benchmark(OperationsPerInvoke = Messages, Description = "route QoS 0")]
    public async Task Route()
    {
        await _input.FillAsync(0, CancellationToken.None);
        while (_handler.Handle(_input, out _) == Step.GoOn)
        {
            // The rest of a batch that took long.
        }

        _publisher.Flushes.Flush();
    }
}
