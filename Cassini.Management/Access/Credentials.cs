using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Management.Access;

/// <summary>Judges what a caller shows: a bearer token, or a client certificate of the broker's CA.</summary>
internal sealed class Credentials(ManagementContext broker, BearerTokens tokens)
{
    private const string Scheme = "Bearer ";

    private static readonly Refusal Missing = new(StatusCodes.Status401Unauthorized, "credentials are needed: a bearer token, or a client certificate of the broker's CA", true);
    private static readonly Refusal WrongToken = new(StatusCodes.Status401Unauthorized, "the bearer token is not valid", false);
    private static readonly Refusal WrongScheme = new(StatusCodes.Status401Unauthorized, "the Authorization header is not of the form: Bearer TOKEN", false);

    /// <summary>Why the caller is not let in; null when it is.</summary>
    public Refusal? Examine(HttpContext context)
    {
        var header = context.Request.Headers.Authorization;
        if (header.Count > 0)
        {
            // What is shown must be right: a caller whose token was rotated away is to learn it.
            return !TryReadToken(context, out var token) ? WrongScheme : tokens.Accept(token) ? null : WrongToken;
        }

        return Certificate(context) switch
        {
            null => Missing,
            { Accepted: true } verdict when IsOneOfUs(verdict.Identity) => null,
            { Accepted: true } => Missing with { Sentence = "the client certificate's identity may not use the management" },
            var verdict => Missing with { Sentence = $"the client certificate is not accepted: {verdict.Detail}" },
        };
    }

    /// <summary>The token of <c>Authorization: Bearer TOKEN</c> (RFC 6750).</summary>
    public static bool TryReadToken(HttpContext context, out string token)
    {
        var header = context.Request.Headers.Authorization;
        var isBearer = header.Count == 1 && header[0]!.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        token = isBearer ? header[0]![Scheme.Length..].Trim() : "";
        return token.Length > 0;
    }

    /// <summary>Judged at each request: a CA or a revocation list that is reloaded counts for connections that are open already.</summary>
    private ClientVerdict? Certificate(HttpContext context) =>
        context.Connection.ClientCertificate is { } certificate ? broker.Certificates?.Current.Judge(certificate, []) : null;

    private bool IsOneOfUs(string identity) => broker.Options.Identities.IsDefaultOrEmpty || broker.Options.Identities.Contains(identity);
}
