using System.Buffers.Binary;
using System.Buffers.Text;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The topics that a <see cref="NodeQueue"/> is for are known by their hashes only. In its session they are subscriptions whose filters are
/// thousands of hashes each, so that they are stored, and few. Which of them a hash is in depends on its highest bits: one topic more
/// changes one of them.
/// </summary>
internal static class KeptTopics
{
    /// <summary>
    /// About so many are in each. In base64 the longest filter of MQTT has room for 6,143, and how many come together is chance.
    /// </summary>
    private const int UsuallyInAFilter = 2_048;

    /// <summary>The queue's own tree has nothing else that begins so, and other nodes may not say such filters.</summary>
    private const string Prefix = "$topics/";

    /// <summary>Whether a filter stands for topics.</summary>
    public static bool IsOne(string filter) => filter.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The filters that stand for topics: the same for the same topics.</summary>
    public static IEnumerable<string> Write(IReadOnlyCollection<ulong> topics)
    {
        var bits = 0;
        while (topics.Count >> bits > UsuallyInAFilter)
        {
            bits++;
        }

        return topics.GroupBy(topic => bits == 0 ? 0 : topic >> (64 - bits))
            .SelectMany(together => together.Order().Chunk(2 * UsuallyInAFilter))
            .Select(Write);
    }

    /// <summary>The hashes of the topics that a filter stands for; none when it is damaged.</summary>
    public static IEnumerable<ulong> Read(string filter)
    {
        var letters = filter.AsSpan(Prefix.Length);
        var bytes = new byte[Base64Url.GetMaxDecodedLength(letters.Length)];
        if (!Base64Url.IsValid(letters) || !Base64Url.TryDecodeFromChars(letters, bytes, out var length))
        {
            return [];
        }

        var topics = new ulong[length / sizeof(ulong)];
        for (var i = 0; i < topics.Length; i++)
        {
            topics[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(i * sizeof(ulong)));
        }

        return topics;
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
