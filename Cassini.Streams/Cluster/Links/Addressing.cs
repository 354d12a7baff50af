namespace Cassini.Streams.Cluster.Links;

/// <summary>Which sessions get what follows on a link, of what was kept for a node.</summary>
internal enum Addressing : byte
{
    /// <summary>All that keep messages.</summary>
    Everyone = 0,

    /// <summary>Only those of these clients.</summary>
    Only = 1,

    /// <summary>All but those of these clients.</summary>
    Except = 2,

    /// <summary>These clients as well as those that were named before.</summary>
    More = 3,
}
