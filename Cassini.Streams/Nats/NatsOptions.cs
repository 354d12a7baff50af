using Cassini.Streams.Settings;

namespace Cassini.Streams.Nats;

/// <summary>
/// How a node proves to the NATS servers who it is, and knows them. All files are read again for each connection, so a renewed one counts
/// from the next one on. No secret is a setting.
/// </summary>
public sealed record NatsOptions : IOptionsRecord
{
    /// <summary>
    /// The CA certificates that must have issued those of the servers. Null for the ones that the machine trusts. With it, a server
    /// without TLS is refused.
    /// </summary>
    [Form("PEM file")]
    public string? CaPath { get; init; }

    /// <summary>The certificate that this node presents to the servers, and its intermediates. Null for none.</summary>
    [Form("PEM file")]
    public string? CertificatePath { get; init; }

    /// <summary>The private key to <see cref="CertificatePath"/>, RSA or EC, not encrypted.</summary>
    [Form("PEM file")]
    public string? KeyPath { get; init; }

    /// <summary>The credentials of a user of NATS, as <c>nsc generate creds</c> writes them. Null for none.</summary>
    [Form("file of NATS credentials")]
    public string? CredentialsPath { get; init; }

    /// <summary>The name of the user, for servers that ask for a password. Null for none.</summary>
    public string? User { get; init; }

    /// <summary>The password of <see cref="User"/>: the first line of the file.</summary>
    [Form("text file")]
    public string? PasswordPath { get; init; }
}
