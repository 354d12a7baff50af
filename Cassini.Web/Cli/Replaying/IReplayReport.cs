using Cassini.Streams.Health;
using Cassini.Streams.Health.Records;

namespace Cassini.Web.Cli.Replaying;

/// <summary>Receives the results of a replay.</summary>
internal interface IReplayReport
{
    /// <summary>A segment begins, before the rows that the other policy gives at that instant.</summary>
    void Begin(HealthRecordSegment segment, HealthSnapshot then);

    /// <summary>A check changed, under one policy or both.</summary>
    void Row(ReplayRow row);

    void End(ReplaySummary summary);
}
