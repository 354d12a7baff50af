using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls.Files;

namespace Cassini.Streams.Tls.Development;

/// <summary>The development CA of one directory, and the certificates that it issued there.</summary>
internal sealed class DevelopmentAuthority
{
    /// <summary>How long ago a certificate became valid when it is made: clocks differ.</summary>
    public static readonly TimeSpan Backdated = TimeSpan.FromHours(1);

    private static readonly TimeSpan RenewedBefore = TimeSpan.FromDays(30);
    private const int CaYears = 10;

    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly ImmutableArray<DevelopmentCertificateAction>.Builder _actions =
        ImmutableArray.CreateBuilder<DevelopmentCertificateAction>();
    private readonly X509Certificate2 _certificate;
    private readonly DevelopmentRevocations _revocations;

    private DevelopmentAuthority(string directory, TimeProvider time, bool isMade)
    {
        _directory = directory;
        _time = time;
        _certificate = isMade ? EnsureCertificate() : ReadCertificate();
        _revocations = DevelopmentRevocations.Read(PathOf(DevelopmentCertificates.ListFile), _certificate);
    }

    public ImmutableArray<DevelopmentCertificateAction> Actions => _actions.ToImmutable();

    private DateTimeOffset Now => CertificateTimes.ToTheSecond(_time.GetUtcNow());

    private string CaPath => PathOf(DevelopmentCertificates.CaFile);

    private string CaKeyPath => PathOf(DevelopmentCertificates.CaKeyFile);

    /// <summary>Makes it when it does not exist.</summary>
    public static DevelopmentAuthority Ensure(string directory, TimeProvider time) => new(directory, time, isMade: true);

    /// <summary>Reads it.</summary>
    public static DevelopmentAuthority Open(string directory, TimeProvider time) => new(directory, time, isMade: false);

    /// <summary>Creates NAME.pem and NAME.key unless they exist and can be used.</summary>
    /// <param name="name">The name.</param>
    /// <param name="commonName">The CN.</param>
    /// <param name="usage">What it is for.</param>
    /// <param name="hosts">The names and addresses that a server must have; empty for a client.</param>
    public void EnsureLeaf(string name, string commonName, string usage, string[] hosts)
    {
        var (path, keyPath) = (PathOf($"{name}.pem"), PathOf($"{name}.key"));
        var present = File.Exists(path);
        var before = present ? TryRead(path) : null;
        if (before is not null && _revocations.IsRevoked(before))
        {
            Note(path, DevelopmentCertificateOutcome.Kept, "it is revoked");
            return;
        }

        var has = before is null ? [] : ServerNames.Of(before);
        var missing = hosts.Except(has, StringComparer.OrdinalIgnoreCase).ToList();
        var problem = !present ? null
            : ProblemOf(path, keyPath) ?? (missing.Count > 0 ? $"it does not name {string.Join(", ", missing)}" : null);
        if (present && problem is null)
        {
            Note(keyPath, DevelopmentCertificateOutcome.Kept);
            Note(path, DevelopmentCertificateOutcome.Kept);
            return;
        }

        using var signer = SigningCertificate();
        using var key = EnsureKey(keyPath);
        using var leaf = DevelopmentLeaf.Issue(signer, key, commonName, usage, hosts.Length == 0 ? [] : [.. has, .. missing], Now);
        PrivateFiles.Write(path, leaf.ExportCertificatePem() + "\n", isPrivate: false);
        Note(path, present ? DevelopmentCertificateOutcome.Renewed : DevelopmentCertificateOutcome.Created, problem);
    }

    /// <summary>Puts certificates on the revocation list, and keeps the list current.</summary>
    /// <exception cref="ArgumentException">There is no certificate of this CA with such a name.</exception>
    public void Revoke(IEnumerable<string> names)
    {
        var revoked = new List<X509Certificate2>();
        try
        {
            revoked.AddRange(names.Select(ReadIssued));
            if (_revocations.Update(revoked, SigningCertificate, Now) is { } done)
            {
                _actions.Add(done);
            }
        }
        finally
        {
            revoked.ForEach(certificate => certificate.Dispose());
        }
    }

    /// <summary>Every certificate of the directory: the CA first, the others by name.</summary>
    public ImmutableArray<DevelopmentCertificate> List() =>
    [
        .. Directory.GetFiles(_directory, "*.pem")
            .Select(path => Describe(Path.GetFileNameWithoutExtension(path), path))
            .OrderBy(one => one.Name != Path.GetFileNameWithoutExtension(DevelopmentCertificates.CaFile))
            .ThenBy(one => one.Name, StringComparer.Ordinal),
    ];

    private X509Certificate2 ReadIssued(string name)
    {
        var path = PathOf($"{name}.pem");
        var certificate = TryRead(path);
        if (certificate is not null && IsIssuedHere(certificate))
        {
            return certificate;
        }

        certificate?.Dispose();
        throw new ArgumentException($"'{name}' cannot be revoked: {path} is no certificate of this CA");
    }

    private DevelopmentCertificate Describe(string name, string path)
    {
        using var certificate = TryRead(path);
        if (certificate is null)
        {
            return new DevelopmentCertificate(name, DevelopmentCertificateState.Unreadable, null, []);
        }

        var notAfter = CertificateTimes.NotAfter(certificate);
        var state = !IsIssuedHere(certificate) ? DevelopmentCertificateState.Foreign
            : _revocations.IsRevoked(certificate) ? DevelopmentCertificateState.Revoked
            : notAfter < Now ? DevelopmentCertificateState.Expired
            : notAfter - Now < RenewedBefore ? DevelopmentCertificateState.Expiring
            : DevelopmentCertificateState.Valid;
        return new DevelopmentCertificate(name, state, notAfter, [.. ServerNames.Of(certificate)]);
    }

    /// <returns>Null when it is no certificate.</returns>
    private static X509Certificate2? TryRead(string path)
    {
        try
        {
            return PemCertificates.Read(TlsFile.Read(CertificateRole.Server, "certificate", path))[0];
        }
        catch (TlsConfigurationException)
        {
            return null;
        }
    }

    private X509Certificate2 ReadCertificate() =>
        PemCertificates.ReadAuthorities(TlsFile.Read(CertificateRole.Authority, "CA", CaPath))[0];

    private X509Certificate2 EnsureCertificate()
    {
        if (File.Exists(CaPath))
        {
            var certificate = ReadCertificate();
            if (CertificateTimes.NotAfter(certificate) < Now)
            {
                throw new TlsConfigurationException(
                    CertificateRole.Authority,
                    "CA",
                    CaPath,
                    $"the development CA expired at {CertificateTimes.NotAfter(certificate):u}; remove the directory");
            }

            if (File.Exists(CaKeyPath))
            {
                Note(CaKeyPath, DevelopmentCertificateOutcome.Kept);
            }

            Note(CaPath, DevelopmentCertificateOutcome.Kept);
            return certificate;
        }

        // The key is written first, so that the next run can finish one that was interrupted here.
        using var key = EnsureKey(CaKeyPath);
        var request = new CertificateRequest("CN=Cassini development CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var made = request.CreateSelfSigned(Now - Backdated, Now.AddYears(CaYears));
        PrivateFiles.Write(CaPath, made.ExportCertificatePem() + "\n", isPrivate: false);
        Note(CaPath, DevelopmentCertificateOutcome.Created);
        return X509CertificateLoader.LoadCertificate(made.RawData);
    }

    private string? ProblemOf(string path, string keyPath)
    {
        try
        {
            var chain = TlsFile.Read(CertificateRole.Server, "certificate", path);
            using var certificate = PemCertificates.Read(chain)[0];
            using var joined = PemCertificates.WithPrivateKey(certificate, chain, TlsFile.Read(CertificateRole.Server, "key", keyPath));
            var notAfter = CertificateTimes.NotAfter(certificate);
            return notAfter - Now < RenewedBefore ? $"it expires at {notAfter:u}"
                : IsOurs(certificate) ? null
                : "it is not from the CA of this directory";
        }
        catch (TlsConfigurationException e)
        {
            return e.Message;
        }
    }

    private bool IsOurs(X509Certificate2 certificate) => IsIssuedHere(certificate, Now);

    /// <summary>Whatever the time is now.</summary>
    private bool IsIssuedHere(X509Certificate2 certificate) =>
        IsIssuedHere(certificate, CertificateTimes.NotAfter(certificate) - TimeSpan.FromSeconds(1));

    private bool IsIssuedHere(X509Certificate2 certificate, DateTimeOffset at)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = at.LocalDateTime;
        return chain.Build(certificate);
    }

    private X509Certificate2 SigningCertificate()
    {
        if (!File.Exists(CaKeyPath))
        {
            throw new TlsConfigurationException(
                CertificateRole.Authority, "CA key", CaKeyPath, $"does not exist, but is needed to sign new certificates with {CaPath}");
        }

        return PemCertificates.WithPrivateKey(
            _certificate,
            TlsFile.Read(CertificateRole.Authority, "CA", CaPath),
            TlsFile.Read(CertificateRole.Authority, "CA key", CaKeyPath));
    }

    private ECDsa EnsureKey(string path)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (!File.Exists(path))
        {
            PrivateFiles.Write(path, key.ExportPkcs8PrivateKeyPem() + "\n", isPrivate: true);
            Note(path, DevelopmentCertificateOutcome.Created);
            return key;
        }

        var file = TlsFile.Read(CertificateRole.Server, "key", path);
        try
        {
            PemKey.Import(key, file);
            Note(path, DevelopmentCertificateOutcome.Kept);
            return key;
        }
        catch (TlsConfigurationException e)
        {
            key.Dispose();
            throw new TlsConfigurationException(
                CertificateRole.Server, "key", path, "is not an unencrypted EC key in PEM form; move it away, and a new one is created", e);
        }
    }

    private string PathOf(string file) => Path.Combine(_directory, file);

    private void Note(string path, DevelopmentCertificateOutcome outcome, string? reason = null) =>
        _actions.Add(new DevelopmentCertificateAction(path, outcome, reason));
}
