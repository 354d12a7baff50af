using System.Collections.Immutable;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Streams.Tls.Development;

/// <summary>The revocation list of a development CA: ca.crl, which is made when the first certificate is revoked.</summary>
internal sealed class DevelopmentRevocations
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(825);
    private static readonly TimeSpan RenewedBefore = TimeSpan.FromDays(30);

    private readonly string _path;
    private readonly X509Certificate2 _authority;
    private readonly TlsFile? _file;
    private readonly RevocationList? _list;

    private DevelopmentRevocations(string path, X509Certificate2 authority, TlsFile? file, RevocationList? list) =>
        (_path, _authority, _file, _list) = (path, authority, file, list);

    /// <exception cref="TlsConfigurationException">There is a file, but no list of this CA in it.</exception>
    public static DevelopmentRevocations Read(string path, X509Certificate2 authority)
    {
        var file = File.Exists(path) ? TlsFile.Read(CertificateRole.RevocationList, "revocation list", path) : null;
        return new DevelopmentRevocations(path, authority, file, file is null ? null : RevocationListReader.Read(file, [authority]));
    }

    public bool IsRevoked(X509Certificate2 certificate) => _list?.IsRevoked(certificate, _authority) is true;

    /// <summary>Puts certificates on the list, and writes it anew when it is changed or about to go stale.</summary>
    /// <param name="revoked">The certificates.</param>
    /// <param name="sign">Gives the CA with its key.</param>
    /// <param name="now">The time.</param>
    /// <returns>What was done with the file; null when there is none.</returns>
    public DevelopmentCertificateAction? Update(
        IReadOnlyCollection<X509Certificate2> revoked, Func<X509Certificate2> sign, DateTimeOffset now)
    {
        ImmutableArray<X509Certificate2> added = [.. revoked.Where(certificate => !IsRevoked(certificate))];
        var goesStale = _list is not null && _list.NextUpdate - now < RenewedBefore;
        if (added.IsEmpty && !goesStale)
        {
            return _list is null ? null : new DevelopmentCertificateAction(_path, DevelopmentCertificateOutcome.Kept);
        }

        using var signer = sign();
        BigInteger number = 0;
        var builder = _file is null ? new CertificateRevocationListBuilder()
            : CertificateRevocationListBuilder.LoadPem(Encoding.ASCII.GetString(_file.Content), out number);
        foreach (var certificate in added)
        {
            builder.AddEntry(certificate, now);
        }

        var thisUpdate = _list is not null && _list.ThisUpdate > now ? _list.ThisUpdate : now;
        var made = builder.Build(signer, number + 1, thisUpdate + Life, HashAlgorithmName.SHA256, thisUpdate: thisUpdate);
        PrivateFiles.Write(_path, new string(PemEncoding.Write("X509 CRL", made)) + "\n", isPrivate: false);
        return new DevelopmentCertificateAction(
            _path,
            _list is null ? DevelopmentCertificateOutcome.Created : DevelopmentCertificateOutcome.Renewed,
            added.IsEmpty ? $"it goes stale at {_list!.NextUpdate:u}" : $"{string.Join(", ", added.Select(one => one.Subject))} revoked");
    }
}
