namespace Cassini.Tests.Support;

/// <summary>An observable broke Rx's grammar: notifications overlapped, or one came after the end.</summary>
internal sealed class SynchronizationViolationException(string message) : Exception(message);
