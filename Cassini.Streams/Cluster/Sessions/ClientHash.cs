using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>
/// Short names of client identifiers. Two that have the same cost one question: the node that is asked knows the identifier itself.
/// </summary>
internal static class ClientHash
{
    public static ulong Of(string clientId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(clientId), hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}
