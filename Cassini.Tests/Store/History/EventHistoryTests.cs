using System.Runtime.CompilerServices;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Store.History;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.History;

/// <summary>The history of a host as its readers see it.</summary>
public sealed class EventHistoryTests : IDisposable
{
    private const int ReadFailed = 1847;
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>Anybody may ask as often as he likes.</summary>
    [Fact]
    public async Task Read_FailsAgainAndAgain_IsLoggedOnce()
    {
        using var log = new RecordingLoggers();
        var hub = new EventHub(TimeProvider.System);
        await using var history = EventHistory.Start(
            hub, () => new HistoryState("{}"u8.ToArray(), 0), new HistoryOptions { Directory = _directory.Path }, "0.1.0",
            TimeProvider.System, log).ShouldNotBeNull();
        (await history.RunsAsync(1, TestContext.Current.CancellationToken)).ShouldNotBeNull().ShouldHaveSingleItem();

        await Eventually.CompletesAsync("it has looked how the run before ended", Report(history));

        File.Delete(_directory.File("history.db"));
        (await history.RunsAsync(1, TestContext.Current.CancellationToken)).ShouldBeNull();
        (await history.RunsAsync(1, TestContext.Current.CancellationToken)).ShouldBeNull();

        log.Lines.Count(line => line.Id == ReadFailed).ShouldBe(1);
        await hub.CompleteAsync();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_report")]
    private static extern ref Task Report(EventHistory history);
}
