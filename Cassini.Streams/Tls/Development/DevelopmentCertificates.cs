using System.Collections.Immutable;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Streams.Tls.Development;

/// <summary>
/// Creates a CA and its certificates for development: EC P-256, a server for <c>localhost</c>, <c>127.0.0.1</c> and <c>::1</c>, and
/// clients. Existing files are kept; a private key is never overwritten.
/// </summary>
public static class DevelopmentCertificates
{
    /// <summary>The CA's certificate.</summary>
    public const string CaFile = "ca.pem";

    /// <summary>The CA's private key.</summary>
    public const string CaKeyFile = "ca.key";

    /// <summary>The CA's revocation list, which is made with the first certificate that is revoked.</summary>
    public const string ListFile = "ca.crl";

    /// <summary>The server's certificate.</summary>
    public const string ServerFile = "server.pem";

    /// <summary>The server's private key.</summary>
    public const string ServerKeyFile = "server.key";

    /// <summary>The client certificate that is always created.</summary>
    public const string ClientName = "client";

    /// <summary>The canary's client certificate: <c>canary.pem</c>, <c>canary.key</c>.</summary>
    public const string CanaryName = "canary";

    /// <summary>The identity in the canary's certificate.</summary>
    public const string CanaryIdentity = "cassini-canary";

    private const string ServerName = "server";
    private const string CaName = "ca";
    private const int MaxNameLength = 64; // ub-common-name, RFC 5280 appendix A

    /// <summary>
    /// Ensures that the directory has ca, server, client, canary and the named clients, each as NAME.pem and NAME.key (mode 0600).
    /// </summary>
    /// <param name="directory">The directory; created if it does not exist.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="clients">Further clients: 1 to 64 of A-Z a-z 0-9 . _ - each, not beginning with . or -; the name is the
    /// certificate's CN.</param>
    /// <returns>What was done with each file, in the order of creation.</returns>
    /// <exception cref="ArgumentException">A client's name is not allowed.</exception>
    /// <exception cref="TlsConfigurationException">An existing file cannot be used, or the CA's key, which must sign, is
    /// missing.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be written.</exception>
    public static ImmutableArray<DevelopmentCertificateAction> Ensure(
        string directory, TimeProvider timeProvider, IEnumerable<string> clients) =>
        Ensure(directory, timeProvider, new DevelopmentCertificateRequest { Clients = [.. clients] });

    /// <summary>
    /// The same with names of the server, and with certificates that are revoked. A revocation list that exists is written anew before it
    /// goes stale. A revoked certificate is not renewed: for a new one, remove NAME.pem and NAME.key.
    /// </summary>
    /// <param name="directory">The directory; created if it does not exist.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="request">What it is to have.</param>
    /// <returns>What was done with each file, in the order of creation.</returns>
    /// <exception cref="ArgumentException">A name is not allowed, or there is no certificate of a name to revoke.</exception>
    /// <exception cref="TlsConfigurationException">An existing file cannot be used, or the CA's key, which must sign, is
    /// missing.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be written.</exception>
    public static ImmutableArray<DevelopmentCertificateAction> Ensure(
        string directory, TimeProvider timeProvider, DevelopmentCertificateRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var hosts = ServerNames.With(request.Hosts);
        var names = request.Clients.Prepend(ClientName).Distinct(StringComparer.Ordinal).ToArray();
        foreach (var name in names)
        {
            RequireUsable(name);
        }

        foreach (var name in request.Revoked)
        {
            RequireRevocable(name);
        }

        Create(directory);
        var ca = DevelopmentAuthority.Ensure(directory, timeProvider);
        ca.EnsureLeaf(ServerName, "localhost", CertificateUsage.ServerAuthentication, hosts);
        foreach (var name in names)
        {
            ca.EnsureLeaf(name, name, CertificateUsage.ClientAuthentication, []);
        }

        ca.EnsureLeaf(CanaryName, CanaryIdentity, CertificateUsage.ClientAuthentication, []);
        ca.Revoke(request.Revoked);
        return ca.Actions;
    }

    /// <summary>What is in a directory; nothing is changed.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <returns>The CA, and its certificates by name.</returns>
    /// <exception cref="TlsConfigurationException">There is no CA in it, or it cannot be read, or its revocation list cannot.</exception>
    public static ImmutableArray<DevelopmentCertificate> List(string directory, TimeProvider timeProvider) =>
        DevelopmentAuthority.Open(directory, timeProvider).List();

    private static void Create(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new UnauthorizedAccessException(FileProblem.OfNewDirectory(failure, Path.GetFullPath(directory)), failure);
        }
        catch (IOException failure)
        {
            throw new IOException(FileProblem.OfNewDirectory(failure, Path.GetFullPath(directory)), failure);
        }
    }

    private static void RequireName(string name)
    {
        if (name.Length is 0 or > MaxNameLength || name[0] is '.' or '-'
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
        {
            throw new ArgumentException(
                $"'{ClientIdentity.Printable(name)}' is not a client name: "
                + $"use 1 to {MaxNameLength} of A-Z a-z 0-9 . _ - and do not begin with . or -");
        }
    }

    private static void RequireUsable(string name)
    {
        RequireName(name);
        if (new[] { CaName, ServerName, CanaryName }.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"'{name}' is not a client name: Cassini uses {name}.pem itself");
        }
    }

    /// <summary>Not the CA itself, which cannot revoke itself.</summary>
    private static void RequireRevocable(string name)
    {
        if (name.Equals(CaName, StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"'{name}' cannot be revoked: remove the CA from where it is trusted");
        }

        RequireName(name);
    }
}
