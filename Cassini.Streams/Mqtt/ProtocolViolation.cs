namespace Cassini.Streams.Mqtt;

/// <summary>What a peer did against the standard. A value, never an exception: it costs its sender alone.</summary>
/// <param name="Reason">What MQTT 5.0 calls it.</param>
/// <param name="Clause">The clause that was broken, of the version that the peer speaks, for example <c>MQTT-3.3.1-4</c> or <c>§2.2.2.2</c>.</param>
/// <param name="Message">For people.</param>
internal readonly record struct ProtocolViolation(ReasonCode Reason, string Clause, string Message)
{
    public static ProtocolViolation Malformed(string clause, string message) => new(ReasonCode.MalformedPacket, clause, message);

    public static ProtocolViolation Error(string clause, string message) => new(ReasonCode.ProtocolError, clause, message);

    public override string ToString() => $"{Reason}: {Message} [{Clause}]";
}
