using System.Net.Security;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Streams.Tls.Handshakes;

/// <summary>
/// The server's side of one TLS connection. It holds the verdict of its own handshake, so that all connections can share
/// the one set of options in <c>TlsMaterial.ServerOptions</c>.
/// </summary>
/// <param name="inner">The transport.</param>
/// <param name="leaveInnerStreamOpen">Whether the transport outlives this stream.</param>
internal sealed class MutualTlsStream(Stream inner, bool leaveInnerStreamOpen) : SslStream(inner, leaveInnerStreamOpen)
{
    /// <summary>
    /// The verdict on the client's certificate. Written once, during the handshake; read it when <c>AuthenticateAsServerAsync</c> has
    /// ended, with or without success.
    /// </summary>
    public ClientVerdict Verdict { get; internal set; } = ClientVerdict.NotJudged;
}
