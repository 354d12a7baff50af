using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Cassini.Harness.Messages;

/// <summary>
/// The front of every payload. From it a subscriber knows of which run a message is, which message it is, and that no bit of it changed.
/// Integers are big-endian: <c>magic 4 · run 8 · test 2 · publisher 2 · client 2 · key 2 · sequence 8 · SHA-256 32</c>, then the body.
/// The hash covers what is before it and the body after it. There is no time in it, so that the same plan always makes the same bytes.
/// </summary>
internal static class Envelope
{
    /// <summary>The length of the envelope, in bytes.</summary>
    public const int Size = HashAt + SHA256.HashSizeInBytes;

    private const int RunAt = 4;
    private const int HashAt = 28;

    private static ReadOnlySpan<byte> Magic => "CSN1"u8;

    /// <summary>What the messages of one plan and seed have in common.</summary>
    public static ulong RunOf(string plan, long seed)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{seed}\n{plan}")), hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }

    /// <summary>Fills the front of a payload whose body is in place.</summary>
    public static void Seal(Span<byte> payload, ulong run, MessageId id)
    {
        Magic.CopyTo(payload);
        BinaryPrimitives.WriteUInt64BigEndian(payload[RunAt..], run);
        BinaryPrimitives.WriteUInt16BigEndian(payload[12..], id.Test);
        BinaryPrimitives.WriteUInt16BigEndian(payload[14..], id.Publisher);
        BinaryPrimitives.WriteUInt16BigEndian(payload[16..], id.Client);
        BinaryPrimitives.WriteUInt16BigEndian(payload[18..], id.Key);
        BinaryPrimitives.WriteInt64BigEndian(payload[20..], id.Sequence);
        Hash(payload, payload.Slice(HashAt, SHA256.HashSizeInBytes));
    }

    /// <summary>What a payload is for a subscriber that expects those of <paramref name="run"/>.</summary>
    public static EnvelopeKind Open(ReadOnlySpan<byte> payload, ulong run, out MessageId id)
    {
        id = default;
        var isMagic = payload.StartsWith(Magic);
        if (payload.Length < Size)
        {
            return isMagic ? EnvelopeKind.Corrupt : EnvelopeKind.Foreign;
        }

        var isRun = BinaryPrimitives.ReadUInt64BigEndian(payload[RunAt..]) == run;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(payload, hash);
        if (!hash.SequenceEqual(payload.Slice(HashAt, SHA256.HashSizeInBytes)))
        {
            // The damage may be in the magic or in the run itself: one of the two is enough to recognize the message.
            return isMagic || isRun ? EnvelopeKind.Corrupt : EnvelopeKind.Foreign;
        }

        if (!isMagic || !isRun)
        {
            return EnvelopeKind.Foreign;
        }

        id = new MessageId(
            BinaryPrimitives.ReadUInt16BigEndian(payload[12..]),
            BinaryPrimitives.ReadUInt16BigEndian(payload[14..]),
            BinaryPrimitives.ReadUInt16BigEndian(payload[16..]),
            BinaryPrimitives.ReadUInt16BigEndian(payload[18..]),
            BinaryPrimitives.ReadInt64BigEndian(payload[20..]));
        return EnvelopeKind.Good;
    }

    // In two parts: all but the hash itself.
    private static void Hash(ReadOnlySpan<byte> payload, Span<byte> hash)
    {
        var hasher = _hasher ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hasher.AppendData(payload[..HashAt]);
        hasher.AppendData(payload[Size..]);
        hasher.GetHashAndReset(hash);
    }

    [ThreadStatic]
    private static IncrementalHash? _hasher;
}
