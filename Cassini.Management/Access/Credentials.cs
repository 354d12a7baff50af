using System.Collections.Immutable;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls.Clients;
using Cassini.Streams.Tls.Files;

namespace Cassini.Management.Access;

/// <summary>Checks the credentials of a caller: a bearer token, or a client certificate of the broker's CA.</summary>
/// <param name="tokens">The tokens that are credentials.</param>
/// <param name="shutdown">The tokens of <c>POST /drain</c>, which are none here: their holders are told so.</param>
/// <param name="certificates">Checks client certificates; null when none is a credential.</param>
/// <param name="identities">The identities of client certificates that are credentials; empty for every one.</param>
internal sealed class Credentials(
    BearerTokens tokens, BearerTokens shutdown, CertificateStore? certificates, ImmutableArray<string> identities) : ICallerRule
{
    private const string Scheme = "Bearer ";

    private static readonly Refusal Missing = new(
        StatusCodes.Status401Unauthorized, "credentials are needed: a bearer token, or a client certificate of the broker's CA", true);
    private static readonly Refusal WrongToken = new(StatusCodes.Status401Unauthorized, "the bearer token is not valid", false);
    private static readonly Refusal ShutdownToken = WrongToken with
    {
        Sentence = "this is the shutdown token: it is for POST /drain alone",
    };

    private static readonly Refusal WrongScheme = new(
        StatusCodes.Status401Unauthorized, "the Authorization header is not of the form: Bearer TOKEN", false);

    /// <summary>Why the caller is refused; null when it is accepted.</summary>
    public async ValueTask<Refusal?> ExamineAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization.Count > 0)
        {
            // Credentials that are sent must be valid: a caller whose token was rotated must learn that.
            if (!TryReadToken(context, out var token))
            {
                return WrongScheme;
            }

            if (!await tokens.AcceptAsync(token))
            {
                return await shutdown.AcceptAsync(token) ? ShutdownToken : WrongToken;
            }

            Caller.Note(context, "a token");
            return null;
        }

        switch (Certificate(context))
        {
            case null:
                return Missing;
            case { Accepted: true } verdict when IsNamed(verdict.Identity):
                Caller.Note(context, SafeText.Quote(verdict.Identity));
                return null;
            case { Accepted: true }:
                return Missing with { Sentence = "the client certificate's identity may not use the management" };
            case var verdict:
                return Missing with { Sentence = $"the client certificate is not accepted: {verdict.Detail}" };
        }
    }

    /// <summary>The token of <c>Authorization: Bearer TOKEN</c> (RFC 6750).</summary>
    public static bool TryReadToken(HttpContext context, out string token)
    {
        var header = context.Request.Headers.Authorization;
        var isBearer = header.Count == 1 && header[0]!.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        token = isBearer ? header[0]![Scheme.Length..].Trim() : "";
        return token.Length > 0;
    }

    /// <summary>Checked at each request: a CA or a revocation list that is reloaded counts for connections that are open already.</summary>
    private ClientVerdict? Certificate(HttpContext context) =>
        context.Connection.ClientCertificate is { } certificate
            ? certificates?.Current.Judge(certificate, ManagementTls.Presented(context))
            : null;

    private bool IsNamed(string identity) => identities.IsDefaultOrEmpty || identities.Contains(identity);
}
