using System.Buffers.Binary;
using System.Buffers.Text;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The topics that a <see cref="NodeQueue"/> is for are known by their hashes only. In its session they are subscriptions whose filters are
/// thousands of hashes each, so that they are stored, and few.
/// </summary>
internal static class KeptTopics
{
    /// <summary>In base64 the longest filter of MQTT has room for a few more.</summary>
    private const int MostInAFilter = 4_000;

    /// <summary>No topic that a client may publish to is one of these filters.</summary>
    private const string Prefix = "$topics/";

    /// <summary>Whether a filter stands for topics.</summary>
    public static bool IsOne(string filter) => filter.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The filters that stand for topics: the same for the same topics.</summary>
    public static IEnumerable<string> Write(IEnumerable<ulong> topics) => topics.Order().Chunk(MostInAFilter).Select(Write);

    /// <summary>The hashes of the topics that a filter stands for.</summary>
    public static IEnumerable<ulong> Read(string filter)
    {
        var bytes = Base64Url.DecodeFromChars(filter.AsSpan(Prefix.Length));
        for (var at = 0; at + sizeof(ulong) <= bytes.Length; at += sizeof(ulong))
        {
            yield return BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
        }
    }

    private static string Write(ulong[] topics)
    {
        var bytes = new byte[topics.Length * sizeof(ulong)];
        for (var i = 0; i < topics.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * sizeof(ulong)), topics[i]);
        }

        return Prefix + Base64Url.EncodeToString(bytes);
    }
}
