namespace Cassini.Streams.Store;

/// <summary>Packet identifiers, which are given out in turn: 1 follows 65,535.</summary>
internal static class PacketIds
{
    public static ushort After(ushort id) => id == ushort.MaxValue ? (ushort)1 : (ushort)(id + 1);
}
