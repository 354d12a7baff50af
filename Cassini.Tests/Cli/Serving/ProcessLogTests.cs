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
    public async Task Log_OutputCannotBeWritten_GoesOn()
    {
        using var output = new BrokenOnce();
        using var log = new ProcessLog(new TextLayout(), output, TimeProvider.System);
        var logger = log.CreateLogger("Cassini.A");

        Log(logger, "lost");
        Log(logger, "written");

        await output.Lines.LineAsync("the second line", line => line.EndsWith("written", StringComparison.Ordinal));
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

    private sealed class BrokenOnce : StringWriter
    {
        private bool _wasBroken;

        public LineWriter Lines { get; } = new();

        public override void Write(string? value)
        {
            if (!_wasBroken)
            {
                _wasBroken = true;
                throw new IOException("no space left");
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
