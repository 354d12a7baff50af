namespace Cassini.Streams.Store.History;

/// <summary>Another process, or another host in this one, writes the file.</summary>
internal sealed class HistoryInUseException(string path, Exception inner)
    : Exception($"{path} is written by another process", inner);
