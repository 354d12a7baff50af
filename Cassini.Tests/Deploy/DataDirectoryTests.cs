using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Deploy;

/// <summary>What the running program writes where the files under deploy/ give it one place to write.</summary>
[StartsExecutable]
public class DataDirectoryTests
{
    [Fact]
    public async Task Serve_WithAJournal_WritesOnlyInItsDataDirectoryWhatOnlyItsUserCanRead()
    {
        using var elsewhere = new TempDirectory();
        using var data = new TempDirectory();
        await using (var cassini = CassiniProcess.Start(
            elsewhere.Path,
            ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0", "--set", "Store:Level=Flush"],
            ("CASSINI_DATA_DIR", data.Path)))
        {
            using var http = new HttpClient { BaseAddress = new Uri(await cassini.ManagementAsync()) };
            await http.GetStringAsync("/readyz?wait=1m", TestContext.Current.CancellationToken);
            await Eventually.HoldsAsync("there is a history", () => File.Exists(data.File("history/history.db")));
            cassini.Signal(ChildProcess.Terminate);
            (await cassini.ExitCodeAsync("it stops")).ShouldBe(0);
        }

        Directory.GetFileSystemEntries(elsewhere.Path).ShouldBeEmpty();
        UnixMode.Of(data.File("journal")).ShouldBe(UnixMode.OnlyItsUser);
        UnixMode.Of(data.File("history")).ShouldBe(UnixMode.OnlyItsUser);
    }
}
