using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health.Folding;

namespace Cassini.Streams.Health.Records;

/// <summary>
/// Folds a record. Under the recorded policy it gives exactly the transitions that were published then; under another policy, those
/// that would have been published. It needs no ticks: what is due by an event is applied at its own deadline. Not thread-safe.
/// </summary>
/// <remarks>
/// Another policy starts from the header's state: windows get their new lengths, and every check is judged anew at that instant.
/// Events before the header that had already expired from the recorded windows are unknown.
/// </remarks>
public sealed class HealthReplay
{
    private readonly HealthReplayOptions _options;
    private readonly EvidenceIndex _evidence = new();
    private readonly List<HealthChanged> _unconfirmed = [];
    private HealthRecordSegment? _segment;
    private HealthState? _state;
    private SnapshotBuilder? _builder;
    private HealthPolicy _policy = new();

    /// <summary>Creates a replay that has folded nothing yet.</summary>
    public HealthReplay(HealthReplayOptions? options = null) => _options = options ?? new HealthReplayOptions();

    /// <summary>Health as of the last line; null before the first header.</summary>
    public HealthSnapshot? Current => _state is null ? null : _builder!.Build(_state);

    /// <summary>The time of the last line since the epoch began; zero before the first header.</summary>
    public TimeSpan Elapsed => _state?.Now ?? TimeSpan.Zero;

    /// <summary>Whether the limit is reached: then no further line is folded.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Events folded.</summary>
    public long Events { get; private set; }

    /// <summary>
    /// Transitions that only the record has, or only this fold: 0 unless events are missing or unknown, or the recorded Cassini judged
    /// differently from this one. Not counted under another policy, because that is meant to differ.
    /// </summary>
    public long Differences { get; private set; }

    /// <summary>Reads and folds a whole record; problems of the record are not reported.</summary>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="InvalidDataException">A line is longer than any of a record.</exception>
    public async IAsyncEnumerable<ReplayTransition> RunAsync(
        Stream record, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var line in HealthRecordReader.ReadAsync(record, cancellationToken).ConfigureAwait(false))
        {
            foreach (var transition in Take(line))
            {
                yield return transition;
            }

            if (IsOver)
            {
                yield break;
            }
        }
    }

    /// <summary>Folds one more line of a record.</summary>
    /// <returns>The transitions that the line caused, in order.</returns>
    /// <exception cref="ArgumentException">The policy chosen is not valid; the message has every error.</exception>
    public ImmutableArray<ReplayTransition> Take(HealthRecordLine line) => IsOver ? [] : line switch
    {
        HealthRecordSegment segment => Begin(segment),
        HealthRecordEvent happened when _state is { } state => Fold(state, happened.Envelope),
        _ => [],
    };

    private ImmutableArray<ReplayTransition> Begin(HealthRecordSegment segment)
    {
        if (_options.Until?.IsBefore(new EventId(segment.Epoch, segment.Through), segment.Elapsed, segment.State, out _) is true)
        {
            IsOver = true;
            return [];
        }

        _policy = _options.Policy?.Invoke(segment.Policy) ?? segment.Policy;
        if (HealthPolicyValidator.Validate(_policy) is { Count: > 0 } errors)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, errors));
        }

        _segment = segment;
        _unconfirmed.Clear();
        _evidence.Begin(segment);
        _builder = new SnapshotBuilder(_policy, () => segment.Through + 1, segment.StartedAt, segment.Program);
        _state = _policy == segment.Policy ? segment.State : segment.State.Under(_policy);
        return TakeTransitions(_state);
    }

    private ImmutableArray<ReplayTransition> Fold(HealthState state, EventEnvelope envelope)
    {
        if (_options.Until?.IsBefore(envelope.Id, envelope.Elapsed, state, out var until) is true)
        {
            IsOver = true;
            _state = until is { } end ? HealthReducer.Reduce(state, new FoldInput(end, null), _policy) : state;
            return until is null ? [] : TakeTransitions(_state);
        }

        Events++;
        _evidence.Add(envelope);
        _state = HealthReducer.Reduce(state, new FoldInput(envelope.Elapsed, envelope), _policy);
        var transitions = TakeTransitions(_state);
        if (envelope.Event is HealthChanged recorded)
        {
            Confirm(recorded);
        }

        return transitions;
    }

    private ImmutableArray<ReplayTransition> TakeTransitions(HealthState state)
    {
        if (state.Transitions.IsEmpty)
        {
            return [];
        }

        if (_policy == _segment!.Policy)
        {
            _unconfirmed.AddRange(state.Transitions);
        }

        return [.. state.Transitions.Select(
            change => new ReplayTransition(state.WallClock(change.At), change, _evidence.Resolve(change.Evidence)))];
    }

    /// <summary>A recorded transition comes after the event that caused it, and so after this fold has computed it.</summary>
    private void Confirm(HealthChanged recorded)
    {
        // A transition that the header's state includes was published before the header, although it may be recorded after it.
        if (_policy != _segment!.Policy || recorded.Revision <= _segment.State.Verdicts.Revision)
        {
            return;
        }

        var index = _unconfirmed.IndexOf(recorded);
        Differences += index < 0 ? 1 : index;
        _unconfirmed.RemoveRange(0, index + 1);
    }
}
