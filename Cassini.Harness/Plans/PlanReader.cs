using Cassini.Harness.Clients;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Plans;

/// <summary>The result of reading a plan: the plan, unless there are errors.</summary>
internal sealed record PlanReading(TestPlan? Plan, IReadOnlyList<PlanProblem> Problems);

/// <summary>Reads the text of a plan, and reports everything that is wrong with it.</summary>
internal sealed class PlanReader
{
    public static readonly TimeSpan LongestTime = TimeSpan.FromHours(24 * 7);

    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly PlanProblems _problems = new();
    private readonly string _directory;
    private readonly bool _opensFiles;

    private PlanReader(string directory, bool opensFiles)
    {
        (_directory, _opensFiles) = (directory, opensFiles);
    }

    /// <param name="json">The file's bytes.</param>
    /// <param name="directory">The directory of relative paths in it.</param>
    /// <param name="opensFiles">Whether a file that it names and that cannot be read is a problem of the plan.</param>
    public static PlanReading Read(byte[] json, string directory, bool opensFiles = false)
    {
        try
        {
            var reader = new PlanReader(directory, opensFiles);
            var plan = reader.Plan(PlanTree.Parse(json));
            return new PlanReading(reader._problems.HasErrors ? null : plan, reader._problems.InOrder);
        }
        catch (PlanSyntaxException exception)
        {
            return new PlanReading(null, [new PlanProblem(exception.At, "", exception.Message)]);
        }
    }

    private TestPlan Plan(PlanNode root)
    {
        var plan = new PlanCursor(_problems, PlanShape.Plan, "", root);
        var defaults = new TestPlan { Name = "", Brokers = [], Tests = [] };
        var brokers = plan.NamedList("brokers", least: 1);
        var isFleet = plan.Flag("fleet") ?? defaults.Fleet;
        var read = brokers.Select(broker => Broker(broker) with { FleetSize = isFleet ? brokers.Count : null }).ToList();
        var tests = plan.NamedList("tests", least: 1);
        return defaults with
        {
            Name = plan.Name(),
            Seed = plan.Integer("seed", 0, long.MaxValue) ?? defaults.Seed,
            ReadyTimeout = plan.Duration("readyTimeout", Millisecond, LongestTime) ?? defaults.ReadyTimeout,
            Timeout = plan.Duration("timeout", Millisecond, LongestTime) ?? defaults.Timeout,
            Settle = plan.Duration("settle", TimeSpan.Zero, LongestTime) ?? defaults.Settle,
            Brokers = read,
            Fleet = isFleet,
            Allow = plan.Object("health")?.Text("allow") is { } allow ? Enum.Parse<HealthStatus>(allow, ignoreCase: true) : defaults.Allow,
            Tests = [.. tests.Select((test, index) => new PlanTestReader(_problems, test, read).Read(index))],
        };
    }

    private PlanBroker Broker(PlanCursor broker)
    {
        var (host, port) = Address(broker, broker.Text("mqtt"));
        var tls = broker.Object("tls");
        return new PlanBroker
        {
            Name = broker.Name(),
            Management = Management(broker, broker.Text("management")),
            Host = host,
            Port = port,
            Tls = new PlanTls(
                FileOf(tls, "ca") ?? "", FileOf(tls, "cert") ?? "", FileOf(tls, "key") ?? "", tls?.Text("serverName")),
            TokenFile = FileOf(broker, "tokenFile"),
        };
    }

    private static Uri Management(PlanCursor broker, string? text)
    {
        if (text is not null)
        {
            if (ManagementAddress.TryParse(text, out var target, out var error))
            {
                return target!.Management;
            }

            broker.Complain("management", error!);
        }

        return new Uri("http://nowhere.invalid/"); // Never used, because a plan with an error is not run.
    }

    private static (string Host, int Port) Address(PlanCursor broker, string? text)
    {
        if (text is null)
        {
            return ("", 0);
        }

        if (HostPort.TryParse(text, out var address))
        {
            return (address.Host, address.Port);
        }

        broker.Complain("mqtt", $"'{text}' is no address: expected HOST:PORT, such as 127.0.0.1:8883");
        return ("", 0);
    }

    private string? FileOf(PlanCursor? owner, string field)
    {
        if (owner?.Text(field) is not { } text)
        {
            return null;
        }

        if (text is "~" or ['~', '/', ..])
        {
            owner.Complain(field, $"'{SafeText.Of(text)}' begins with ~, which is not expanded: give the full path");
            return null;
        }

        var path = Path.GetFullPath(text, _directory);
        if (_opensFiles && ProblemOf(path) is { } problem)
        {
            owner.Complain(field, $"{SafeText.Of(path)}: {problem}");
        }

        return path;
    }

    private static string? ProblemOf(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return FileProblem.Of(failure, path);
        }
    }
}
