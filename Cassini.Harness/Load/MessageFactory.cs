using System.Buffers.Binary;
using System.Text;
using Cassini.Harness.Messages;
using Cassini.Harness.Plans;

namespace Cassini.Harness.Load;

/// <summary>Makes a client's messages. Only plan, publisher, client and sequence decide their bytes.</summary>
internal sealed class MessageFactory
{
    private readonly PlanPublisher _publisher;
    private readonly ulong _run;
    private readonly ushort _test;
    private readonly ushort _client;
    private readonly ulong _seed;
    private readonly byte[] _fixed;
    private readonly PayloadTemplate? _template;

    public MessageFactory(LoadRun run, PlanPublisher publisher, int client)
    {
        (_publisher, _run, _test, _client) = (publisher, run.Id, (ushort)run.Test, (ushort)client);
        _seed = Mix(
            (ulong)(publisher.Payload.Seed ?? run.Seed) ^ ((ulong)run.Test << 48) ^ ((ulong)publisher.Index << 32) ^ ((ulong)client << 16));
        _fixed = publisher.Payload.Kind == PayloadKind.Fixed ? Encoding.UTF8.GetBytes(publisher.Payload.Text!) : [];
        _template = publisher.Payload.Kind == PayloadKind.Template ? new PayloadTemplate(publisher.Payload.Text!, publisher.Name) : null;
    }

    public byte[] Make(long sequence)
    {
        var payload = GC.AllocateUninitializedArray<byte>(_publisher.MessageSize);
        var id = new MessageId(_test, (ushort)_publisher.Index, _client, (ushort)(sequence % _publisher.Keys), sequence);
        var body = payload.AsSpan(Envelope.Size);
        switch (_publisher.Payload.Kind)
        {
            case PayloadKind.Random:
                FillRandom(body, _seed + (ulong)sequence);
                break;
            case PayloadKind.Fixed:
                Repeat(_fixed, body);
                break;
            default:
                Repeat(_template!.For(id), body);
                break;
        }

        Envelope.Seal(payload, _run, id);
        return payload;
    }

    /// <summary>Repeats the text until the body is full; the last repetition may be cut.</summary>
    private static void Repeat(ReadOnlySpan<byte> text, Span<byte> body)
    {
        while (body.Length > 0)
        {
            var part = Math.Min(text.Length, body.Length);
            text[..part].CopyTo(body);
            body = body[part..];
        }
    }

    /// <summary>Not System.Random, because another version of .NET may return other bytes for the same seed.</summary>
    private static void FillRandom(Span<byte> body, ulong seed)
    {
        var state = Mix(seed);
        for (; body.Length >= sizeof(ulong); body = body[sizeof(ulong)..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(body, Next(ref state));
        }

        if (body.Length > 0)
        {
            Span<byte> last = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(last, Next(ref state));
            last[..body.Length].CopyTo(body);
        }
    }

    private static ulong Next(ref ulong state) => Mix(state += 0x9E3779B97F4A7C15);

    /// <summary>The finalizer of SplitMix64.</summary>
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
