using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Probing;

/// <summary>Reads whole packets from a broker's stream, one by one.</summary>
internal sealed class CanaryReader(Stream stream, ProtocolVersion version)
{
    /// <summary>The longest packet that the canary can expect, in bytes.</summary>
    private const int MaxPacketSize = 16 * 1024;

    private readonly byte[] _buffer = new byte[MaxPacketSize];
    private int _length;

    /// <summary>Whether bytes have arrived that were not read yet.</summary>
    public bool HasMore => _length > 0;

    /// <summary>The next packet, as a copy.</summary>
    /// <exception cref="IOException">The connection ended.</exception>
    /// <exception cref="InvalidDataException">The bytes are not a packet.</exception>
    public async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake() is { } packet)
            {
                return packet;
            }

            var read = await stream.ReadAsync(_buffer.AsMemory(_length), cancellationToken);
            _length += read > 0 ? read : throw new EndOfStreamException("the broker closed the connection");
        }
    }

    /// <summary>A reader of a packet that <see cref="ReadAsync"/> returned.</summary>
    public static Frame FrameOf(byte[] packet, ProtocolVersion version)
    {
        FrameReader.Read(packet, MaxPacketSize, version, out var frame, out _, out _);
        return frame;
    }

    private byte[]? TryTake()
    {
        switch (FrameReader.Read(_buffer.AsSpan(0, _length), MaxPacketSize, version, out var frame, out _, out var violation))
        {
            case FrameStatus.Violation:
                throw new InvalidDataException($"the answer is not a packet: {violation.Message}");
            case FrameStatus.Incomplete:
                return null;
        }

        var packet = frame.Whole.ToArray();
        _length -= packet.Length;
        _buffer.AsSpan(packet.Length, _length).CopyTo(_buffer);
        return packet;
    }
}
