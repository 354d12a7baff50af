using Cassini.Streams.Health;
using Cassini.Streams.Health.Records;

namespace Cassini.Web.Cli.Replaying;

/// <summary>Receives the results of a replay.</summary>
internal interface IReplayReport
{
    /// <summary>A segment begins, before the rows that the other policy gives at that instant.</summary>
    void Begin(HealthRecordSegment segment, HealthSnapshot then);

    void Tell(ReplayRow row);

    void End(ReplaySummary summary);
}
