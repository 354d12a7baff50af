using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Tls.Files;

/// <summary>
/// Publishes once a day which parts of the material expire soon. Expiry is judged by the wall clock; the day between two events is
/// monotonic time.
/// </summary>
internal sealed class ExpiryWatch(TimeSpan expiringWithin, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromDays(1);
    private readonly Dictionary<CertificateRole, (string Fingerprint, long At)> _published = [];

    public ImmutableArray<CertificateInUse> Due(IEnumerable<CertificateInUse> parts)
    {
        var now = time.GetUtcNow();
        return
        [
            .. parts.GroupBy(part => part.Role)
                .Select(role => role.MaxBy(part => LastToEnd.Rank(part.NotBefore.UtcTicks, part.NotAfter.UtcTicks, now.UtcTicks))!)
                .Where(part => IsExpiring(part, now) && Take(part)),
        ];
    }

    private bool IsExpiring(CertificateInUse part, DateTimeOffset now) =>
        part.NotAfter - now <= ExpiryNotice.Of(expiringWithin, part.NotAfter - part.NotBefore);

    private bool Take(CertificateInUse part)
    {
        if (_published.TryGetValue(part.Role, out var last) && last.Fingerprint == part.Fingerprint && time.GetElapsedTime(last.At) < Pause)
        {
            return false;
        }

        _published[part.Role] = (part.Fingerprint, time.GetTimestamp());
        return true;
    }
}
