namespace Cassini.Management.Access;

/// <summary>Why a caller is not let in.</summary>
/// <param name="Status">401 or 403.</param>
/// <param name="Sentence">What it is told.</param>
/// <param name="IsStranger">Whether it may have what strangers may: it showed nothing that is wrong.</param>
internal sealed record Refusal(int Status, string Sentence, bool IsStranger);
