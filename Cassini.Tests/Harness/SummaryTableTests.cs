using Cassini.Harness.Reports;
using Cassini.Harness.Verdicts;
using Spectre.Console;

namespace Cassini.Tests.Harness;

public class SummaryTableTests
{
    [Theory]
    [InlineData(1, "1 failed, 1 sent again, 1 reconnect")]
    [InlineData(2, "2 failed, 2 sent again, 2 reconnects")]
    public void Trouble_OfAPublisher_IsInTheRightNumber(long count, string expected) => Text(count, 0).ShouldContain(expected);

    [Theory]
    [InlineData(1, "1 missing, 1 duplicate, 1 damaged, 1 foreign, 1 out of order, 1 reconnect")]
    [InlineData(1_000, "1,000 missing, 1,000 duplicates, 1,000 damaged, 1,000 foreign, 1,000 out of order, 1,000 reconnects")]
    public void Trouble_OfASubscriber_IsInTheRightNumber(long count, string expected) => Text(0, count).ShouldContain(expected);

    private static string Text(long publisher, long subscriber)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = 200;
        SummaryTable.Write(console, Report(publisher, subscriber));
        return output.ToString();
    }

    private static RunReport Report(long publisher, long subscriber) => new()
    {
        Plan = "p",
        Seed = 1,
        Verdict = Verdict.Passed,
        Message = null,
        ExitCode = 0,
        Seconds = 1,
        Health = [],
        Workers = [],
        Tests =
        [
            new TestReport
            {
                Name = "t", Broker = "b", State = TestState.Passed,
                Publishers =
                [
                    new PublisherLine
                    {
                        Name = "p", Worker = "w", Sent = 1, Acknowledged = 1, Failed = publisher, Retransmitted = publisher,
                        Reconnects = publisher, Bytes = 1, Seconds = 1, MessagesPerSecond = 1, LastError = null,
                    },
                ],
                Subscribers =
                [
                    new SubscriberLine
                    {
                        Name = "s", Worker = "w", Received = 1, Unique = 1,
                        Duplicates = subscriber, Corrupt = subscriber, Foreign = subscriber,
                        OutOfOrder = subscriber, Missing = subscriber, Bytes = 1, FirstSeconds = 0, LastSeconds = 1, LongestGapSeconds = 0,
                        MessagesPerSecond = 1, Latency = null, Reconnects = subscriber, LastError = null,
                    },
                ],
            },
        ],
    };
}
