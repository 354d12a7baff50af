namespace Cassini.Harness.Workers;

/// <summary>The other side is gone, silent, or talks nonsense.</summary>
internal sealed class WorkerLinkException(string message, Exception? cause = null) : Exception(message, cause);
