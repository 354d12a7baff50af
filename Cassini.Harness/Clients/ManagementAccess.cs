using Cassini.Streams.Feed;

namespace Cassini.Harness.Clients;

/// <summary>How a client reaches management ports: with the same certificates and the same token for feeds and for requests.</summary>
internal static class ManagementAccess
{
    /// <summary>The variable for the file with the token of the broker and of its clients.</summary>
    public const string TokenVariable = "CASSINI_MANAGEMENT_TOKEN_FILE";

    /// <summary>The settings of a command that give credentials.</summary>
    public const string Flags = $"--token-file FILE or {TokenVariable}, or --cert and --key for https";

    /// <summary>The refusal, and how to give credentials when it was for want of any.</summary>
    /// <param name="refusal">The refusal of a feed.</param>
    /// <param name="remedy">The settings that give credentials.</param>
    public static string WithRemedy(string refusal, string remedy) =>
        refusal.Contains(HttpFeedTransport.NoCredentials, StringComparison.Ordinal) ? $"{refusal}: give {remedy}" : refusal;

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
