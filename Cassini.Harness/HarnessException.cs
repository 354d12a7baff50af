namespace Cassini.Harness;

/// <summary>What ends a run and is nobody's expectation. The message is one line for people.</summary>
internal sealed class HarnessException(string message, Exception? cause = null) : Exception(message, cause);
