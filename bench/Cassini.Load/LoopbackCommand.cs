using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls.Development;

namespace Cassini.Load;

/// <summary>
/// The generator's ceiling on this machine: 1-1 through a server of the same process that decrypts what the publisher sends and
/// encrypts it for the subscriber, and knows nothing of MQTT in between. No broker can exceed it.
/// </summary>
internal static class LoopbackCommand
{
    public static void Run(LoadOptions options)
    {
        var made = options.Certificates is null ? Directory.CreateTempSubdirectory("cassini-load-").FullName : null;
        try
        {
            Run(options, options.Certificates ?? made!);
        }
        finally
        {
            if (made is not null)
            {
                Directory.Delete(made, recursive: true);
            }
        }
    }

    private static void Run(LoadOptions options, string certificates)
    {
        DevelopmentCertificates.Ensure(certificates, TimeProvider.System, []);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var server = new Worker("loopback", () => Serve(listener, ServerOptions(certificates), options.Version5));
        options = options with { Port = ((IPEndPoint)listener.LocalEndPoint!).Port };
        Console.WriteLine(new ThroughputLoad("loopback", groups: 1, subscribers: 1, qos: 0).Run(options, new ClientTls(certificates)));
        server.Join(TimeSpan.FromSeconds(2));
    }

    // The load opens the subscriber's connection first.
    private static void Serve(Socket listener, SslServerAuthenticationOptions options, bool version5)
    {
        using var subscriber = Accept(listener, options, version5);
        byte[] granted = version5 ? [0x90, 4, 0, 1, 0, 0] : [0x90, 3, 0, 1, 0];
        Answer(subscriber, granted);
        using var publisher = Accept(listener, options, version5);
        var buffer = new byte[PacketReader.DefaultSize];
        for (int count; (count = publisher.Read(buffer)) > 0;)
        {
            subscriber.Write(buffer, 0, count);
        }
    }

    private static SslStream Accept(Socket listener, SslServerAuthenticationOptions options, bool version5)
    {
        var socket = listener.Accept();
        socket.NoDelay = true;
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        stream.AuthenticateAsServer(options);
        Answer(stream, version5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]);
        return stream;
    }

    private static void Answer(SslStream stream, byte[] answer)
    {
        var ignored = default(Nothing);
        new PacketReader(stream, PacketReader.DefaultSize).Read(ref ignored);
        stream.Write(answer);
    }

    private static SslServerAuthenticationOptions ServerOptions(string directory) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(ServerFiles.Certificate(directory), null, offline: true),
        ClientCertificateRequired = true,
        CertificateChainPolicy = ServerFiles.ClientPolicy(directory),
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        AllowTlsResume = false,
    };

    private struct Nothing : IPacketSink
    {
        public readonly void Take(byte first, ReadOnlySpan<byte> body)
        {
        }
    }
}
