namespace Cassini.Streams.Settings.Reading;

/// <summary>One value as one source gave it.</summary>
/// <param name="Key">Its path in the tree, without the leading <c>Cassini</c>: <c>Listener:Backlog</c>.</param>
/// <param name="Value">The text; null where a file says null or holds an empty object.</param>
/// <param name="Origin">Where it was set, for people: <c>--bind</c>, <c>CASSINI_BIND_ADDR</c>, <c>appsettings.json</c>.</param>
internal sealed record Setting(string Key, string? Value, string Origin);
