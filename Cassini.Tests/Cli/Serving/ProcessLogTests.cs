using System.Text;
using System.Text.Json;
using Cassini.Harness;
using Cassini.Tests.Support;
using Cassini.Web.Cli.Serving;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Cli.Serving;

public class ProcessLogTests
{
    [Fact]
    public async Task WriteApart_LinesAreLoggedMeanwhile_HoldsThemBack()
    {
        using var output = new LineWriter();
        using var log = new ProcessLog(new TextLayout(), output, TimeProvider.System);
        var logger = log.CreateLogger("Cassini.A");

        log.WriteApart(() =>
        {
            output.WriteLine("first line of the start-up text");
            Log(logger, "meanwhile");
            output.WriteLine("last line of the start-up text");
        });

        await output.LineAsync("the line of the log", line => line.EndsWith("A: meanwhile", StringComparison.Ordinal));
        output.Lines.Select(line => line.Split(' ')[0]).Take(2).ShouldBe(["first", "last"]);
    }

    /// <summary>Otherwise a signal could not stop the broker.</summary>
    [Fact]
    public async Task WriteApart_OutputIsNotRead_DoesNotWaitForItAndKeepsTheOrder()
    {
        using var output = new UnreadWriter();
        using var log = new ProcessLog(new TextLayout(), output, TimeProvider.System);
        Log(log.CreateLogger("Cassini.A"), "before");

        var apart = Task.Run(
            () => log.WriteApart(() => output.Lines.WriteLine("the start-up text")), TestContext.Current.CancellationToken);
        try
        {
            await Eventually.CompletesAsync("the start-up text is on its way", apart);
        }
        finally
        {
            output.Read();
        }

        await output.Lines.LineAsync("the start-up text", line => line == "the start-up text");
        output.Lines.Lines[0].ShouldEndWith("A: before");
    }

    [Fact]
    public async Task Log_OutputIsNotRead_DropsLinesAndSaysWhereHowManyAreMissing()
    {
        using var output = new UnreadWriter();
        using var log = new ProcessLog(new TextLayout(), output, TimeProvider.System);
        var logger = log.CreateLogger("Cassini.A");

        for (var i = 0; i < 10_000; i++)
        {
            Log(logger, $"line {i}");
        }

        output.Read();
        var notice = await output.Lines.LineAsync("the notice", line => line.Contains(" of the log dropped: ", StringComparison.Ordinal));
        notice.ShouldMatch(@" warn  ProcessLog\[2026\]: 7,(499|500) lines of the log dropped: they were not read in time$");
        Log(logger, "read again");
        await output.Lines.LineAsync("the next line", line => line.EndsWith("read again", StringComparison.Ordinal));
        var lines = output.Lines.Lines;
        lines[^2].ShouldBe(notice);
        lines.SkipLast(2).Select(line => line.Split(": ")[^1]).ShouldBe(Enumerable.Range(0, lines.Count - 2).Select(i => $"line {i}"));
    }

    [Fact]
    public void Dispose_LinesWait_WritesThem()
    {
        using var output = new LineWriter();
        using (var log = new ProcessLog(new TextLayout(), output, TimeProvider.System))
        {
            Log(log.CreateLogger("Cassini.A"), "the last words");
        }

        output.Lines.ShouldHaveSingleItem().ShouldEndWith("the last words");
    }

    [Fact]
    public async Task Flush_LinesWait_EndsWhenTheyAreWritten()
    {
        using var output = new UnreadWriter();
        using var log = new ProcessLog(new TextLayout(), output, TimeProvider.System);
        var logger = log.CreateLogger("Cassini.A");
        for (var i = 0; i < 2_000; i++)
        {
            Log(logger, $"line {i}");
        }

        var flush = Task.Run(log.Flush, TestContext.Current.CancellationToken);
        output.Read();
        await Eventually.CompletesAsync("the flush", flush);

        output.Lines.Lines.Count.ShouldBe(2_000);
    }

    [Fact]
    public async Task Flush_OutputIsNotRead_GivesUp()
    {
        using var output = new UnreadWriter();
        using var log = new ProcessLog(new TextLayout(), output, TimeProvider.System);
        Log(log.CreateLogger("Cassini.A"), "never read");

        await Eventually.CompletesAsync("the flush", Task.Run(log.Flush, TestContext.Current.CancellationToken));

        output.Lines.Lines.ShouldBeEmpty();
        output.Read();
    }

    /// <summary>The real executable, in which a thread throws that is none of its own.</summary>
    [Fact]
    public async Task Process_ExceptionThatNothingHandles_IsOnTheLog()
    {
        using var directory = new TempDirectory();
        await using var cassini = CassiniProcess.Start(
            directory.Path, ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0", "--log-format", "json"],
            StartupHook.Variables(StartupHook.ThrowAfterInput));
        await cassini.StartedAsync();

        cassini.CloseInput();

        (await cassini.ExitCodeAsync("it ends")).ShouldNotBe(ExitCode.Ok);
        using var last = JsonDocument.Parse(
            cassini.Error.Lines.Single(line => line.Contains($"\"EventId\":{ServingLog.ProcessEnds},", StringComparison.Ordinal)));
        last.RootElement.GetProperty("LogLevel").GetString().ShouldBe("Critical");
        last.RootElement.GetProperty("Exception").GetString().ShouldStartWith("System.InvalidOperationException: a bug");
    }

    [Theory]
    [InlineData(StartupHook.LogAndThrow, 1)]
    [InlineData(StartupHook.LogAndExit, 0)]
    public async Task Process_Ends_WritesTheLinesThatWait(string how, int more)
    {
        using var directory = new TempDirectory();
        await using var cassini = CassiniProcess.Start(directory.Path, [], StartupHook.Variables(how));

        await cassini.ExitCodeAsync("it ends");

        var lines = cassini.Error.Lines.Where(line => line.Contains("A: line ", StringComparison.Ordinal));
        lines.Count().ShouldBe(StartupHook.Lines);
        cassini.Error.Lines.Count(line => line.Contains($"[{ServingLog.ProcessEnds}]", StringComparison.Ordinal)).ShouldBe(more);
    }

    [Theory]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(UnauthorizedAccessException))]
    [InlineData(typeof(ObjectDisposedException))]
    [InlineData(typeof(OperationCanceledException))]
    [InlineData(typeof(EncoderFallbackException))]
    public async Task Log_OutputCannotBeWritten_GoesOn(Type failure)
    {
        using var output = new BrokenOnce(failure);
        using var log = new ProcessLog(new TextLayout(), output, TimeProvider.System);
        var logger = log.CreateLogger("Cassini.A");

        Log(logger, "lost");
        Log(logger, "written");

        await output.Lines.LineAsync("the second line", line => line.EndsWith("written", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Log_ValueCannotBeWritten_SaysSoInsteadAndDoesNotThrow(bool isJson)
    {
        using var output = new LineWriter();
        ILogLayout layout = isJson ? new JsonLayout() : new TextLayout();
        using var log = new ProcessLog(layout, output, TimeProvider.System);
        var logger = log.CreateLogger("Cassini.A");
        var broken = new Broken();

        logger.Log(LogLevel.Error, 7, broken, null, static (value, _) => $"{value}");
        using (logger.BeginScope(broken))
        {
            Log(logger, "within a scope");
        }

        Log(logger, "the next");

        await output.LineAsync("the next line", line => line.Contains("the next", StringComparison.Ordinal));
        output.Lines.Count(line => line.Contains("This line cannot be written: System.NotSupportedException", StringComparison.Ordinal))
            .ShouldBe(2);
    }

    private static void Log(ILogger logger, string message) =>
        logger.Log(LogLevel.Information, default, message, null, static (text, _) => text);

    /// <summary>Takes nothing before it is read.</summary>
    private sealed class UnreadWriter : StringWriter
    {
        private readonly ManualResetEventSlim _isRead = new();

        public LineWriter Lines { get; } = new();

        public void Read() => _isRead.Set();

        public override void Write(string? value)
        {
            _isRead.Wait();
            Lines.Write(value);
        }

        protected override void Dispose(bool disposing)
        {
            _isRead.Dispose();
            Lines.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class Broken
    {
        public override string ToString() => throw new NotSupportedException("no text");
    }

    private sealed class BrokenOnce(Type failure) : StringWriter
    {
        private bool _wasBroken;

        public LineWriter Lines { get; } = new();

        public override void Write(string? value)
        {
            if (!_wasBroken)
            {
                _wasBroken = true;
                throw failure == typeof(ObjectDisposedException)
                    ? new ObjectDisposedException("output")
                    : (Exception)Activator.CreateInstance(failure)!;
            }

            Lines.Write(value);
        }

        protected override void Dispose(bool disposing)
        {
            Lines.Dispose();
            base.Dispose(disposing);
        }
    }
}
