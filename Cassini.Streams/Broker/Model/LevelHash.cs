namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A hash of topic bytes. <see cref="HashCode"/> has a new seed in each process, so a client cannot choose names that collide.
/// </summary>
internal static class LevelHash
{

    public static int Of(ReadOnlySpan<byte> bytes)
    {
        var hash = default(HashCode);
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }
}
