using System.Diagnostics.CodeAnalysis;

namespace Cassini.Streams.Nats;

/// <summary>The address of a NATS server, as <c>nats://HOST:PORT</c>, or <c>tls://HOST:PORT</c> to refuse it without TLS.</summary>
internal static class NatsAddress
{
    /// <summary>What is required, for messages.</summary>
    public const string Form = "nats://HOST:PORT or tls://HOST:PORT";

    private const int DefaultPort = 4222;

    /// <summary>Reads an address. A password in it is refused, because settings are shown.</summary>
    /// <param name="text">The text; without a port it means 4222.</param>
    /// <param name="address">The address with its port, when the text is one.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out Uri? address)
    {
        address = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("nats" or "tls") || uri.Host.Length == 0
            || uri.UserInfo.Length > 0 || uri.PathAndQuery is not ("" or "/") || uri.Fragment.Length > 0 || uri.Port == 0)
        {
            return false;
        }

        address = new UriBuilder(uri.Scheme, uri.Host, uri.Port < 0 ? DefaultPort : uri.Port).Uri;
        return true;
    }

    /// <summary>The address for people and logs.</summary>
    public static string Text(Uri address) => $"{address.Scheme}://{address.Authority}";
}
