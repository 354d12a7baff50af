using System.Security.Cryptography;
using Cassini.Streams.Events;

namespace Cassini.Streams.Tls.Files;

/// <summary>All configured files of one read: they are loaded together or not at all.</summary>
internal sealed record TlsFileSet(
    TlsFile Ca, TlsFile ServerChain, TlsFile ServerKey, TlsFile? Crl, TlsFile? ManagementChain, TlsFile? ManagementKey)
{
    /// <exception cref="TlsConfigurationException">One of the files cannot be read.</exception>
    public static TlsFileSet Read(TlsOptions options) => new(
        TlsFile.Read(CertificateRole.Authority, $"Tls:{nameof(TlsOptions.CaPath)}", options.CaPath),
        TlsFile.Read(CertificateRole.Server, $"Tls:{nameof(TlsOptions.ServerChainPath)}", options.ServerChainPath),
        TlsFile.Read(CertificateRole.Server, $"Tls:{nameof(TlsOptions.ServerKeyPath)}", options.ServerKeyPath),
        ReadIfAny(CertificateRole.RevocationList, $"Tls:{nameof(TlsOptions.CrlPath)}", options.CrlPath),
        ReadIfAny(CertificateRole.Management, $"Tls:{nameof(TlsOptions.ManagementChainPath)}", options.ManagementChainPath),
        ReadIfAny(CertificateRole.Management, $"Tls:{nameof(TlsOptions.ManagementKeyPath)}", options.ManagementKeyPath));

    /// <summary>A digest of everything read: equal digests mean equal files.</summary>
    public string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Ca.AppendTo(hash);
        ServerChain.AppendTo(hash);
        ServerKey.AppendTo(hash);
        Crl?.AppendTo(hash);
        ManagementChain?.AppendTo(hash);
        ManagementKey?.AppendTo(hash);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static TlsFile? ReadIfAny(CertificateRole role, string setting, string? path) =>
        path is null ? null : TlsFile.Read(role, setting, path);
}
