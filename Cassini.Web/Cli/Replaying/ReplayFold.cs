using System.Collections.Immutable;
using Cassini.Streams.Health.Records;

namespace Cassini.Web.Cli.Replaying;

/// <summary>A replay under one policy, with its tally.</summary>
internal sealed class ReplayFold(HealthReplayOptions options)
{
    private readonly HealthReplay _replay = new(options);
    private readonly StatusTimes _times = new();
    private long _transitions;
    private bool _began;

    public HealthReplay Replay => _replay;

    public ReplaySide Result => new(_replay.Current!, _transitions, _times);

    public ImmutableArray<ReplayTransition> Take(HealthRecordLine line)
    {
        if (line is HealthRecordSegment && _began)
        {
            _times.End(_replay.Elapsed);
        }

        var transitions = _replay.Take(line);
        if (line is HealthRecordSegment && !_replay.IsOver)
        {
            _began = true;
            _times.Begin(_replay.Current!.Status, _replay.Elapsed);
        }

        foreach (var transition in transitions)
        {
            _transitions++;
            _times.Turn(transition.Change.Status, transition.Change.At);
        }

        return transitions;
    }

    public void End() => _times.End(_replay.Elapsed);
}
