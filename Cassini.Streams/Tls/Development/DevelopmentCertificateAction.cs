namespace Cassini.Streams.Tls.Development;

/// <summary>What became of one file of development certificates.</summary>
public enum DevelopmentCertificateOutcome
{
    /// <summary>The file did not exist and was created.</summary>
    Created,

    /// <summary>The file existed, can be used, and was not changed.</summary>
    Kept,

    /// <summary>A certificate that could not be used was replaced by a new one for the same key.</summary>
    Renewed,
}

/// <summary>What became of one file of development certificates.</summary>
/// <param name="Path">The file.</param>
/// <param name="Outcome">What was done with it.</param>
/// <param name="Reason">Why it was renewed; null when it was not.</param>
public sealed record DevelopmentCertificateAction(string Path, DevelopmentCertificateOutcome Outcome, string? Reason = null);
