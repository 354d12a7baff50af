using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>
/// Snapshots are equal when a reader sees no change between them: times and numbers alone are none. The feed itself compares, because the
/// broker does not send a revision with each event that changes the snapshot.
/// </summary>
internal sealed class VisibleHealth : IEqualityComparer<HealthSnapshot>
{
    public static readonly VisibleHealth Comparer = new();

    private VisibleHealth()
    {
    }

    public bool Equals(HealthSnapshot? x, HealthSnapshot? y) => ReferenceEquals(x, y) || (x is not null && y is not null
        && x.Revision == y.Revision
        && x.Epoch == y.Epoch
        && (x.Status, x.Phase, x.Ready, x.Live) == (y.Status, y.Phase, y.Ready, y.Live)
        && AreEqual(x.Checks, y.Checks, Essence)
        && AreEqual(x.Endpoints, y.Endpoints, static endpoint => (endpoint.Address, endpoint.State, endpoint.Error))
        && AreEqual(x.Certificates, y.Certificates, static certificate => certificate));

    public int GetHashCode([DisallowNull] HealthSnapshot obj) => HashCode.Combine(obj.Revision, obj.Epoch, obj.Status, obj.Phase);

    /// <summary>The message of a broker's check changes with its numbers; that of the lost feed says what is wrong now.</summary>
    private static (string, HealthStatus, HealthStatus, string?, bool, string?) Essence(CheckHealth check) =>
        (check.Name, check.Status, check.Raw, check.Reason, check.Flapping, check.Name == UnknownHealth.CheckName ? check.Message : null);

    private static bool AreEqual<T, TEssence>(ImmutableArray<T> one, ImmutableArray<T> other, Func<T, TEssence> essence) =>
        one == other || one.Select(essence).SequenceEqual(other.Select(essence));
}
