using System.Net.Sockets;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Store.History;
using Cassini.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Cassini.Tests.Store.History;

/// <summary>The real file: what it keeps, what it removes, and what it does with one that it cannot use.</summary>
public sealed class HistoryFileTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly TempDirectory _directory = new();
    private readonly SemaphoreSlim _turns = new(1);
    private readonly List<Exception> _failures = [];

    private HistoryReading Reading => new(_turns, _failures.Add);

    private string FilePath => Path.Combine(_directory.Path, "store", "history.db");

    public void Dispose()
    {
        _turns.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task File_Events_AreReadAsTheFeedSendsThem()
    {
        var first = Event(0, 1, "a");
        var second = Event(0, 2, "b");
        using (var file = Open(0))
        {
            file.Append([first, second], null, Start);
            file.EndRun(2, Start.AddSeconds(3));
        }

        var read = await ReadAsync();
        read.Select(happened => happened.Id).ShouldBe([first.Id, second.Id]);
        read[0].Json.ShouldBe(EventJson.Serialize(first));
        read[0].Type.ShouldBe("topicCreated");
        read[0].Category.ShouldBe("topic");
        Ask("SELECT epoch || ' ' || sequence || ' ' || time || ' ' || type || ' ' || category FROM events")
            .ShouldBe($"{first.Epoch} 1 2026-01-01T00:00:00.000Z topicCreated topic");
    }

    [Theory]
    [InlineData("history.db")]
    [InlineData("history.db-wal")]
    [InlineData("history.lock")]
    public async Task Open_APipeInPlaceOfAFile_FailsBeforeItIsOpened(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        var pipe = SpecialFile.MakePipe(Path.Combine(Path.GetDirectoryName(FilePath)!, name));

        var opening = Should.ThrowAsync<IOException>(() => Task.Run(() => Open(0)));
        (await Eventually.CompletesAsync("it fails", opening)).Message.ShouldBe($"{pipe} is a pipe, not a file: remove it");
    }

    [Theory]
    [InlineData("history.db")]
    [InlineData("history.db-wal")]
    [InlineData("history.lock")]
    [InlineData("")]
    public void Append_TheFileWasMoved_FailsAndANewOneBegins(string moved)
    {
        var directory = Path.GetDirectoryName(FilePath)!;
        using (var file = Open(0))
        {
            file.Append([Event(0, 1)], null, Start);
            Directory.Move(Path.Combine(directory, moved), _directory.File("moved"));

            Should.Throw<HistoryMovedException>(() => file.Append([Event(0, 2)], null, Start)).Message.ShouldBe(
                $"{FilePath} or a file beside it was moved or deleted while it was written, and a new one begins");
        }

        using var next = Open(0);
        next.Append([Event(0, 2)], null, Start);
        Ask("SELECT max(sequence) FROM events").ShouldBe("2");
    }

    [Fact]
    public void Append_AnotherFileIsInItsPlace_Fails()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there it is known which file it is.");
        using var file = Open(0);
        file.Append([Event(0, 1)], null, Start);
        File.Copy(FilePath, _directory.File("copy"));
        File.Move(_directory.File("copy"), FilePath, overwrite: true);

        Should.Throw<HistoryMovedException>(() => file.Append([Event(0, 2)], null, Start));
    }

    [Fact]
    public void File_Runs_SayHowEachEnded()
    {
        using (var clean = Open(0))
        {
            clean.Append([Event(0, 1)], null, Start);
            clean.EndRun(1, Start.AddSeconds(5));
        }

        using (var killed = Open(1))
        {
            killed.Append([Event(1, 1), Event(1, 2)], null, Start);
        }

        using (var cut = Open(2))
        {
            cut.Append([Event(2, 1)], null, Start);
        }

        Ask($"UPDATE runs SET boot = 'another' WHERE epoch = '{EpochOf(2)}'");
        using (var crashed = Open(3))
        {
            crashed.Append([Event(3, 1)], null, Start);
            HistoryFile.NoteCrash(FilePath, EpochOf(3), "InvalidOperationException: boom", Start.AddDays(3).AddSeconds(9));
        }

        using var now = Open(4);
        var runs = Runs();

        runs.Select(run => run.End).ShouldBe([RunEnd.Clean, RunEnd.Killed, RunEnd.Power, RunEnd.Crashed, null]);
        runs.Select(run => run.Last).ShouldBe([1, 2, 1, 1, 0]);
        runs.Select(run => run.IsComplete).ShouldBe([true, false, false, false, false]);
        runs[0].EndedAt.ShouldBe(Start.AddSeconds(5));
        runs[1].EndedAt.ShouldBe(Event(1, 2).Time);
        runs[3].Detail.ShouldBe("InvalidOperationException: boom");
    }

    [Fact]
    public async Task File_OpenedAgainByTheSameRun_GoesOn()
    {
        using (var file = Open(0))
        {
            file.Append([Event(0, 1), Event(0, 2)], null, Start);
        }

        using (var again = Open(0))
        {
            // The transaction that failed may have been committed all the same.
            again.Append([Event(0, 2), Event(0, 3)], null, Start);
        }

        (await ReadAsync()).Select(happened => happened.Id.Sequence).ShouldBe([1, 2, 3]);
        Runs().ShouldHaveSingleItem().End.ShouldBeNull();
    }

    [Fact]
    public void File_InUse_IsRefusedUntilItIsClosed()
    {
        using (Open(0))
        {
            Should.Throw<HistoryInUseException>(() => Open(1)).Message.ShouldBe($"{FilePath} is written by another process");
        }

        using var next = Open(1);
        Runs().Length.ShouldBe(2);
    }

    /// <summary>What identities connect from where is nobody else's, also where the setting names another directory.</summary>
    [Fact]
    public void File_NewDirectory_IsItsUsersAlone()
    {
        using (Open(0))
        {
            UnixMode.Of(Path.GetDirectoryName(FilePath)!).ShouldBe(UnixMode.OnlyItsUser);
        }
    }

    /// <summary>Only a lock means that another process writes.</summary>
    [Fact]
    public void File_LockCannotBeOpened_SaysWhyAndBlamesNoOtherProcess()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(Path.GetDirectoryName(FilePath)!, "history.lock")));

        Should.Throw<IOException>(() => Open(0)).Message.ShouldContain("history.lock is a socket, not a file");
    }

    /// <summary>A process that is killed over and over: what the runs cost must not grow with the events after each.</summary>
    [Fact]
    public void Runs_ManyKilled_CostNoLookAtEachEvent()
    {
        const int Killed = 20;
        for (var day = 0; day < Killed; day++)
        {
            using var killed = Open(day);
            killed.Append([.. Enumerable.Range(1, 500).Select(sequence => Event(day, sequence))], null, Start);
        }

        using var connection = HistoryConnection.OpenToRead(FilePath);
        var steps = 0;
        SQLitePCL.raw.sqlite3_progress_handler(connection.Handle, 1, _ => Interlocked.Increment(ref steps) < 0 ? 1 : 0, null);
        var runs = HistoryReader.Runs(connection);

        runs.Select(run => run.Last).ShouldBe(Enumerable.Repeat(500L, Killed));
        steps.ShouldBeInRange(1, 10_000);
        HistoryReader.Runs(connection, 2).Select(run => run.Epoch).ShouldBe([EpochOf(Killed - 2), EpochOf(Killed - 1)]);
    }

    /// <summary>The connection was good when it was opened: the caller of a page says nothing, so the cursor does.</summary>
    [Fact]
    public async Task Cursor_DamageIsMetOnAPage_IsReported()
    {
        using (var file = Open(0))
        {
            file.Append([.. Enumerable.Range(1, 5_000).Select(sequence => Event(0, sequence))], null, Start);
        }

        await using var cursor = HistoryReader.Between(HistoryConnection.OpenToRead(FilePath), Reading, null, null);
        await cursor.NextAsync(TestContext.Current.CancellationToken);
        using (var stream = new FileStream(FilePath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Position = 8_192;
            stream.Write(Encoding.ASCII.GetBytes(new string('x', (int)stream.Length - 8_192)));
        }

        var failure = await Should.ThrowAsync<SqliteException>(async () =>
        {
            while (await cursor.NextAsync(TestContext.Current.CancellationToken) is { Count: > 0 })
            {
                // To the end, which never comes.
            }
        });
        _failures.ShouldBe([failure]);
    }

    /// <summary>The rows of what it did not write are the next run's.</summary>
    [Fact]
    public async Task States_OfARunThatWasKilled_AreNotTakenForThoseOfTheNext()
    {
        using (var killed = Open(0))
        {
            killed.Append([Event(0, 1)], new HistoryState("{\"run\":0}"u8.ToArray(), 2), Start);
        }

        using (var next = Open(1))
        {
            next.Append([Event(1, 1), Event(1, 2)], new HistoryState("{\"run\":1}"u8.ToArray(), 0), Start);
        }

        (await RecordAsync()).ShouldBe(
        [
            EventJson.Serialize(Event(0, 1)), "{\"run\":1}"u8.ToArray(), EventJson.Serialize(Event(1, 1)), EventJson.Serialize(Event(1, 2)),
        ]);
    }

    [Fact]
    public void States_OlderThanTheEvents_AreRemovedWithThem()
    {
        using var file = Open(0);
        file.Append([Event(0, 1), Event(0, 2)], new HistoryState("{}"u8.ToArray(), 0), Start);
        file.Append([Event(0, 3)], new HistoryState("{}"u8.ToArray(), 2), Start);
        Ask("SELECT count(*) FROM states").ShouldBe("2");

        file.Append([Event(0, 4) with { Time = Start.AddDays(30) }], null, Start.AddDays(20));
        Ask("SELECT count(*) FROM states").ShouldBe("0");
    }

    [Theory]
    [InlineData("this is not a database, and never was one: it is text, longer than the header of one, which has a hundred bytes or so")]
    [InlineData("SQLite format 3\0 and then nonsense that fills the header of a database, so that it looks like one at the first glance")]
    public void File_Damaged_IsPutAsideAndANewOneBegins(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        File.WriteAllText(FilePath, content);

        Should.Throw<HistoryUnusableException>(() => Open(0)).Message.ShouldStartWith("is ");

        File.ReadAllText(FilePath + ".damaged").ShouldBe(content);
        using var file = Open(0);
        file.Append([Event(0, 1)], null, Start);
        Runs().ShouldHaveSingleItem();
    }

    [Fact]
    public void File_DamagedInTheMiddle_IsPutAsideWhenThatIsMet()
    {
        using (var file = Open(0))
        {
            file.Append([.. Enumerable.Range(1, 5_000).Select(sequence => Event(0, sequence))], null, Start);
        }

        using (var stream = new FileStream(FilePath, FileMode.Open))
        {
            stream.Position = 8_192;
            stream.Write(Encoding.ASCII.GetBytes(new string('x', (int)stream.Length - 8_192)));
        }

        Should.Throw<HistoryUnusableException>(() =>
        {
            using var file = Open(1);
            file.Append([.. Enumerable.Range(1, 5_000).Select(sequence => Event(1, sequence))], null, Start);
        });

        File.Exists(FilePath + ".damaged").ShouldBeTrue();
        using var next = Open(1);
        next.Append([Event(1, 1)], null, Start);
    }

    [Fact]
    public void File_OfANewerVersion_IsPutAsideUntouched()
    {
        using (var file = Open(0))
        {
            file.Append([Event(0, 1)], null, Start);
        }

        Ask("PRAGMA user_version = 2");

        Should.Throw<HistoryUnusableException>(() => Open(1)).Message
            .ShouldStartWith("was written by a newer version of Cassini: its format is ");

        Ask("SELECT count(*) FROM events", FilePath + ".newer").ShouldBe("1");
        using var next = Open(1);
        Runs().ShouldHaveSingleItem().Epoch.ShouldBe(EpochOf(1));
    }

    [Fact]
    public void File_DaysPass_KeepsWhatIsYoungerThanMaxAge()
    {
        var options = new HistoryOptions { MaxAge = TimeSpan.FromDays(3) };
        for (var day = 0; day < 10; day++)
        {
            using var file = HistoryFile.Open(FilePath, options, RunOf(day));
            file.Append([Event(day, 1), Event(day, 2)], null, Start.AddDays(day));
            file.EndRun(2, Start.AddDays(day).AddHours(1));
        }

        Ask("SELECT group_concat(DISTINCT substr(time, 1, 10)) FROM events")
            .ShouldBe("2026-01-07,2026-01-08,2026-01-09,2026-01-10");
        Runs().Select(run => run.StartedAt.Day).ShouldBe([7, 8, 9, 10]);
    }

    [Fact]
    public async Task File_TooLarge_LosesTheOldestAndStaysWithinItsLimit()
    {
        var options = new HistoryOptions { MaxBytes = 1_048_576 };
        using var file = HistoryFile.Open(FilePath, options, RunOf(0));
        var most = 0L;
        for (var batch = 0; batch < 200; batch++)
        {
            var events = Enumerable.Range((batch * 100) + 1, 100).Select(sequence => Event(0, sequence)).ToList();
            most = Math.Max(most, file.Append(events, null, Start).Bytes);
        }

        var kept = await ReadAsync();
        kept[^1].Id.Sequence.ShouldBe(20_000);
        kept.Count.ShouldBe((int)(20_000 - kept[0].Id.Sequence + 1), "there is no hole");
        kept.Count.ShouldBeGreaterThan(1_000);
        Runs().ShouldHaveSingleItem().Removed.ShouldBe(kept[0].Id.Sequence - 1);

        // The log on top has a few MiB.
        most.ShouldBeLessThan(1_048_576 + (6 * 1_048_576));
        Ask("SELECT page_count * page_size <= 1300000 FROM pragma_page_count, pragma_page_size").ShouldBe("1");
    }

    [Fact]
    public void File_SmallerLimitThanBefore_Shrinks()
    {
        using (var file = Open(0))
        {
            file.Append([.. Enumerable.Range(1, 20_000).Select(sequence => Event(0, sequence))], null, Start);
        }

        using (var smaller = HistoryFile.Open(FilePath, new HistoryOptions { MaxBytes = 1_048_576 }, RunOf(1)))
        {
            for (var sequence = 1; sequence < 100; sequence++)
            {
                smaller.Append([Event(1, sequence)], null, Start);
            }
        }

        new FileInfo(FilePath).Length.ShouldBeLessThan(1_300_000);
    }

    [Theory]
    [InlineData(0, 1, nameof(HistoryAnswer.Resumed), "0-2 1-1 1-2")]
    [InlineData(0, 2, nameof(HistoryAnswer.Resumed), "1-1 1-2")]
    [InlineData(0, 3, nameof(HistoryAnswer.NotYet), null)]
    [InlineData(1, 1, nameof(HistoryAnswer.Resumed), "1-2")]
    [InlineData(1, 7, nameof(HistoryAnswer.Resumed), "")]
    [InlineData(9, 1, nameof(HistoryAnswer.UnknownRun), null)]
    public async Task Resume_AfterAnEvent_GivesWhatWasMissedOrWhyNot(int run, long sequence, string answer, string? missed)
    {
        using var now = ThreeRuns();
        await using var resumed = await ResumeAsync(run, sequence, oldest: 1);

        resumed.Answer.ToString().ShouldBe(answer);
        if (missed is not null)
        {
            (await resumed.MissedAsync()).ShouldBe(missed);
        }
    }

    [Fact]
    public async Task Resume_LogHasNotTheBeginOfThisRun_ReadsThatTooAndSaysHowFar()
    {
        using var now = ThreeRuns();

        await using var fits = await ResumeAsync(1, 2, oldest: 3);
        fits.Answer.ShouldBe(HistoryAnswer.Resumed);
        fits.Through.ShouldBe(2);
        (await fits.MissedAsync()).ShouldBe("2-1 2-2");

        await using var late = await ResumeAsync(1, 2, oldest: 4);
        late.Answer.ShouldBe(HistoryAnswer.Missing, "event 3 is in neither");
    }

    [Fact]
    public async Task Resume_EventsWereLostOrRemoved_IsMissing()
    {
        using var now = ThreeRuns();
        Ask($"DELETE FROM events WHERE epoch = '{EpochOf(1)}' AND sequence = 1");
        await using var lost = await ResumeAsync(0, 2, oldest: 1);
        lost.Answer.ShouldBe(HistoryAnswer.Missing);

        Ask($"UPDATE runs SET removed = 2 WHERE epoch = '{EpochOf(1)}'");
        Ask($"DELETE FROM events WHERE epoch = '{EpochOf(1)}'");
        await using var removed = await ResumeAsync(1, 1, oldest: 1);
        removed.Answer.ShouldBe(HistoryAnswer.Missing);
    }

    /// <summary>Run 0 ended clean after two events, run 1 was killed after two, and run 2 writes.</summary>
    private HistoryFile ThreeRuns()
    {
        using (var first = Open(0))
        {
            first.Append([Event(0, 1), Event(0, 2)], null, Start);
            first.EndRun(2, Start);
        }

        using (var second = Open(1))
        {
            second.Append([Event(1, 1), Event(1, 2)], null, Start);
        }

        var now = Open(2);
        now.Append([Event(2, 1), Event(2, 2)], null, Start);
        return now;
    }

    private async Task<Resumed> ResumeAsync(int run, long sequence, long oldest)
    {
        await Task.Yield();
        return new Resumed(HistoryReader.Resume(
            HistoryConnection.OpenToRead(FilePath), Reading, new EventId(EpochOf(run), sequence), EpochOf(2), oldest));
    }

    private static Epoch EpochOf(int day) => Epoch.StartingAt(Start.AddDays(day));

    private static HistoryRun RunOf(int day) => new(EpochOf(day), Start.AddDays(day), "0.1.0");

    private static EventEnvelope Event(int day, long sequence, string topic = "a") =>
        new(EpochOf(day), sequence, Start.AddDays(day), TimeSpan.FromSeconds(sequence), new TopicCreated(topic));

    private HistoryFile Open(int day) => HistoryFile.Open(FilePath, new HistoryOptions(), RunOf(day));

    private System.Collections.Immutable.ImmutableArray<HistoryRun> Runs()
    {
        using var connection = HistoryConnection.OpenToRead(FilePath);
        return HistoryReader.Runs(connection);
    }

    private async Task<List<HistoryEvent>> ReadAsync()
    {
        await using var cursor = HistoryReader.Between(HistoryConnection.OpenToRead(FilePath), Reading, null, null);
        var read = new List<HistoryEvent>();
        while (await cursor.NextAsync(TestContext.Current.CancellationToken) is { Count: > 0 } page)
        {
            read.AddRange(page);
        }

        return read;
    }

    private async Task<List<byte[]>> RecordAsync()
    {
        await using var record = HistoryReader.Record(HistoryConnection.OpenToRead(FilePath), Reading, null, null);
        var read = new List<byte[]>();
        while (await record.NextAsync(TestContext.Current.CancellationToken) is { Count: > 0 } lines)
        {
            read.AddRange(lines);
        }

        return read;
    }

    /// <summary>As a person asks it.</summary>
    private string Ask(string text, string? path = null)
    {
        using var connection = new SqliteConnection($"Data Source={path ?? FilePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = text;
        return $"{command.ExecuteScalar()}";
    }

    private sealed class Resumed(HistoryResume resume) : IAsyncDisposable
    {
        public HistoryAnswer Answer => resume.Answer;

        public long Through => resume.Through;

        /// <summary>As <c>run-sequence</c>.</summary>
        public async Task<string> MissedAsync()
        {
            var missed = await resume.Events.ShouldNotBeNull().NextAsync(TestContext.Current.CancellationToken);
            return string.Join(' ', missed.Select(
                happened => $"{Enumerable.Range(0, 3).Single(day => EpochOf(day) == happened.Id.Epoch)}-{happened.Id.Sequence}"));
        }

        public async ValueTask DisposeAsync()
        {
            if (resume.Events is { } events)
            {
                await events.DisposeAsync();
            }
        }
    }
}
