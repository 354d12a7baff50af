namespace Cassini.Streams.Quotas;

/// <summary>Whether an identity may take more of a resource.</summary>
internal enum QuotaVerdict
{
    /// <summary>It has taken it.</summary>
    Taken,

    /// <summary>It has its share, or as much as is left for others.</summary>
    OverQuota,

    /// <summary>Nothing is left for anyone.</summary>
    Exhausted,
}
