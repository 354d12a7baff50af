namespace Cassini.Management.Feed;

/// <summary>Why a feed cannot go on where it was; a snapshot follows.</summary>
/// <param name="Reason">One of <see cref="Reasons"/>.</param>
/// <param name="From">The first event missed; null when it is not known which were.</param>
/// <param name="To">The last event missed; null when it is not known which were.</param>
internal sealed record ResetAnswer(string Reason, string? From, string? To)
{
    /// <summary>The id is not one of ours.</summary>
    public const string Malformed = "malformed";

    /// <summary>The id is of another run of the process.</summary>
    public const string OtherEpoch = "otherEpoch";

    /// <summary>The next event is no longer kept.</summary>
    public const string TooOld = "tooOld";

    /// <summary>No such event has happened yet.</summary>
    public const string Future = "future";

    /// <summary>The subscriber read too slowly.</summary>
    public const string TooSlow = "tooSlow";

    public static readonly string[] Reasons = [Malformed, OtherEpoch, TooOld, Future, TooSlow];
}
