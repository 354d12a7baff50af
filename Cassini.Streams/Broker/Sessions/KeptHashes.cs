using System.Buffers.Binary;
using System.Buffers.Text;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The topics and the clients that a <see cref="NodeQueue"/> is for are known by their hashes only. In its session they are subscriptions
/// whose filters are thousands of hashes each, so that they are stored, and few. Which of them a hash is in depends on its highest bits:
/// one more changes one of them.
/// </summary>
/// <param name="prefix">
/// What these filters begin with. The queue's own tree has nothing else that begins so, and other nodes may not say such filters.
/// </param>
internal sealed class KeptHashes(string prefix)
{
    /// <summary>
    /// About so many are in each. In base64 the longest filter of MQTT has room for 6,143, and how many come together is chance.
    /// </summary>
    private const int UsuallyInAFilter = 2_048;

    /// <summary>The topics.</summary>
    public static KeptHashes Topics { get; } = new("$topics/");

    /// <summary>The clients.</summary>
    public static KeptHashes Clients { get; } = new("$clients/");

    /// <summary>Whether a filter stands for topics or clients.</summary>
    public static bool IsAny(string filter) => Topics.IsOne(filter) || Clients.IsOne(filter);

    /// <summary>Whether a filter is one of these.</summary>
    public bool IsOne(string filter) => filter.StartsWith(prefix, StringComparison.Ordinal);

    /// <summary>The filters that stand for hashes: the same for the same ones.</summary>
    public IEnumerable<string> Write(IReadOnlyCollection<ulong> hashes)
    {
        var bits = 0;
        while (hashes.Count >> bits > UsuallyInAFilter)
        {
            bits++;
        }

        return hashes.GroupBy(hash => bits == 0 ? 0 : hash >> (64 - bits))
            .SelectMany(together => together.Order().Chunk(2 * UsuallyInAFilter))
            .Select(Write);
    }

    /// <summary>The hashes that a filter stands for; none when it is damaged.</summary>
    public IEnumerable<ulong> Read(string filter)
    {
        var letters = filter.AsSpan(prefix.Length);
        var bytes = new byte[Base64Url.GetMaxDecodedLength(letters.Length)];
        if (!Base64Url.IsValid(letters) || !Base64Url.TryDecodeFromChars(letters, bytes, out var length))
        {
            return [];
        }

        var hashes = new ulong[length / sizeof(ulong)];
        for (var i = 0; i < hashes.Length; i++)
        {
            hashes[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(i * sizeof(ulong)));
        }

        return hashes;
    }

    private string Write(ulong[] hashes)
    {
        var bytes = new byte[hashes.Length * sizeof(ulong)];
        for (var i = 0; i < hashes.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * sizeof(ulong)), hashes[i]);
        }

        return prefix + Base64Url.EncodeToString(bytes);
    }
}
