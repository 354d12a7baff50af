using Cassini.Harness.Clients;
using Cassini.Streams.Tls.Development;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Settings;

namespace Cassini.Web.Cli.Messaging;

/// <summary>The certificates of <c>pub</c> and <c>sub</c>: those of the options, and the development certificates for the others.</summary>
internal static class ClientTls
{
    private const string DevelopmentCa = "the development CA, which is trusted because no other was given";

    /// <exception cref="ClientException">A file cannot be used; the message says which, and why.</exception>
    public static TlsIdentity Read(ConnectionOptions options, CliContext context)
    {
        var development = options.CaPath is null || options.CertificatePath is null ? Development(context) : null;
        return new TlsFiles(
            options.CaPath is null ? TlsSettingNames.Options with { CaInWords = DevelopmentCa } : TlsSettingNames.Options,
            Full(options.CaPath, context) ?? Path.Combine(development!, DevelopmentCertificates.CaFile),
            Full(options.CertificatePath, context) ?? Path.Combine(development!, $"{DevelopmentCertificates.ClientName}.pem"),
            Full(options.KeyPath, context) ?? Path.Combine(development!, $"{DevelopmentCertificates.ClientName}.key")).Read();
    }

    private static string Development(CliContext context)
    {
        var directory = TlsPlan.DefaultDirectory(context.Environment);
        return directory is not null && File.Exists(Path.Combine(directory, DevelopmentCertificates.CaFile))
            ? directory
            : throw new ClientException(
                $"there are no development certificates{(directory is null ? "" : $" in {directory}")}: "
                + "start 'cassini serve' first, or give --ca, --cert and --key",
                isLasting: true);
    }

    private static string? Full(string? path, CliContext context) => path is null ? null : Path.Combine(context.WorkingDirectory, path);
}
