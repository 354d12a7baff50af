using System.Text.Json;
using Cassini.Harness;
using Cassini.Streams.Store.Ledgers.Sqlite;
using Cassini.Tests.Store.Maintenance;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cli;

/// <summary><c>cassini store</c> beside a real broker that writes, and a real broker on what it leaves.</summary>
[StartsExecutable]
public sealed class StoreProcessTests : IDisposable
{
    private const int Kill = 9;

    private static readonly string[] Arguments =
        ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0", "--set", "Store:Level=Process", "--set", "Store:CompactBytes=1048576"];

    private readonly TempDirectory _directory = new();

    private string Journal => Path.Combine(_directory.Path, "cassini", "journal");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Backup_UnderLoad_DisturbsNothingAndStartsAsABroker()
    {
        await using (var cassini = CassiniProcess.Start(_directory.Path, Arguments))
        {
            var broker = await BrokerAsync(cassini);
            (await RunAsync("pub", "old/1", "precious", "--retain", "--qos", "1", "--broker", broker)).ShouldBeEmpty();
            await using var load = CassiniProcess.Start(
                _directory.Path, ["pub", "r/1", "load", "--retain", "--qos", "1", "--repeat", "100000000", "--broker", broker]);
            var before = await GroupsAsync();
            await Eventually.BecomesAsync(
                "the load is under way", async ValueTask<long> () => await GroupsAsync(), last => last > before + 1_000);

            var copy = JsonDocument.Parse(await RunAsync("store", "backup", "--to", "copy", "--json")).RootElement;
            copy.GetProperty("status").GetString().ShouldBe("ok");
            copy.GetProperty("retained").GetInt64().ShouldBe(2);
            var (code, _, error) = await CassiniProcess.RunAsync(_directory.Path, ["store", "compact"]);
            code.ShouldBe(ExitCode.Error);
            error.ShouldMatch($"^cassini: {Journal} is in use by process \\d+, since 20");

            var written = await GroupsAsync();
            written.ShouldBeGreaterThanOrEqualTo(copy.GetProperty("last").GetInt64());
            await Eventually.BecomesAsync("the load goes on", async ValueTask<long> () => await GroupsAsync(), last => last > written);
            cassini.Error.ToString().ShouldNotContain("The journal cannot be written");
            cassini.Signal(Kill);
            await cassini.ExitCodeAsync("it is killed");
        }

        var left = JsonDocument.Parse(await RunAsync("store", "check", "--json")).RootElement;
        left.GetProperty("run").TryGetProperty("endedAt", out _).ShouldBeFalse();
        await using var again = CassiniProcess.Start(
            _directory.Path, [.. Arguments, "--set", $"Store:Directory={_directory.File("copy")}"]);
        (await RunAsync("sub", "old/#", "--count", "1", "--broker", await BrokerAsync(again))).ShouldBe("old/1 precious");
    }

    [Fact]
    public async Task Serve_DamagedJournal_NamesTheGroupAndTheWayOut()
    {
        await SampleJournal.WriteAsync(Journal, TimeProvider.System);
        using (var database = Database.Open(Path.Combine(Journal, "journal.db")))
        {
            database.Execute("UPDATE groups SET data = CAST(substr(data, 1, length(data) - 1) || x'5B' AS BLOB) WHERE number = 8");
        }

        var (code, _, error) = await CassiniProcess.RunAsync(_directory.Path, Arguments);

        code.ShouldBe(ExitCode.Error);
        var line = error.Split('\n').Single(line => line.StartsWith("cassini: ", StringComparison.Ordinal));
        line.ShouldStartWith($"cassini: the journal in {Journal} cannot be used: group 8: its check sum is wrong. It says that it was ");
        line.ShouldContain("it is about client 'a' and topic 't/2'");
        line.ShouldEndWith(
            $"The way out: 'cassini store check {Journal}' says all that is wrong, and 'cassini store repair {Journal} --to NEWDIR' keeps "
            + "what can be read");
    }

    private async Task<long> GroupsAsync() =>
        JsonDocument.Parse(await RunAsync("store", "check", "--json")).RootElement.GetProperty("last").GetInt64();

    private async Task<string> RunAsync(params string[] args)
    {
        var (code, text, error) = await CassiniProcess.RunAsync(_directory.Path, args);
        code.ShouldBe(ExitCode.Ok, $"{error}{text}");
        return text;
    }

    private static async Task<string> BrokerAsync(ChildProcess cassini)
    {
        var lines = await cassini.PasteableLinesAsync();
        return lines.Select(line => line.Split(' ')).First(words => words.Contains("--broker"))
            .SkipWhile(word => word != "--broker").ElementAt(1);
    }
}
