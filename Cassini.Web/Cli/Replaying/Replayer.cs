using System.Globalization;
using Cassini.Streams.Health.Records;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Replaying;

/// <summary>Reads a record once and folds it under the policy of then, and under another one beside it if there is one.</summary>
internal sealed class Replayer(ReplayLimit? until, PolicyFile? policy, IReplayReport report, CliContext context)
{
    private const int ProblemsNamed = 20;

    private readonly ReplayFold _then = new(new HealthReplayOptions { Until = until });
    private readonly ReplayFold? _other = policy is null ? null : new(new HealthReplayOptions { Until = until, Policy = policy.Over });
    private long _segments;
    private long _problems;
    private long _differing;

    /// <summary>Reports the replay; false when there was nothing to replay.</summary>
    /// <exception cref="PolicyFileException">The policy cannot be used with what was recorded.</exception>
    public async Task<bool> RunAsync(Stream record)
    {
        await foreach (var line in HealthRecordReader.ReadAsync(record, context.Signals.Stop))
        {
            Take(line);
            if (_then.Replay.IsOver)
            {
                break;
            }
        }

        if (_problems > ProblemsNamed)
        {
            context.Complain(string.Create(CultureInfo.InvariantCulture, $"{_problems - ProblemsNamed} more problems"));
        }

        if (_segments == 0)
        {
            context.Complain(_then.Replay.IsOver
                ? "the record begins after --until: there is nothing to replay"
                : "there is no header that can be read: nothing to replay");
            return false;
        }

        End();
        return true;
    }

    private void Take(HealthRecordLine line)
    {
        if (line is HealthRecordProblem problem)
        {
            _problems++;
            if (_problems <= ProblemsNamed)
            {
                context.Complain($"line {problem.Line}: {Plain.Text(problem.Message)}");
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
            context.Complain(string.Create(
                CultureInfo.InvariantCulture,
                $"{_then.Replay.Differences} recorded transitions are not what replaying gives: "
                + $"events are missing, or another version of Cassini judged health"));
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
