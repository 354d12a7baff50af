using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Cassini.Harness;
using Cassini.Streams.Store.Ledgers.Sqlite;
using Cassini.Tests.Store.Ledgers;
using Cassini.Tests.Store.Maintenance;
using Cassini.Tests.Support;
using Cassini.Web.Cli;

namespace Cassini.Tests.Cli;

/// <summary><c>cassini store</c>: its words, what it says of directories, and that bad input loses nothing.</summary>
public sealed class StoreTests : IDisposable
{
    private const int VersionAt = 60;

    private readonly TempDirectory _directory = new();
    private readonly TestConsole _console;

    public StoreTests()
    {
        _console = new TestConsole { WorkingDirectory = _directory.Path };
    }

    private string Journal => _directory.File("journal");

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("ACTION 'chek' is not one of check, dump, repair, compact, backup: did you mean 'check'?", "chek")]
    [InlineData("repair needs --to NEWDIR", "repair", "journal")]
    [InlineData("backup needs --to NEWDIR", "backup", "--to", "")]
    [InlineData("--to goes with repair and backup alone", "check", "journal", "--to", "new")]
    [InlineData("--cut goes with repair alone", "compact", "journal", "--cut")]
    [InlineData("give --cut or --skip, not both", "repair", "journal", "--to", "new", "--cut", "--skip")]
    [InlineData("--no-payloads goes with dump alone", "check", "--no-payloads")]
    [InlineData("DIR must not be empty", "check", "")]
    public async Task Store_WrongWords_Is64(string sentence, params string[] args)
    {
        (await RunAsync(args)).ShouldBe(ExitCode.Usage);

        _console.Error.Lines.ShouldBe([$"cassini: {sentence}", "Try 'cassini store --help'."]);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("dump")]
    [InlineData("compact")]
    [InlineData("repair", "--to", "new")]
    [InlineData("backup", "--to", "new")]
    public async Task Store_NoJournal_SaysWhatIsThere(string action, params string[] flags)
    {
        _directory.Write("file", "");
        Directory.CreateDirectory(_directory.File("empty"));
        (string Name, string Sentence)[] places =
        [
            ("nowhere", $"There is no directory {_directory.File("nowhere")}."),
            ("file", $"{_directory.File("file")} is a file, not the directory of a journal."),
            ("empty", $"{_directory.File("empty")} is not the directory of a journal: it has no journal.db."),
        ];
        foreach (var (name, sentence) in places)
        {
            (await RunAsync([action, name, .. flags])).ShouldBe(ExitCode.Error);
            _console.Error.Lines[^1].ShouldBe($"cassini: {sentence}");
        }

        _console.Out.Lines.ShouldBeEmpty();
        Directory.GetFileSystemEntries(_directory.Path).Length.ShouldBe(2);
        Directory.GetFileSystemEntries(_directory.File("empty")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("check")]
    [InlineData("compact")]
    public async Task Store_NoFileInItsPlace_SaysWhatIsThere(string action)
    {
        var file = Path.Combine(Directory.CreateDirectory(Journal).FullName, "journal.db");
        SpecialFile.MakePipe(file);

        (await Eventually.CompletesAsync("it ends", RunAsync(action, "journal"))).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe(
            [$"cassini: {file} is a pipe, not a file. Put the journal's file there, or set Store:Directory to another directory."]);
        File.Delete(file);
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        (await RunAsync(action, "journal")).ShouldBe(ExitCode.Error);
        _console.Error.Lines[^1].ShouldBe(
            $"cassini: {file} is empty: all that it held is gone. Go back to a backup, or remove it to begin anew.");
    }

    [Theory]
    [InlineData("check")]
    [InlineData("dump")]
    [InlineData("compact")]
    [InlineData("repair", "--to", "new")]
    [InlineData("backup", "--to", "new")]
    public async Task Store_NewerFormat_IsRefusedAndUntouched(string action, params string[] flags)
    {
        await WriteAsync();
        var file = Path.Combine(Journal, "journal.db");
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(VersionAt), 2);
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        var names = Directory.GetFiles(Journal).Order();

        (await RunAsync([action, "journal", .. flags])).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe(
            [
                $"cassini: {file} has format 2; this version of Cassini knows formats up to 1. It was left as it is: use the version that "
                + "wrote it.",
            ]);
        (await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)).ShouldBe(bytes);
        Directory.GetFiles(Journal).Order().ShouldBe(names);
        Directory.Exists(_directory.File("new")).ShouldBeFalse();
    }

    [Fact]
    public async Task Check_SoundJournal_SaysWhatIsInItAndChangesNothing()
    {
        await WriteAsync();
        var files = JournalRig.FilesOf(Journal);

        (await RunAsync("check", "journal")).ShouldBe(ExitCode.Ok, _console.Error.ToString());

        _console.Out.Lines[0].ShouldBe($"{Journal}: ok");
        _console.Out.ToString().ShouldMatch(@"(?m)^  groups    14 \(1 to 14\), [\d,]+ bytes$");
        _console.Out.ToString().ShouldMatch("(?m)^  sessions  2 with 3 messages and 2 subscriptions$");
        _console.Out.ToString().ShouldMatch("(?m)^  last run  1, from 20.*; ended on purpose$");
        JournalRig.FilesOf(Journal).ShouldBe(files);
    }

    [Fact]
    public async Task Check_DamagedJournal_SaysWhatAndTheWayOut()
    {
        await WriteAsync(damage: true);

        (await RunAsync("check", "journal")).ShouldBe(ExitCode.Error);

        _console.Out.Lines[0].ShouldBe($"{Journal}: damaged");
        _console.Out.Lines[^3].ShouldMatch(@"^  ! group 8: its check sum is wrong\. It says .* is about client 'a' and topic 't/2'\.$");
        _console.Out.Lines[^2].ShouldBe("  ! incomplete: 'a'");
        _console.Out.Lines[^1].ShouldBe(
            $"'cassini store repair {Journal} --to NEWDIR' keeps 13 groups in a new directory; with --cut 7: those before the damage.");
        _console.Error.Lines.ShouldBeEmpty();

        (await RunAsync("check", "journal", "--json")).ShouldBe(ExitCode.Error);
        var json = JsonDocument.Parse(_console.Out.Lines[^1]).RootElement;
        json.GetProperty("status").GetString().ShouldBe("damaged");
        json.GetProperty("problems")[0].GetProperty("first").GetInt64().ShouldBe(8);
        json.GetProperty("keptByCut").GetInt64().ShouldBe(7);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(7, "--cut")]
    public async Task Repair_DamagedJournal_WritesANewOneThatIsSound(int kept, params string[] flags)
    {
        await WriteAsync(damage: true);
        var files = JournalRig.FilesOf(Journal);

        (await RunAsync(["repair", "journal", "--to", "new", .. flags])).ShouldBe(ExitCode.Ok, _console.Error.ToString());

        _console.Out.Lines[^1].ShouldStartWith($"{_directory.File("new")}: {kept} groups kept");
        (await RunAsync("check", "new")).ShouldBe(ExitCode.Ok);
        JournalRig.FilesOf(Journal).ShouldBe(files);

        (await RunAsync(["repair", "journal", "--to", "new", .. flags])).ShouldBe(ExitCode.Error);
        _console.Error.Lines.ShouldBe([$"cassini: {_directory.File("new")} exists already: name a directory that does not."]);
    }

    [Fact]
    public async Task Repair_NothingCanBeRead_WritesNothing()
    {
        await WriteAsync();
        using (var database = Database.Open(Path.Combine(Journal, "journal.db")))
        {
            database.Execute("UPDATE groups SET data = zeroblob(length(data))");
        }

        (await RunAsync("repair", "journal", "--to", "new")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe([$"cassini: No group of {Journal} can be read: go back to a backup."]);
        Directory.Exists(_directory.File("new")).ShouldBeFalse();
    }

    [Fact]
    public async Task Repair_SoundJournal_WritesNothing()
    {
        await WriteAsync();

        (await RunAsync("repair", "journal", "--to", "new")).ShouldBe(ExitCode.Ok);

        _console.Error.Lines.ShouldBe([$"cassini: nothing is wrong with {Journal}: nothing was written"]);
        Directory.Exists(_directory.File("new")).ShouldBeFalse();
    }

    [Fact]
    public async Task Dump_Journal_IsALineForEachGroupAndRecord()
    {
        await WriteAsync();

        (await RunAsync("dump", "journal")).ShouldBe(ExitCode.Ok);

        var lines = _console.Out.Lines.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        lines.Count(line => !line.TryGetProperty("record", out _)).ShouldBe(SampleJournal.Steps);
        _console.Out.Lines.ShouldContain(
            """{"group":1,"record":"session","session":1,"clientId":"a","identity":"alice","expirySeconds":3600}""");
        _console.Out.Lines.ShouldContain(
            """{"group":4,"record":"delivery","session":1,"clientId":"a","sequence":1,"packetId":1,"count":1,"state":"awaitingPubRec"}""");
        const string Begin = """{"group":5,"record":"retained","identity":"alice","topic":"r/1",""";
        const string End = ""","propertiesBase64":"AQE=","qos":2,"retain":true}""";
        _console.Out.Lines.ShouldContain($"{Begin}\"payloadBase64\":\"/2tlcHQ=\"{End}");

        (await RunAsync("dump", "journal", "--no-payloads")).ShouldBe(ExitCode.Ok);
        _console.Out.Lines.ShouldContain($"{Begin}\"payloadBytes\":5{End}");
    }

    [Fact]
    public async Task Dump_DamagedJournal_GoesOnBehindTheDamage()
    {
        await WriteAsync(damage: true);

        (await RunAsync("dump", "journal", "--no-payloads")).ShouldBe(ExitCode.Error);

        _console.Out.Lines.ShouldContain(line => line.Contains("\"problem\":\"its check sum is wrong\"", StringComparison.Ordinal));
        _console.Out.Lines[^1].ShouldStartWith("{\"group\":14,");
    }

    [Theory]
    [InlineData("number = 8", """{"group":8,"problem":"missing"}""")]
    [InlineData("number IN (8, 9)", """{"group":8,"to":9,"problem":"missing"}""")]
    [InlineData("number = 1", """{"group":1,"problem":"missing"}""")]
    [InlineData("number = 14", """{"group":14,"problem":"missing"}""")]
    public async Task Dump_GroupsAreMissing_SaysWhichAndIs2(string missing, string line)
    {
        await WriteAsync();
        using (var database = Database.Open(Path.Combine(Journal, "journal.db")))
        {
            database.Execute($"DELETE FROM groups WHERE {missing}");
            database.CheckpointAndTruncate();
        }

        (await RunAsync("dump", "journal")).ShouldBe(ExitCode.Error);

        _console.Out.Lines.ShouldContain(line);
    }

    [Fact]
    public async Task Compact_Journal_LeavesOneGroup()
    {
        await WriteAsync();

        (await RunAsync("compact", "journal", "--json")).ShouldBe(ExitCode.Ok, _console.Error.ToString());

        var json = JsonDocument.Parse(_console.Out.Lines.ShouldHaveSingleItem()).RootElement;
        json.GetProperty("groups").GetInt64().ShouldBe(1);
        json.GetProperty("messages").GetInt64().ShouldBe(3);
    }

    /// <summary>Check, dump and backup go on beside a process that has it.</summary>
    [Fact]
    public async Task Store_JournalInUse_IsReadButNotRepairedOrCompacted()
    {
        await using var journal = await SampleJournal.OpenAsync(Journal, TimeProvider.System);
        await journal.StepAsync(5);
        var owner = $"process {Environment.ProcessId}, since 20";

        (await RunAsync("check", "journal")).ShouldBe(ExitCode.Ok, _console.Out.ToString());
        _console.Out.Lines[^1].ShouldStartWith($"  last run  goes on in {owner}");
        (await RunAsync("dump", "journal")).ShouldBe(ExitCode.Ok);
        (await RunAsync("backup", "journal", "--to", "new")).ShouldBe(ExitCode.Ok, _console.Error.ToString());
        (await RunAsync("repair", "journal", "--to", "other")).ShouldBe(ExitCode.Error);
        _console.Error.Lines[^1].ShouldStartWith($"cassini: {Journal} is in use by {owner}");
        (await RunAsync("compact", "journal")).ShouldBe(ExitCode.Error);
        _console.Error.Lines[^1].ShouldStartWith($"cassini: {Journal} is in use by {owner}");
    }

    [Fact]
    public async Task Store_NoDirectoryGiven_TakesThatOfTheBroker()
    {
        await WriteAsync();
        _console.Environment["CASSINI_DATA_DIR"] = _directory.Path;
        (await RunAsync("check")).ShouldBe(ExitCode.Ok, _console.Error.ToString());

        _directory.Write("other.json", """{ "Cassini": { "Store": { "Directory": "elsewhere" } } }""");
        (await RunAsync("check", "--config", "other.json")).ShouldBe(ExitCode.Error);
        _console.Error.Lines[^1].ShouldBe($"cassini: There is no directory {_directory.File("elsewhere")}.");

        (await RunAsync("check", "--config", "none.json")).ShouldBe(ExitCode.Error);
        _console.Error.Lines[^1].ShouldBe("cassini: none.json: no such file");
    }

    [Fact]
    public async Task Backup_DiskIsFull_SaysSo()
    {
        using var disk = new SmallDisk(4);
        await WriteAsync();
        disk.Fill();

        (await RunAsync("backup", "journal", "--to", disk.Store)).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldContain("database or disk is full");
        disk.MakeReadOnly();
        (await RunAsync("backup", "journal", "--to", disk.Store)).ShouldBe(ExitCode.Error);
        _console.Error.Lines[^1].ShouldContain("Read-only file system");
    }

    private async Task WriteAsync(bool damage = false)
    {
        await SampleJournal.WriteAsync(Journal, TimeProvider.System);
        if (damage)
        {
            using var database = Database.Open(Path.Combine(Journal, "journal.db"));
            database.Execute(string.Create(
                CultureInfo.InvariantCulture,
                $"UPDATE groups SET data = CAST(substr(data, 1, length(data) - 1) || x'5B' AS BLOB) WHERE number = {8}"));
            database.CheckpointAndTruncate();
        }
    }

    private Task<int> RunAsync(params string[] args) =>
        CommandLine.RunAsync(["store", .. args], _console.Context, StoreCommand.Create(_console.Context));
}
