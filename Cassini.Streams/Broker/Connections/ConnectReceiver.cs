using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Connections;

/// <summary>Waits for the first packet of a connection, which must be CONNECT [MQTT-3.1.0-1]. Thread-safe.</summary>
internal sealed class ConnectReceiver(BrokerOptions options, MemoryBudget budget, TimeProvider time)
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
            var status = TryRead(input, out var needed, out var connect, out var version, out var violation);
            if (status == FrameStatus.Complete)
            {
                connection.Counters.AddReceived(new Traffic { Packets = 1, Bytes = unread - input.Unread.Length });
                return connect;
            }

            if (status == FrameStatus.Violation)
            {
                await RejectAsync(connection, version, violation);
                return null;
            }

            if (!await input.FillAsync(needed, cancellationToken))
            {
                return null;
            }
        }
    }

    private FrameStatus TryRead(
        ReceiveBuffer input, out int needed, out ConnectPacket? connect, out ProtocolVersion? version, out ProtocolViolation violation)
    {
        connect = null;
        version = null;
        var status = FrameReader.Read(input.Unread, options.MaxPacketSize, null, out var frame, out needed, out violation);
        if (status != FrameStatus.Complete)
        {
            return status;
        }

        if (frame.Type != PacketType.Connect)
        {
            violation = ProtocolViolation.Error("MQTT-3.1.0-1", $"the first packet is {frame.Type}, not CONNECT");
            return FrameStatus.Violation;
        }

        var length = frame.Whole.Length;
        var isValid = ConnectReader.TryRead(frame, out connect, out var spoken, out violation);
        version = spoken;
        input.Advance(length);
        return isValid ? FrameStatus.Complete : FrameStatus.Violation;
    }

    /// <summary>
    /// Ends a connection whose first packet breaks the protocol. A CONNECT is answered in the version that it is in, as far as that version
    /// has a code for the reason; anything else is not.
    /// </summary>
    private async Task RejectAsync(ClientConnection connection, ProtocolVersion? version, ProtocolViolation violation)
    {
        connection.Report(violation);
        if (version is not { } spoken)
        {
            connection.Close(new CloseOrder(violation.Reason, CloseReason.ProtocolError, violation.Message));
        }
        else if (spoken == ProtocolVersion.V500
            || violation.Reason is ReasonCode.UnsupportedProtocolVersion or ReasonCode.ClientIdentifierNotValid)
        {
            var link = new ClientLink(connection, new OutboxLimits(spoken, int.MaxValue, 0, 1, 1), null, options, budget, time);
            link.Refuse(violation.Reason, violation.Message, CloseReason.ProtocolError);
            await link.EndAsync(null);
        }
        else
        {
            connection.Close(new CloseOrder(ReasonCode.Success, CloseReason.ProtocolError));
        }
    }
}
