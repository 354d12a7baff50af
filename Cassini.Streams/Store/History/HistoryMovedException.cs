namespace Cassini.Streams.Store.History;

/// <summary>The file was moved or deleted under its writer: what was written on would be lost, so a new one begins in its place.</summary>
/// <param name="path">The file.</param>
internal sealed class HistoryMovedException(string path)
    : IOException($"{path} or a file beside it was moved or deleted while it was written, and a new one begins");
