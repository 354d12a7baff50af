using Cassini.Streams.Feed;

namespace Cassini.Harness.Clients;

/// <summary>How a client reaches management ports: with the same certificates and the same token for feeds and for requests.</summary>
internal static class ManagementAccess
{
    /// <param name="tls">The certificates for https; null for http.</param>
    /// <param name="token">The bearer token; null for none.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ClientException">A file cannot be used.</exception>
    public static HealthFeedOptions Of(TlsFiles? tls, TokenFile? token, TimeProvider time)
    {
        var identity = tls?.Read();
        return new HealthFeedOptions
        {
            Time = time,
            Token = token is null ? null : token.Read,
            TrustedAuthorities = identity?.Authorities ?? [],
            ClientCertificate = identity?.Own,
        };
    }
}
