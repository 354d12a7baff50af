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

    private PlanReader(string directory)
    {
        _directory = directory;
    }

    /// <param name="json">The file's bytes.</param>
    /// <param name="directory">The directory of relative paths in it.</param>
    public static PlanReading Read(byte[] json, string directory)
    {
        try
        {
            var reader = new PlanReader(directory);
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
        var read = brokers.Select(Broker).ToList();
        var tests = plan.NamedList("tests", least: 1);
        return defaults with
        {
            Name = plan.Name(),
            Seed = plan.Integer("seed", 0, long.MaxValue) ?? defaults.Seed,
            ReadyTimeout = plan.Duration("ready_timeout", Millisecond, LongestTime) ?? defaults.ReadyTimeout,
            Timeout = plan.Duration("timeout", Millisecond, LongestTime) ?? defaults.Timeout,
            Settle = plan.Duration("settle", TimeSpan.Zero, LongestTime) ?? defaults.Settle,
            Brokers = read,
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
                Full(tls?.Text("ca")) ?? "", Full(tls?.Text("cert")) ?? "", Full(tls?.Text("key")) ?? "", tls?.Text("server_name")),
            TokenFile = Full(broker.Text("token_file")),
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

    private string? Full(string? path) => path is null ? null : Path.GetFullPath(path, _directory);
}
