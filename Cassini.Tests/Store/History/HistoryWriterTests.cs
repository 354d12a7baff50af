using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Store.History;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Store.History;

/// <summary>The writer: when it writes, and what becomes of the events when it cannot.</summary>
public sealed class HistoryWriterTests : IAsyncDisposable
{
    private const int LogCapacity = 16;
    private readonly VirtualClock _clock = new();
    private readonly RecordingLoggers _log = new();
    private readonly ScriptedFile _file = new();
    private readonly EventHub _hub;
    private readonly HistoryWriter _writer;

    public HistoryWriterTests()
    {
        _hub = new EventHub(_clock.Time, new EventHubOptions { LogCapacity = LogCapacity });
        _writer = new HistoryWriter(_hub, () => new HistoryState([], _hub.LastSequence), "history.db", _file.Open, _clock.Time, _log);
    }

    public async ValueTask DisposeAsync()
    {
        _file.Gate.Set();
        await _hub.CompleteAsync();
        await _writer.DisposeAsync();
    }

    [Fact]
    public async Task Writer_ManyEvents_AreOneTransactionASecond()
    {
        Publish(3);
        await PausesAsync();
        Publish(2);
        _file.Transactions.ShouldBe(0);

        await PassAsync();
        await WrittenAsync(1, 2, 3, 4, 5);
        _file.Transactions.ShouldBe(1);

        Publish(1);
        await PassAsync();
        await WrittenAsync(1, 2, 3, 4, 5, 6);
        _file.Transactions.ShouldBe(2);
        _file.Opened.ShouldBe(1);
    }

    [Fact]
    public async Task Writer_TheFileWasMoved_SaysSoOnceAndBeginsANewOneWithAState()
    {
        Publish(3);
        await PausesAsync();
        await PassAsync();
        await WrittenAsync(1, 2, 3);
        _file.Failure = new HistoryMovedException("history.db");

        Publish(1);
        await PausesAsync();
        await PassAsync();
        await Eventually.HoldsAsync("it says so", () => _writer.Status.Problem is not null);
        _writer.Status.Problem.ShouldBe("history.db or a file beside it was moved or deleted while it was written, and a new one begins");
        _file.Failure = null;
        await Eventually.HoldsAsync("it is written", () =>
        {
            _clock.AdvanceBy(HistoryWriter.Interval);
            return _file.Sequences.Contains(4);
        });

        _file.States.ShouldBe([0, 4]);
        _file.Opened.ShouldBe(2);
        await Eventually.HoldsAsync("it is well", () => _writer.Status.Problem is null);
        _log.Lines.Count(line => line.Level == Microsoft.Extensions.Logging.LogLevel.Warning).ShouldBe(1);
    }

    [Fact]
    public async Task Writer_States_AreOneBeforeTheFirstEventAndThenEachInterval()
    {
        Publish(3);
        await PausesAsync();
        await PassAsync();
        await WrittenAsync(1, 2, 3);
        _file.States.ShouldBe([0]);

        // While it waits for an event: a pause would end at its second, and the writer would look at the clock on its way.
        _clock.AdvanceBy(HistoryWriter.StateInterval);
        Publish(1);
        await PausesAsync();
        await PassAsync();
        await WrittenAsync(1, 2, 3, 4);
        _file.States.ShouldBe([0, 4]);
    }

    [Fact]
    public async Task Writer_End_WritesWhatIsLeftWithoutTheSecond()
    {
        Publish(3);
        await PausesAsync();

        await _hub.CompleteAsync();
        await Eventually.CompletesAsync("the end", _writer.DisposeAsync().AsTask());

        _file.Sequences.ShouldBe([1, 2, 3]);
        _file.EndedAt.ShouldBe(3);
    }

    [Fact]
    public async Task Writer_Blocked_DelaysNoPublisherAndSaysExactlyWhatIsMissing()
    {
        _file.Gate.Reset();
        Publish(1);
        await PassAsync();
        await Eventually.HoldsAsync("the disk hangs", () => _file.IsBlocked);

        // Many times what the log holds: returns, although nothing is written.
        Publish(1_000);
        _hub.Log.Newest.ShouldBe(1_001);

        // What a reader that comes back finds is a gap, with the events that the log has no longer, and those that it has.
        _file.Gate.Set();
        await PassAsync();
        await Eventually.HoldsAsync("the gap is known", () => _writer.Status.Lost > 0);
        Publish(1);
        await Eventually.HoldsAsync("it writes again", () =>
        {
            _clock.AdvanceBy(HistoryWriter.Interval);
            return _writer.Status.Written == 1_002;
        });

        (_file.Sequences.Count + _writer.Status.Lost).ShouldBe(1_002);
        _log.Lines.Where(line => line.Id == 1843).ShouldHaveSingleItem().Text
            .ShouldStartWith($"{_writer.Status.Lost:#,0} events, 2 to {_writer.Status.Lost + 1}, are missing");
    }

    [Fact]
    public async Task Writer_FullDisk_SaysSoOnceRetriesAndLosesNothingThatTheLogHas()
    {
        _file.Failure = new IOException("database or disk is full");
        Publish(2);
        await PassAsync();
        await FailuresAsync(1);
        _writer.Status.Problem.ShouldBe("database or disk is full");

        await PassAsync(TimeSpan.FromSeconds(1));
        await FailuresAsync(2);
        Publish(2);
        _file.Failure = null;
        await PassAsync(TimeSpan.FromSeconds(2));

        await WrittenAsync(1, 2, 3, 4);
        await Eventually.HoldsAsync("it says that it works again", () => _log.Lines.Any(line => line.Id == 1841));
        _writer.Status.Problem.ShouldBeNull();
        _writer.Status.Lost.ShouldBe(0);
        _file.Opened.ShouldBe(3);
        _log.Lines.Select(line => line.Id).ShouldBe([1840, 1841]);
        _log.Lines.First().Exception.ShouldBeOfType<IOException>();
    }

    [Fact]
    public async Task Writer_FailsAtTheEnd_EndsAllTheSame()
    {
        _file.Failure = new IOException("database or disk is full");
        Publish(2);
        await PausesAsync();

        await _hub.CompleteAsync();
        await Eventually.CompletesAsync("the end", _writer.DisposeAsync().AsTask());

        _file.EndedAt.ShouldBeNull("the run wrote no end");
    }

    [Fact]
    public async Task Writer_BugInTheFile_HarmsNothingElse()
    {
        _file.Failure = new InvalidOperationException("a bug");
        Publish(1);
        await PassAsync();
        await FailuresAsync(1);

        Publish(1);
        _hub.Log.Newest.ShouldBe(2);
        _hub.FoldFaults.ShouldBe(0);
    }

    private void Publish(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _hub.Publish(new TopicCreated("a"));
        }
    }

    private Task PausesAsync() => Eventually.HoldsAsync("the writer pauses", () => _clock.Time.ArmedTimers > 0);

    private async Task PassAsync(TimeSpan? time = null)
    {
        await PausesAsync();
        _clock.AdvanceBy(time ?? HistoryWriter.Interval);
    }

    private Task WrittenAsync(params long[] sequences) => Eventually.BecomesAsync(
        "the events are written", () => (long[])[.. _file.Sequences], written => written.SequenceEqual(sequences));

    private Task FailuresAsync(int count) => Eventually.HoldsAsync("it failed", () => _writer.Status.Failures == count);
}
