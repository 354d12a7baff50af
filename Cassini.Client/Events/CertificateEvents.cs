namespace Cassini.Streams.Events;

/// <summary>Which certificate an event is about.</summary>
public enum CertificateRole
{
    /// <summary>The certificate that Cassini serves.</summary>
    Server,

    /// <summary>The CA that must have issued the clients' certificates.</summary>
    Authority,

    /// <summary>The revocation list.</summary>
    RevocationList,

    /// <summary>The certificate that the management surface serves, when it has its own.</summary>
    Management,
}

/// <summary>A certificate or revocation list was loaded and is in use for every new handshake.</summary>
/// <param name="Role">Which.</param>
/// <param name="Subject">Its subject; the issuer for a revocation list.</param>
/// <param name="Fingerprint">SHA-256, hexadecimal.</param>
/// <param name="NotBefore">From when it is valid (a revocation list: its update), UTC.</param>
/// <param name="NotAfter">Until when it is valid (a revocation list: its next update), UTC.</param>
public sealed record CertificateLoaded(
    CertificateRole Role, string Subject, string Fingerprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter) : BrokerEvent
{
    /// <summary>
    /// How many more events of the same load follow, so that a reader knows when the load is complete; null in a record of an older
    /// Cassini.
    /// </summary>
    public int? Following { get; init; }

    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Certificate;
}

/// <summary>New certificate files cannot be used; the old ones stay in use.</summary>
/// <param name="Role">Which file is bad.</param>
/// <param name="Path">The file.</param>
/// <param name="Message">What is wrong with it.</param>
public sealed record CertificateReloadFailed(CertificateRole Role, string Path, string Message) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Certificate;
}

/// <summary>A certificate or revocation list expires soon. Published once a day.</summary>
/// <param name="Role">Which.</param>
/// <param name="Subject">Its subject; the issuer for a revocation list.</param>
/// <param name="NotAfter">Until when it is valid, UTC.</param>
public sealed record CertificateExpiring(CertificateRole Role, string Subject, DateTimeOffset NotAfter) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Certificate;
}
