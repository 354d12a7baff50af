using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;

namespace Cassini.Tests.Cli.Messaging;

/// <summary>A broker for one client, which answers CONNECT with what the test says, and then each packet in turn.</summary>
internal sealed class LimitedBroker : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TempDirectory _directory = new();
    private readonly TestAuthority _authority = new();
    private readonly string _certificate;
    private readonly string _key;

    public LimitedBroker()
    {
        _authority.Write(_directory.Path);
        (_certificate, _key) = _authority.WriteClient(_directory.Path, _authority.IssueClient("tool"), "tool");
        _listener.Start();
    }

    public string Address => $"{_listener.LocalEndpoint}";

    public string[] Connection => ["--broker", Address, "--ca", _directory.File("ca.pem"), "--cert", _certificate, "--key", _key];

    /// <summary>Serves one client to its end.</summary>
    /// <param name="properties">The properties of the CONNACK.</param>
    /// <param name="answers">The answers to the packets after it.</param>
    /// <returns>The first byte of each packet that came after CONNECT.</returns>
    public async Task<IReadOnlyList<byte>> ServeAsync(byte[] properties, params byte[][] answers)
    {
        using var client = await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        using var certificate = X509CertificateLoader.LoadPkcs12(_authority.IssueServer().Export(X509ContentType.Pkcs12), null);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsServerAsync(certificate);
        var packets = new List<byte>();
        byte[] connAck = [0x20, (byte)(properties.Length + 3), 0, 0, (byte)properties.Length, .. properties];
        var script = new Queue<byte[]>([connAck, .. answers]);
        while (await ReadAsync(tls) is { } type)
        {
            packets.Add(type);
            if (script.TryDequeue(out var answer))
            {
                await tls.WriteAsync(answer, TestContext.Current.CancellationToken);
            }
        }

        return packets[1..];
    }

    public void Dispose()
    {
        _listener.Dispose();
        _authority.Dispose();
        _directory.Dispose();
    }

    /// <summary>Reads one packet whose length is written in one byte, or two; null at the end.</summary>
    private static async Task<byte?> ReadAsync(SslStream tls)
    {
        var head = new byte[2];
        if (await tls.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, TestContext.Current.CancellationToken) < 2)
        {
            return null;
        }

        int length = head[1];
        if (length > 127)
        {
            var more = new byte[1];
            await tls.ReadExactlyAsync(more, TestContext.Current.CancellationToken);
            length = (length & 127) + (more[0] << 7);
        }

        await tls.ReadExactlyAsync(new byte[length], TestContext.Current.CancellationToken);
        return head[0];
    }
}
