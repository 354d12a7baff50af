namespace Cassini.Streams.Tls.Development;

/// <summary>What became of one file of development certificates.</summary>
public enum DevelopmentCertificateOutcome
{
    /// <summary>It was not there and was made.</summary>
    Created,

    /// <summary>It was there and good, and was not touched.</summary>
    Kept,

    /// <summary>A certificate that could not be used was replaced by a new one for the same key.</summary>
    Renewed,
}

/// <summary>What became of one file of development certificates.</summary>
/// <param name="Path">The file.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">Why it was renewed; else null.</param>
public sealed record DevelopmentCertificateAction(string Path, DevelopmentCertificateOutcome Outcome, string? Reason = null);
