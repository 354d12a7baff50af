namespace Cassini.Streams.Tls.Clients;

/// <summary>Which name of a client's certificate says who the client is. When it has none of that kind, the other one does.</summary>
public enum IdentitySource
{
    /// <summary>The subject's CN.</summary>
    CommonName,

    /// <summary>The first DNS, URI or e-mail alternative name.</summary>
    SubjectAlternativeName,
}
