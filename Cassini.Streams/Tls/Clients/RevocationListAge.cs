using System.Numerics;

namespace Cassini.Streams.Tls.Clients;

/// <summary>When a revocation list was issued, as the CA says: its lists never go back in either (RFC 5280, 5.2.3).</summary>
/// <param name="Number">The CRL number; null for a list without one.</param>
/// <param name="ThisUpdate">When it was issued, UTC.</param>
internal readonly record struct RevocationListAge(BigInteger? Number, DateTimeOffset ThisUpdate)
{
    /// <summary>Whether another list came after this one, by the number or by the time.</summary>
    public bool IsBefore(RevocationListAge other) => ThisUpdate < other.ThisUpdate || (Number is { } own && own < other.Number);

    /// <summary>For people.</summary>
    public override string ToString() => Number is { } number ? $"number {number} of {ThisUpdate:u}" : $"of {ThisUpdate:u}";
}
