namespace Cassini.Harness.Workers;

/// <summary>A worker has lost its controller. The message says why, in one line for people.</summary>
internal sealed class ControllerLostException(string message, Exception? cause = null) : Exception(message, cause);
