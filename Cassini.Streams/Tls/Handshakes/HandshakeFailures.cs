using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Streams.Tls.Handshakes;

/// <summary>Determines why a server's handshake failed.</summary>
internal static partial class HandshakeFailures
{
    private const int MaxDetail = 200;

    // OpenSSL's reason codes (sslerr.h). A reason of 1000 or more is an alert that the peer sent.
    private const int FirstAlert = 1000;
    private const int LastAlert = 1255;
    private static readonly HashSet<int> NothingInCommon =
    [
        101, // no suitable key share
        118, // no suitable signature algorithm
        166, // version too high
        191, // no protocols available
        193, // no shared cipher
        252, // unknown protocol
        254, // unknown ssl version
        258, // unsupported protocol
        259, // unsupported ssl version
        266, // wrong ssl version
        295, // no suitable groups
        297, // no suitable digest algorithm
        373, // inappropriate fallback
        376, // no shared signature algorithms
        396, // version too low
        410, // no shared groups
    ];

    private const int NoPeerCertificate = 199;
    private const int UnexpectedEof = 294;

    /// <summary>Why the handshake failed.</summary>
    /// <param name="exception">What <c>AuthenticateAsServerAsync</c> threw. A cancellation counts as a time-out: a caller that cancels
    /// for another reason must handle that itself.</param>
    /// <param name="verdict">The stream's verdict, which takes precedence over the exception; null if there is none.</param>
    /// <returns>
    /// The reason, and one bounded line for people (null when the reason says all). <see cref="HandshakeFailure.Crashed"/> for an
    /// exception that no peer can cause.
    /// </returns>
    public static (HandshakeFailure Reason, string? Detail) Classify(Exception exception, ClientVerdict? verdict = null)
    {
        if (verdict?.Failure is { } refused)
        {
            return (refused, verdict.Detail);
        }

        return exception switch
        {
            OperationCanceledException => (HandshakeFailure.TimedOut, null),
            AuthenticationException => FromAuthentication(exception),
            IOException or SocketException => (HandshakeFailure.PeerClosed, null),
            _ => (HandshakeFailure.Crashed, Bounded($"{exception.GetType().Name}: {exception.Message}")),
        };
    }

    private static (HandshakeFailure Reason, string? Detail) FromAuthentication(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is IOException or SocketException)
            {
                return (HandshakeFailure.PeerClosed, null);
            }

            if (OpenSslError().Match(e.Message) is { Success: true } match)
            {
                var code = long.Parse(match.Groups["code"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                return FromOpenSsl((int)(code & 0xFFF), match.Groups["reason"].Value);
            }
        }

        return PlainAnswer.Is(exception)
            ? (HandshakeFailure.NotTls, null)
            : (HandshakeFailure.ProtocolError, Bounded(exception.GetBaseException().Message));
    }

    private static (HandshakeFailure Reason, string? Detail) FromOpenSsl(int code, string reason) => code switch
    {
        NoPeerCertificate => (HandshakeFailure.NoCertificate, ClientVerdict.NoCertificate.Detail),
        UnexpectedEof => (HandshakeFailure.PeerClosed, null),
        FirstAlert + TlsAlerts.ProtocolVersion or FirstAlert + TlsAlerts.InsufficientSecurity =>
            (HandshakeFailure.UnsupportedProtocol, $"the peer sent the alert {TlsAlerts.Name(code - FirstAlert)}"),
        >= FirstAlert and <= LastAlert => (HandshakeFailure.PeerAlert, $"the peer sent the alert {TlsAlerts.Name(code - FirstAlert)}"),
        _ when NothingInCommon.Contains(code) => (HandshakeFailure.UnsupportedProtocol, Bounded(reason)),
        _ => (HandshakeFailure.ProtocolError, Bounded(reason)),
    };

    private static string Bounded(string text) => ClientIdentity.Printable(text, MaxDetail);

    // error:0A000102:SSL routines::unsupported protocol
    [GeneratedRegex(@"error:(?<code>[0-9A-Fa-f]{8}):[^:]*:[^:]*:(?<reason>.*)", RegexOptions.CultureInvariant)]
    private static partial Regex OpenSslError();
}
