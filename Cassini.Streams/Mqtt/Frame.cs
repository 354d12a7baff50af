namespace Cassini.Streams.Mqtt;

/// <summary>One whole control packet, as a view of the receive buffer.</summary>
internal readonly ref struct Frame(ReadOnlySpan<byte> whole, int headerLength)
{
    public ReadOnlySpan<byte> Whole { get; } = whole;

    public PacketType Type => (PacketType)(Whole[0] >> 4);

    /// <summary>The low four bits of the first byte.</summary>
    public byte Flags => (byte)(Whole[0] & 0x0F);

    /// <summary>Variable header and payload.</summary>
    public ReadOnlySpan<byte> Body => Whole[headerLength..];

    public int HeaderLength => headerLength;

    /// <summary>Whether its length is encoded in the fewest bytes. MQTT 3.1.1 does not require this.</summary>
    public bool IsShortest => headerLength == 1 + VariableByteInteger.SizeOf(Whole.Length - headerLength);
}
