namespace Cassini.Harness.Verdicts;

/// <summary>Ends a run, and says how.</summary>
/// <param name="message">The reason, one line for people.</param>
/// <param name="verdict">How the run ends. Default: <see cref="Verdict.Error"/>.</param>
/// <param name="cause">The exception that it was made from; null for none.</param>
internal sealed class HarnessException(string message, Verdict verdict = Verdict.Error, Exception? cause = null) : Exception(message, cause)
{
    public Verdict Verdict => verdict;
}
