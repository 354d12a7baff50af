using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Cassini.Tests.Listening;

/// <summary>A real client's whole hello, for peers that begin a handshake and then say nothing more.</summary>
internal static class RecordedHello
{
    public static async Task<byte[]> RecordAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var server = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(client.GetStream());
        var handshake = tls.AuthenticateAsClientAsync("localhost");

        var header = new byte[5];
        await server.GetStream().ReadExactlyAsync(header);
        var record = new byte[5 + BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(3))];
        header.CopyTo(record, 0);
        await server.GetStream().ReadExactlyAsync(record.AsMemory(5));

        server.Close();
        await Should.ThrowAsync<IOException>(handshake);
        return record;
    }
}
