using Cassini.Harness;
using Cassini.Harness.Clients;
using Cassini.Harness.Health;
using Cassini.Harness.Plans;
using Cassini.Harness.Reports;
using Cassini.Harness.Verdicts;
using Cassini.Harness.Views;
using Cassini.Harness.Workers;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;
using Spectre.Console;

namespace Cassini.Web.Cli.Running;

/// <summary><c>cassini run PLAN</c>: reads, runs, reports.</summary>
internal sealed class ControllerAction(CliContext context, Func<PlanBroker, IBrokerHealth> healthOf)
{
    private const int LogWidth = 140;
    private const int LargestPlan = 4 << 20;
    private const string Summary = "the summary";
    private const string StandardOutput = "standard output";

    public async Task<int> RunAsync(ControllerOptions options)
    {
        if (Read(options) is not { } plan)
        {
            return ExitCode.BrokenPlan;
        }

        if (options.CheckOnly)
        {
            var tests = Quantity.Of(plan.Tests.Count, "test");
            var brokers = Quantity.Of(plan.Brokers.Count, "broker");
            context.Out.WriteLine($"{options.PlanName}: {tests} on {brokers}: nothing is wrong with it");
            return ExitCode.Ok;
        }

        try
        {
            await using var hub = options.Listen is { } listen
                ? await WorkerHub.ListenAsync(listen, plan.Name, options.Workers!, options.Tls!.Read(), context.Time)
                : null;
            var output = options.Json ? context.Error : context.Out;
            var terminal = options.Json ? null : context.Terminal;
            var console = terminal ?? PlainConsole(output);
            IRunView view = terminal is null ? new PlainView(output, context.Time) : new BarView(terminal, context.Time);
            var report = await new RunController(plan, healthOf, hub, view, context.Time).RunAsync(context.Signals.Stop);
            return Write(options, console, report) ? report.ExitCode : Math.Max(report.ExitCode, ExitCode.Error);
        }
        catch (Exception exception) when (exception is HarnessException or ClientException)
        {
            context.Complain(exception.Message);
            return ExitCode.Error;
        }
    }

    private TestPlan? Read(ControllerOptions options)
    {
        byte[] json;
        try
        {
            json = WholeFile.Read(options.PlanFile, LargestPlan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            context.Complain($"{options.PlanName}: {FileProblem.Of(exception, options.PlanFile)}");
            return null;
        }

        var reading = PlanReader.Read(json, Path.GetDirectoryName(options.PlanFile)!, opensFiles: options.CheckOnly);
        foreach (var problem in reading.Problems)
        {
            context.Error.WriteLine(problem.In(options.PlanName));
        }

        return reading.Plan is { Brokers: [var only] } plan ? plan with { Brokers = [WithToken(only)] } : reading.Plan;
    }

    /// <summary>
    /// The environment's token is for the only broker of a plan. With several, one of them could be somebody else's: the plan says which
    /// token is for which.
    /// </summary>
    private PlanBroker WithToken(PlanBroker broker) =>
        broker.TokenFile is null && context.Environment.GetValueOrDefault(ManagementAccess.TokenVariable) is { Length: > 0 } file
            ? broker with { TokenFile = Path.GetFullPath(file, context.WorkingDirectory), TokenSetting = ManagementAccess.TokenVariable }
            : broker;

    private static IAnsiConsole PlainConsole(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = LogWidth;
        return console;
    }

    /// <summary>Writes every report that can be written, and reports each one that cannot.</summary>
    private bool Write(ControllerOptions options, IAnsiConsole console, RunReport report)
    {
        var isShown = TryWrite(Summary, () => SummaryTable.Write(console, report));
        var isJsonShown = !options.Json || TryWrite(StandardOutput, () => context.Out.WriteLine(RunReportJson.Text(report)));
        var isJsonWritten = options.ReportFile is not { } json
            || TryWriteFile("--report", json, RunReportJson.Text(report));
        var isXmlWritten = options.JunitFile is not { } xml
            || TryWriteFile("--junit", xml, JunitReport.Text(report));
        return isShown && isJsonShown && isJsonWritten && isXmlWritten;
    }

    private bool TryWriteFile(string option, string path, string text)
    {
        try
        {
            File.WriteAllText(path, text);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            context.Complain($"{option}: {SafeText.Of(path)}: {FileProblem.OfWriting(exception, path)}");
            return false;
        }
    }

    private bool TryWrite(string name, Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (IOException) when (context.IsOutputLost && name is (Summary or StandardOutput))
        {
            return false; // It is reported once, when the command ends.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            context.Complain($"{name} cannot be written: {exception.Message}");
            return false;
        }
    }
}
