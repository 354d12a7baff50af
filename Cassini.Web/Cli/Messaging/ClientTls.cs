using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Development;
using Cassini.Web.Cli.Settings;

namespace Cassini.Web.Cli.Messaging;

/// <summary>The certificates of a client, read from their files with errors that name the file.</summary>
/// <param name="Authorities">What the broker's certificate must come from.</param>
/// <param name="Own">The client's certificate with its key and its intermediates.</param>
internal sealed record ClientTls(X509Certificate2Collection Authorities, SslStreamCertificateContext Own)
{
    /// <exception cref="MessagingException">A file cannot be used; the message says which, and why.</exception>
    public static ClientTls Load(ConnectionOptions options, CliContext context)
    {
        var development = options.CaPath is null || options.CertificatePath is null ? Development(context) : null;
        var ca = Full(options.CaPath, context) ?? Path.Combine(development!, DevelopmentCertificates.CaFile);
        var certificate = Full(options.CertificatePath, context) ?? Path.Combine(development!, $"{DevelopmentCertificates.ClientName}.pem");
        var key = Full(options.KeyPath, context) ?? Path.Combine(development!, $"{DevelopmentCertificates.ClientName}.key");
        return new ClientTls(Certificates("--ca", ca), OwnContext(certificate, key));
    }

    private static string Development(CliContext context)
    {
        var directory = TlsPlan.DefaultDirectory(context.Environment);
        return directory is not null && File.Exists(Path.Combine(directory, DevelopmentCertificates.CaFile))
            ? directory
            : throw new MessagingException(
                $"there are no development certificates{(directory is null ? "" : $" in {directory}")}: start 'cassini serve' first, or give --ca, --cert and --key", isLasting: true);
    }

    private static string? Full(string? path, CliContext context) => path is null ? null : Path.Combine(context.WorkingDirectory, path);

    private static SslStreamCertificateContext OwnContext(string certificatePath, string keyPath)
    {
        var chain = Certificates("--cert", certificatePath);
        var pem = Text("--key", keyPath);
        if (pem.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw Unusable("--key", keyPath, "the key is encrypted; give it decrypted, readable by its user alone");
        }

        try
        {
            // By way of PKCS #12: Schannel cannot use a key that lives in memory only.
            using var leaf = X509Certificate2.CreateFromPem(Text("--cert", certificatePath), pem);
            var usable = OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), null) : new X509Certificate2(leaf);
            return SslStreamCertificateContext.Create(usable, [.. chain.Skip(1)], offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw Unusable(
                "--key",
                keyPath,
                pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal)
                    ? $"the key does not match the first certificate of {certificatePath} ('{TerminalText.Escape(chain[0].Subject)}')"
                    : "is not PEM: it has no 'BEGIN PRIVATE KEY' block",
                exception);
        }
    }

    private static X509Certificate2Collection Certificates(string flag, string path)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Text(flag, path));
        }
        catch (CryptographicException exception)
        {
            throw Unusable(flag, path, $"holds a certificate that cannot be read: {exception.Message}", exception);
        }

        return certificates.Count > 0 ? certificates : throw Unusable(flag, path, "is not PEM: it has no 'BEGIN CERTIFICATE' block");
    }

    private static string Text(string flag, string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unusable(flag, path, "no such file", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Unusable(flag, path, $"cannot be read: {exception.Message}", exception);
        }
    }

    private static MessagingException Unusable(string flag, string path, string problem, Exception? cause = null) =>
        new($"{flag}: {TerminalText.Escape(path)}: {problem}", isLasting: true, cause);
}
