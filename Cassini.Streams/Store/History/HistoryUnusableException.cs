namespace Cassini.Streams.Store.History;

/// <summary>The file is not a history that this version can continue, so it is put aside.</summary>
/// <param name="suffix">What its name gets there.</param>
/// <param name="why">What is wrong with it, as the end of a sentence that begins with the path.</param>
/// <param name="inner">The cause; null when there is none.</param>
internal sealed class HistoryUnusableException(string suffix, string why, Exception? inner = null) : Exception(why, inner)
{
    /// <summary>Damaged.</summary>
    public const string Damaged = ".damaged";

    /// <summary>Written by a newer version.</summary>
    public const string Newer = ".newer";

    public string Suffix => suffix;
}
