using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Connections;

/// <summary>Waits for the first packet of a connection, which must be CONNECT [MQTT-3.1.0-1]. Thread-safe.</summary>
internal sealed class ConnectReceiver(BrokerOptions options, Durability durability, TimeProvider time)
{
    /// <summary>Reads CONNECT.</summary>
    /// <returns>Null when none came in time, or one that breaks the protocol: then the connection ends.</returns>
    public async Task<ConnectPacket?> ReceiveAsync(ClientConnection connection, ReceiveBuffer input, CancellationToken cancellationToken)
    {
        await using var patience = new PeerDeadline(
            options.ConnectTimeout, time, () => connection.Close(new CloseOrder(ReasonCode.Success, CloseReason.ConnectTimeout)));
        while (true)
        {
            var unread = input.Unread.Length;
            var status = TryRead(input, out var needed, out var connect, out var limits, out var violation);
            if (status == FrameStatus.Complete)
            {
                connection.Counters.AddReceived(new Traffic { Packets = 1, Bytes = unread - input.Unread.Length });
                return connect;
            }

            if (status == FrameStatus.Violation)
            {
                await RejectAsync(connection, limits, violation);
                return null;
            }

            if (!input.MayFill(needed))
            {
                connection.Close(ServePhase.NoMemory(needed));
                return null;
            }

            if (!await input.FillAsync(needed, cancellationToken))
            {
                return null;
            }
        }
    }

    /// <param name="input">What was received.</param>
    /// <param name="needed">How long the packet will be; 0 when unknown.</param>
    /// <param name="connect">The packet.</param>
    /// <param name="limits">What the sender of an invalid CONNECT understands; null when it is no CONNECT.</param>
    /// <param name="violation">What was wrong.</param>
    private FrameStatus TryRead(
        ReceiveBuffer input, out int needed, out ConnectPacket? connect, out OutboxLimits? limits, out ProtocolViolation violation)
    {
        connect = null;
        limits = null;
        var largest = Math.Min(options.MaxConnectSize, options.MaxPacketSize);
        var status = FrameReader.Read(input.Unread, largest, null, out var frame, out needed, out violation);
        if (status != FrameStatus.Complete)
        {
            return status;
        }

        if (frame.Type != PacketType.Connect)
        {
            violation = ProtocolViolation.Error("MQTT-3.1.0-1", $"the first packet is {frame.Type}, not CONNECT");
            return FrameStatus.Violation;
        }

        if (!ConnectReader.TryRead(frame, out connect, out var version, out violation))
        {
            limits = new OutboxLimits(version, ConnectReader.MaximumPacketSizeOf(frame, version), 0, 1, 1);
            return FrameStatus.Violation;
        }

        input.Advance(frame.Whole.Length);
        return FrameStatus.Complete;
    }

    /// <summary>
    /// Ends a connection whose first packet breaks the protocol. A CONNECT is answered in the version that it is in, as far as that version
    /// has a code for the reason; anything else is not.
    /// </summary>
    private async Task RejectAsync(ClientConnection connection, OutboxLimits? limits, ProtocolViolation violation)
    {
        connection.Report(violation);
        if (limits is null)
        {
            connection.Close(new CloseOrder(violation.Reason, CloseReason.ProtocolError, violation.Message));
        }
        else if (limits.Version == ProtocolVersion.V500
            || violation.Reason is ReasonCode.UnsupportedProtocolVersion or ReasonCode.ClientIdentifierNotValid)
        {
            var link = new ClientLink(connection, limits, null, options, durability, time);
            link.Refuse(violation.Reason, violation.Message, CloseReason.ProtocolError);
            await link.EndAsync(new CloseOrder(ReasonCode.Success, CloseReason.ProtocolError));
        }
        else
        {
            connection.Close(new CloseOrder(ReasonCode.Success, CloseReason.ProtocolError));
        }
    }
}
