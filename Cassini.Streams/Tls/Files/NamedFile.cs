namespace Cassini.Streams.Tls.Files;

/// <summary>A setting that names a file.</summary>
/// <param name="Setting">Its key.</param>
/// <param name="Path">The file; null or empty for none.</param>
internal readonly record struct NamedFile(string Setting, string? Path);
