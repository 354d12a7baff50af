namespace Cassini.Streams.Tls;

/// <summary>Which name of a client's certificate is its identity. When the certificate has no such name, the other kind is used.</summary>
public enum IdentitySource
{
    /// <summary>The subject's CN.</summary>
    CommonName,

    /// <summary>The first DNS, URI or e-mail alternative name.</summary>
    SubjectAlternativeName,
}
