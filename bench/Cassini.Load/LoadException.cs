namespace Cassini.Load;

/// <summary>The load cannot be put on this broker, or did not end well; one line says why.</summary>
internal sealed class LoadException(string message) : Exception(message);
