namespace Cassini.Management.Access;

/// <summary>Why a caller is refused.</summary>
/// <param name="Status">401 or 403.</param>
/// <param name="Sentence">The text of the answer.</param>
/// <param name="IsStranger">Whether the caller is anonymous: it sent no invalid credentials, so it gets what anonymous callers get.</param>
internal sealed record Refusal(int Status, string Sentence, bool IsStranger);
