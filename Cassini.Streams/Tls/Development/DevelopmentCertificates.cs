using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography.X509Certificates;
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
    /// <param name="time">The clock.</param>
    /// <param name="clients">Further clients: 1 to 64 of A-Z a-z 0-9 . _ - each, not beginning with . or -; the name is the
    /// certificate's CN.</param>
    /// <returns>What was done with each file, in the order of creation.</returns>
    /// <exception cref="ArgumentException">A client's name is not allowed.</exception>
    /// <exception cref="TlsConfigurationException">An existing file cannot be used, or the CA's key, which must sign, is
    /// missing.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be written.</exception>
    public static ImmutableArray<DevelopmentCertificateAction> Ensure(string directory, TimeProvider time, IEnumerable<string> clients)
    {
        var names = clients.Prepend(ClientName).Distinct(StringComparer.Ordinal).ToArray();
        foreach (var name in names)
        {
            RequireUsable(name);
        }

        Create(directory);
        var ca = DevelopmentAuthority.Ensure(directory, time);
        ca.EnsureLeaf(ServerName, "localhost", CertificateUsage.ServerAuthentication, LocalNames());
        foreach (var name in names)
        {
            ca.EnsureLeaf(name, name, CertificateUsage.ClientAuthentication, null);
        }

        ca.EnsureLeaf(CanaryName, CanaryIdentity, CertificateUsage.ClientAuthentication, null);
        return ca.Actions;
    }

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

    private static void RequireUsable(string name)
    {
        if (name.Length is 0 or > MaxNameLength || name[0] is '.' or '-'
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
        {
            throw new ArgumentException(
                $"'{ClientIdentity.Printable(name)}' is not a client name: "
                + $"use 1 to {MaxNameLength} of A-Z a-z 0-9 . _ - and do not begin with . or -");
        }

        if (new[] { CaName, ServerName, CanaryName }.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"'{name}' is not a client name: Cassini uses {name}.pem itself");
        }
    }

    private static X509Extension LocalNames()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        return names.Build();
    }
}
