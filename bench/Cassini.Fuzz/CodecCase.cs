using Cassini.Streams.Mqtt;
using Cassini.Tests.Mqtt;
using CsCheck;

namespace Cassini.Fuzz;

/// <summary>One input: valid packets, most of them damaged. The same seed and number give the same one.</summary>
internal sealed record CodecCase(ProtocolVersion Version, bool FromClient, byte[] Input, int[] Chunks)
{
    private static readonly Dictionary<(ProtocolVersion, bool), Gen<byte[]>> Packets = new()
    {
        [(ProtocolVersion.V310, false)] = GeneratedPackets.Packet(ProtocolVersion.V310, fromClient: false),
        [(ProtocolVersion.V310, true)] = GeneratedPackets.Packet(ProtocolVersion.V310, fromClient: true),
        [(ProtocolVersion.V311, false)] = GeneratedPackets.Packet(ProtocolVersion.V311, fromClient: false),
        [(ProtocolVersion.V311, true)] = GeneratedPackets.Packet(ProtocolVersion.V311, fromClient: true),
        [(ProtocolVersion.V500, false)] = GeneratedPackets.Packet(ProtocolVersion.V500, fromClient: false),
        [(ProtocolVersion.V500, true)] = GeneratedPackets.Packet(ProtocolVersion.V500, fromClient: true),
    };

    public static CodecCase Generate(int seed, long number)
    {
        var random = new Random(HashCode(seed, number));
        var pcg = new PCG((uint)seed, (ulong)number);
        var version = VersionOf(random);
        var fromClient = random.Next(3) != 0;
        var packets = Enumerable.Range(0, random.Next(1, 4))
            .Select(_ => Damage.Packet(random, Generate(version, fromClient), () => Generate(version, fromClient)))
            .ToArray();
        var input = packets.SelectMany(packet => packet).ToArray();
        if (random.Next(4) == 0)
        {
            input = Damage.Bytes(random, input);
        }

        return new CodecCase(version, fromClient, input, [.. Enumerable.Range(0, 8).Select(_ => 1 + random.Next(1 << random.Next(8)))]);

        byte[] Generate(ProtocolVersion of, bool from)
        {
            var kind = random.Next(20) == 0 ? (VersionOf(random), !from) : (of, from);
            return Packets[kind].Generate(pcg, null, out _);
        }
    }

    /// <summary>Any version, the newest one most often.</summary>
    public static ProtocolVersion VersionOf(Random random) => random.Next(6) switch
    {
        0 => ProtocolVersion.V310,
        1 => ProtocolVersion.V311,
        _ => ProtocolVersion.V500,
    };

    /// <summary>Not <see cref="System.HashCode"/>, which is another in every process.</summary>
    private static int HashCode(int seed, long number) =>
        unchecked((seed * 486_187_739) ^ (int)(number * 16_777_619) ^ (int)(number >> 32));
}
