namespace Cassini.Streams.Mqtt;

/// <summary>A peer's violation of the standard. A value, never an exception, because it must affect only its sender.</summary>
/// <param name="Reason">The MQTT 5.0 reason code.</param>
/// <param name="Clause">The clause that was broken, in the standard of the peer's version, for example <c>MQTT-3.3.1-4</c> or
/// <c>§2.2.2.2</c>.</param>
/// <param name="Message">For people.</param>
internal readonly record struct ProtocolViolation(ReasonCode Reason, string Clause, string Message)
{
    public static ProtocolViolation Malformed(string clause, string message) => new(ReasonCode.MalformedPacket, clause, message);

    public static ProtocolViolation Error(string clause, string message) => new(ReasonCode.ProtocolError, clause, message);

    public override string ToString() => $"{Reason}: {Message} [{Clause}]";
}
