using System.Globalization;

namespace Cassini.Streams.Primitives;

/// <summary>A file has more bytes than are read of it.</summary>
/// <param name="most">How many are allowed.</param>
internal sealed class FileTooLargeException(int most)
    : IOException(string.Create(CultureInfo.InvariantCulture, $"has more than {most:N0} bytes"));
