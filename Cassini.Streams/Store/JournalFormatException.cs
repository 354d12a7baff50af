namespace Cassini.Streams.Store;

/// <summary>A group cannot be read: bytes are damaged, or a newer version wrote it.</summary>
/// <param name="message">What is wrong.</param>
internal sealed class JournalFormatException(string message) : Exception(message)
{
    /// <summary>Whether a newer version wrote it.</summary>
    public bool IsNewer { get; init; }
}
