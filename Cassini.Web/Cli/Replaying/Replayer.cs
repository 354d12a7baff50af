using Cassini.Streams.Health.Records;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Replaying;

/// <summary>Reads a record once and folds it under the policy of then, and under another one beside it if there is one.</summary>
/// <param name="name">The record's name, for its problems.</param>
/// <param name="until">Where to stop; null for the end.</param>
/// <param name="policy">The other policy; null for none.</param>
/// <param name="report">Receives the results.</param>
/// <param name="context">Where problems are written.</param>
internal sealed class Replayer(string name, ReplayLimit? until, PolicyFile? policy, IReplayReport report, CliContext context)
{
    private const int ProblemsNamed = 20;

    /// <summary>The first lines, as long as each is neither a header nor an event: the file may be something else.</summary>
    private readonly List<HealthRecordProblem> _unrecognized = [];

    private readonly ReplayFold _then = new(new HealthReplayOptions { Until = until });
    private readonly ReplayFold? _other = policy is null ? null : new(new HealthReplayOptions { Until = until, Policy = policy.Over });
    private bool _isRecord;
    private long _segments;
    private long _problems;
    private long _differing;

    /// <summary>Reports the replay; false when there was nothing to replay.</summary>
    /// <exception cref="PolicyFileException">The policy cannot be used with what was recorded.</exception>
    public async Task<bool> RunAsync(Stream record)
    {
        await foreach (var line in HealthRecordReader.ReadAsync(record, context.Signals.Stop))
        {
            if (IsUnrecognized(line))
            {
                _unrecognized.Add((HealthRecordProblem)line);
            }
            else
            {
                _unrecognized.ForEach(Take);
                _unrecognized.Clear();
                _isRecord = true;
                Take(line);
            }

            if (_then.Replay.IsOver || _unrecognized.Count == ProblemsNamed)
            {
                break;
            }
        }

        if (_unrecognized is [var first, ..])
        {
            context.Complain($"{name}:{first.Line}:1: is no record: its first lines are neither a header nor events");
            return false;
        }

        if (_problems > ProblemsNamed)
        {
            context.Complain($"{name}: {Quantity.Of(_problems - ProblemsNamed, "more problem")}");
        }

        if (_segments == 0)
        {
            context.Complain(_then.Replay.IsOver
                ? $"{name}: the record begins after --until: there is nothing to replay"
                : $"{name}: there is no header that can be read: nothing to replay");
            return false;
        }

        End();
        return true;
    }

    private bool IsUnrecognized(HealthRecordLine line) =>
        !_isRecord && line is HealthRecordProblem { Kind: RecordProblem.Garbage or RecordProblem.Truncated };

    private void Take(HealthRecordLine line)
    {
        if (line is HealthRecordProblem problem)
        {
            _problems++;
            if (_problems <= ProblemsNamed)
            {
                context.Complain($"{name}:{problem.Line}:{problem.Column}: {Plain.Text(problem.Message)}");
            }

            return;
        }

        var then = _then.Take(line);
        var other = _other?.Take(line) ?? [];
        if (line is HealthRecordSegment segment && !_then.Replay.IsOver)
        {
            _segments++;
            report.Begin(segment, _then.Replay.Current!);
        }

        if (then.IsEmpty && other.IsEmpty)
        {
            return;
        }

        foreach (var row in ReplayRow.Pair(then, other))
        {
            _differing += _other is null || row.IsSame ? 0 : 1;
            report.Row(row);
        }
    }

    private void End()
    {
        _then.End();
        _other?.End();
        if (_then.Replay.Differences > 0)
        {
            context.Complain(
                $"{name}: {Quantity.Of(_then.Replay.Differences, "recorded transition is", "recorded transitions are")} "
                + "not what replaying gives: events are missing, or another version of Cassini judged health");
        }

        report.End(new ReplaySummary
        {
            Segments = _segments,
            Events = _then.Replay.Events,
            Span = _then.Result.Times.Span,
            Problems = _problems,
            Differences = _then.Replay.Differences,
            EndedEarly = until is not null && !_then.Replay.IsOver,
            Then = _then.Result,
            Other = _other?.Result,
            DifferingRows = _differing,
        });
    }
}
