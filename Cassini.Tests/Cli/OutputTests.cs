using System.Text;
using Cassini.Harness;
using Cassini.Streams.Events;
using Cassini.Tests.Cli.Messaging;
using Cassini.Tests.Feed;
using Cassini.Tests.Health;
using Cassini.Tests.Health.Records;
using Cassini.Tests.Support;
using Cassini.Web.Cli.Context;

namespace Cassini.Tests.Cli;

/// <summary>The real executable with an output that nobody reads, that is full, or that is closed.</summary>
[StartsExecutable]
public sealed class OutputTests : IDisposable
{
    private const string Full = "cassini: standard output cannot be written: No space left on device";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("--version")]
    [InlineData("--help")]
    [InlineData("serve --help")]
    [InlineData("help pub")]
    [InlineData("completion bash")]
    [InlineData("man")]
    [InlineData("certs certs")]
    [InlineData("wait http://127.0.0.1:1 --timeout 0")]
    [InlineData("wait http://127.0.0.1:1 --timeout 0 --json")]
    [InlineData("watch http://127.0.0.1:1")]
    [InlineData("replay record.jsonl")]
    [InlineData("replay record.jsonl --json")]
    public async Task Output_OnAFullDisk_EndsTheCommandWithOneSentence(string args)
    {
        WriteRecord();
        await using var cassini = Start($"{args} >/dev/full");

        (await cassini.ExitCodeAsync("it ends")).ShouldBe(ExitCode.Error, cassini.Error.ToString());

        cassini.Error.Lines.ShouldBe([Full]);
    }

    [Fact]
    public async Task Output_OfSubOnAFullDisk_EndsTheCommandWithOneSentence()
    {
        await using var rig = await PubSubRig.StartAsync();
        await rig.PublishAsync("t", "x", "--retain");

        await using var messages = Start($"sub t {string.Join(' ', rig.Connection)} >/dev/full");
        await using var rates = Start($"sub t --rate {string.Join(' ', rig.Connection)} >/dev/full");

        (await messages.ExitCodeAsync("it ends")).ShouldBe(ExitCode.Error);
        messages.Error.Lines.ShouldBe([Full]);
        (await rates.ExitCodeAsync("it ends")).ShouldBe(ExitCode.Error);
        rates.Error.Lines.ShouldBe([Full]);
    }

    [Theory]
    [InlineData("wait http://127.0.0.1:1 --timeout 0")]
    [InlineData("watch http://127.0.0.1:1")]
    public async Task Output_ThatNobodyReadsAnyMore_EndsAnIdleCommandQuietly(string args)
    {
        await using var cassini = StartPiped(args, "head -n 1");

        (await cassini.ExitCodeAsync("it ends")).ShouldBe(ExitCode.BrokenPipe);

        cassini.Out.Lines.Count.ShouldBe(1);
        cassini.Error.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Output_OfWatchThatNobodyReadsAnyMore_EndsItQuietly()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(FeedText.Health()));
        await using var cassini = StartPiped($"watch {server.Url}", "head -n 1");

        (await cassini.ExitCodeAsync("it ends")).ShouldBe(ExitCode.BrokenPipe);

        cassini.Out.Lines.ShouldHaveSingleItem().ShouldStartWith("{\"note\":\"snapshot\"");
        cassini.Error.Lines.ShouldBeEmpty();
    }

    /// <summary>The first line comes after the header, and what is written is whole.</summary>
    [Fact]
    public async Task Output_OfWatchThatNobodyReadsAnyMore_LeavesARecordThatCanBeReplayed()
    {
        await using var broker = CassiniProcess.Start(_directory.Path, ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0"]);
        var url = await broker.ManagementAsync();
        await using (var cassini = StartPiped($"watch {url} --record incident.jsonl", "head -n 1"))
        {
            (await cassini.ExitCodeAsync("it ends")).ShouldBe(ExitCode.BrokenPipe);
            cassini.Error.Lines.ShouldBeEmpty();
        }

        var (code, text, error) = await CassiniProcess.RunAsync(_directory.Path, ["replay", "incident.jsonl"]);

        code.ShouldBe(ExitCode.Ok, error);
        error.ShouldBeEmpty();
        text.ShouldContain("1 segment");
    }

    /// <summary>RFC 8259 8.1. The other lines are UTF-8 as well, so that both can be read together.</summary>
    [Theory]
    [InlineData("de_DE.ISO-8859-1")]
    [InlineData("C")]
    [InlineData("en_US.UTF-16")]
    public async Task Output_InALocaleOfAnotherEncoding_IsUtf8(string locale)
    {
        await using var rig = await PubSubRig.StartAsync();
        await rig.PublishAsync("grüße", "é€", "--retain");
        (string Option, string Expected)[] formats = [("", "grüße é€"), ("--json", "\"topic\":\"grüße\",\"payload\":\"é€\"")];
        foreach (var (option, expected) in formats)
        {
            await using var cassini = Shell(
                $"LC_ALL={locale} {CassiniProcess.InShell} sub '#' --count 1 {option} {string.Join(' ', rig.Connection)} >out");
            (await cassini.ExitCodeAsync("it ends")).ShouldBe(ExitCode.Ok, cassini.Error.ToString());

            var bytes = await File.ReadAllBytesAsync(_directory.File("out"), TestContext.Current.CancellationToken);

            new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).ShouldContain(expected, Case.Sensitive);
            bytes[0].ShouldBe((byte)(option.Length == 0 ? 'g' : '{'));
        }
    }

    [Fact]
    public async Task Output_OfSubThatNobodyReadsAnyMore_EndsItQuietlyAndItsSession()
    {
        await using var rig = await PubSubRig.StartAsync();
        await rig.PublishAsync("t", "x", "--retain");
        await using var cassini = StartPiped($"sub t {string.Join(' ', rig.Connection)}", "head -n 1");

        (await cassini.ExitCodeAsync("it ends without another message")).ShouldBe(ExitCode.BrokenPipe);

        cassini.Out.Lines.ShouldBe(["t x"]);
        cassini.Error.Lines.ShouldBeEmpty();
        await Eventually.HoldsAsync("its session is gone", () => rig.Subscribers("t") == 0);
    }

    [Theory]
    [InlineData("replay record.jsonl")]
    [InlineData("--help")]
    public async Task Output_ThatNobodyEverReads_EndsTheCommandQuietly(string args)
    {
        WriteRecord();
        await using var cassini = StartPiped(args, "{ exec <&-; : >gone; }", ahead: "until [ -e gone ]; do :; done; ");

        (await cassini.ExitCodeAsync("it ends")).ShouldBe(ExitCode.BrokenPipe);

        cassini.Error.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Output_AllOfWhichWasRead_IsASuccess()
    {
        await using var cassini = StartPiped("--version", "head -n 1");

        (await cassini.ExitCodeAsync("it ends")).ShouldBe(ExitCode.Ok);
    }

    [Theory]
    [InlineData("nosuch 2>/dev/full", ExitCode.Usage)]
    [InlineData("nosuch 2>&-", ExitCode.Usage)]
    [InlineData("--bind nowhere 2>/dev/full", ExitCode.Error)]
    [InlineData("wait http://127.0.0.1:1 --timeout 10ms 2>/dev/full", ExitCode.TimedOut)]
    [InlineData("wait http://127.0.0.1:1 --timeout 10ms 2>&-", ExitCode.TimedOut)]
    [InlineData("--version >&-", ExitCode.Error)]
    [InlineData("--version >&- 2>&-", ExitCode.Error)]
    public async Task Error_ThatCannotBeWritten_ChangesNoExitCode(string args, int code)
    {
        await using var cassini = Start(args);

        (await cassini.ExitCodeAsync("it ends")).ShouldBe(code);
    }

    [Theory]
    [InlineData(">/dev/full")]
    [InlineData("2>/dev/full")]
    [InlineData(">/dev/full 2>&1")]
    [InlineData("2>/dev/full --log-format json --log-level trace")]
    [InlineData("| true")]
    [InlineData(">&-")]
    public async Task Serve_OutputThatNobodyReadsOrThatIsFull_Serves(string redirection)
    {
        var management = $"127.0.0.1:{FreePort.Find()}";
        await using var cassini = Start($"--bind 127.0.0.1:0 --management {management} {redirection}");

        var (code, _, error) = await CassiniProcess.RunAsync(_directory.Path, ["wait", $"http://{management}", "--timeout", "60s"]);

        code.ShouldBe(ExitCode.Ok, error);
    }

    /// <summary>The pipe on which the runtime gets its signals then has the descriptors 1 and 2.</summary>
    [Fact]
    public async Task Streams_ThatAreClosed_AreNeitherWrittenNorRead()
    {
        using var serving = new TempDirectory();
        var management = $"127.0.0.1:{FreePort.Find()}";
        await using var cassini = ChildProcess.Paste(
            $"{CassiniProcess.InShell} --log-level trace --bind 127.0.0.1:0 --management {management} <&- >&- 2>&-",
            _directory.Path, ("XDG_DATA_HOME", serving.Path));
        await CassiniProcess.RunAsync(_directory.Path, ["wait", $"http://{management}", "--timeout", "60s"]);
        await using var publisher = Start("replay - <&-");

        (await publisher.ExitCodeAsync("there is no input")).ShouldBe(ExitCode.Error);
        publisher.Error.Lines.ShouldBe(["cassini: standard input is closed"]);
        cassini.Signal(ChildProcess.Terminate);
        (await cassini.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public void Descriptor_OfAFileOfTheRuntime_IsNotInherited()
    {
        using var file = new FileStream(_directory.File("file"), FileMode.Create);

        Descriptor.IsInherited((int)file.SafeFileHandle.DangerousGetHandle()).ShouldBeFalse();
        Descriptor.IsInherited(StandardStream.Error).ShouldBeTrue();
        Descriptor.IsInherited(Descriptor.None).ShouldBeFalse();
    }

    private void WriteRecord()
    {
        var fold = new Fold().At(0, Happened.Bound()).At(2, new PhaseEntered(Phase.Ready)).Until(4);
        File.WriteAllBytes(_directory.File("record.jsonl"), RecordedRun.Record(RecordedRun.Header(fold.State), []));
    }

    private ChildProcess Start(string args) => Shell($"{CassiniProcess.InShell} {args}");

    /// <summary>Ends with the exit code of cassini, and not of the reader.</summary>
    private ChildProcess StartPiped(string args, string reader, string ahead = "") => Shell(
        $"{{ {ahead}{CassiniProcess.InShell} {args}; echo $? >code; }} | {reader}; read code <code; exit $code");

    private ChildProcess Shell(string script) => ChildProcess.Start(
        "/bin/sh", ["-c", script], _directory.Path, ("XDG_DATA_HOME", _directory.Path));
}
