using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Cassini.Harness;
using Cassini.Harness.Clients;
using Cassini.Harness.Health;
using Cassini.Harness.Plans;
using Cassini.Harness.Workers;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Manual;
using Cassini.Web.Cli.Running;

namespace Cassini.Web.Cli;

/// <summary><c>cassini run PLAN</c>: the harness controller; <c>cassini run --role … --join …</c>: a worker of one.</summary>
internal static class RunCommand
{
    private const int MaxWorkers = 1_000;

    public static Command Create(CliContext context, Func<PlanBroker, IBrokerHealth> healthOf)
    {
        var plan = new Argument<string?>("PLAN") { Description = "The plan, a JSON file.", Arity = ArgumentArity.ZeroOrOne };
        var check = new Option<bool>("--check") { Description = "Read the plan, say what is wrong with it, and run nothing." };
        var json = new Option<bool>("--json") { Description = "Print the report to standard output; progress goes to standard error." };
        var report = Text("--report", "FILE", "Write the report as JSON.");
        var junit = Text("--junit", "FILE", "Write the report as JUnit XML.");
        var listen = Address("--listen", leastPort: 0, "The address where workers join.");
        var workers = new Option<IReadOnlyDictionary<WorkerRole, int>?>("--workers")
        {
            HelpName = "publisher=N,subscriber=N",
            Description = "How many workers to wait for. A role without workers runs in the controller.",
            CustomParser = Workers,
        };
        var role = new Option<WorkerRole?>("--role")
        {
            HelpName = "publisher|subscriber",
            Description = "Be a worker of this role.",
            CustomParser = Role,
        };
        role.CompletionSources.Clear();
        role.CompletionSources.Add("publisher", "subscriber");
        var join = Address("--join", leastPort: 1, "The controller to join.");
        var name = Text("--name", "NAME", "The worker's name in reports. [default ROLE-PROCESS]");
        var ca = Text("--ca", "FILE", "The CA of the controller and the workers.");
        var cert = Text("--cert", "FILE", "The certificate of this controller or worker.");
        var key = Text("--key", "FILE", "Its key.");
        var brokerCa = Text("--broker-ca", "FILE", "A worker's CA of the broker. [default --ca]");
        var brokerCert = Text("--broker-cert", "FILE", "A worker's certificate for the broker. [default --cert]");
        var brokerKey = Text("--broker-key", "FILE", "Its key. [default --key]");

        var command = new DocumentedCommand(
            "run", "Runs a test plan against brokers, and stops as soon as the health of one is worse than the plan allows.")
        {
            Examples =
            [
                ("cassini run plan.json", "waits for the brokers, runs the tests, ends with a summary"),
                ("cassini run plan.json --check", "only says what is wrong with the plan"),
                ("cassini run plan.json --report report.json --junit report.xml", "and leaves reports for machines"),
                (
                    "cassini run plan.json --listen 0.0.0.0:7070 --workers publisher=2,subscriber=1 "
                        + "--ca ca.pem --cert server.pem --key server.key",
                    "with publishers and subscribers on other machines"),
                ("cassini run --role publisher --join controller:7070 --ca ca.pem --cert client.pem --key client.key", "on such a machine"),
            ],
            Notes = $"""
                Exit codes:
                  {ExitCode.Ok,-4} passed
                  {ExitCode.Error,-4} another error: certificates, a refused connection or fault
                  {ExitCode.TimedOut,-4} timed out: a broker was not ready, or a test or the plan took too long
                  {ExitCode.ExpectationFailed,-4} an expectation failed
                  {ExitCode.BrokerUnhealthy,-4} a broker's health left what the plan allows
                  {ExitCode.WorkerLost,-4} a worker was lost (of a worker: its controller)
                  {ExitCode.Usage,-4} wrong usage
                  {ExitCode.BrokenPlan,-4} the plan is wrong
                  {ExitCode.Interrupted,-4} interrupted
                """,
        };
        command.Arguments.Add(plan);
        Option[] options =
            [check, json, report, junit, listen, workers, role, join, name, ca, cert, key, brokerCa, brokerCert, brokerKey];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            var hasCertificates = new Option[] { ca, cert, key }.All(option => result.GetResult(option) is not null);
            var isWorker = result.GetResult(role) is not null || result.GetResult(join) is not null;
            var takesWorkers = result.GetResult(listen) is not null || result.GetResult(workers) is not null;
            foreach (var error in new[]
            {
                isWorker && result.GetResult(plan) is { Tokens.Count: > 0 }
                    ? "a worker takes no PLAN: it gets one from its controller"
                    : null,
                !isWorker && result.GetResult(plan) is not { Tokens.Count: > 0 }
                    ? "PLAN is needed, or --role and --join to be a worker"
                    : null,
                isWorker && (result.GetResult(role) is null || result.GetResult(join) is null) ? "--role and --join go together" : null,
                takesWorkers && (result.GetResult(listen) is null || result.GetResult(workers) is null)
                    ? "--listen and --workers go together"
                    : null,
                isWorker && takesWorkers ? "--join and --listen exclude each other" : null,
                (isWorker || takesWorkers) && !hasCertificates
                    ? "--ca, --cert and --key are needed: controller and workers use mutual TLS"
                    : null,
            }.OfType<string>())
            {
                result.AddError(error);
            }
        });
        command.SetAction((parsed, _) =>
        {
            Option<string?> Given(Option<string?> option, Option<string?> otherwise) =>
                parsed.GetValue(option) is null ? otherwise : option;
            TlsFiles? Files(Option<string?> caOf, Option<string?> certOf, Option<string?> keyOf) =>
                parsed.GetValue(caOf) is { } caFile && parsed.GetValue(certOf) is { } certFile && parsed.GetValue(keyOf) is { } keyFile
                    ? new TlsFiles(
                        new TlsSettingNames(caOf.Name, certOf.Name, keyOf.Name, TlsSettingNames.Plan.ServerName),
                        Full(context, caFile), Full(context, certFile), Full(context, keyFile))
                    : null;
            var own = Files(ca, cert, key);
            return parsed.GetValue(role) is { } workerRole
                ? new WorkerAction(context).RunAsync(
                    workerRole,
                    parsed.GetValue(name),
                    parsed.GetValue(join)!.Value,
                    own!,
                    Files(Given(brokerCa, ca), Given(brokerCert, cert), Given(brokerKey, key))!)
                : new ControllerAction(context, healthOf).RunAsync(
                    new ControllerOptions(Full(context, parsed.GetValue(plan)!), parsed.GetValue(plan)!)
                    {
                        CheckOnly = parsed.GetValue(check),
                        Json = parsed.GetValue(json),
                        ReportFile = parsed.GetValue(report) is { } reportFile ? Full(context, reportFile) : null,
                        JunitFile = parsed.GetValue(junit) is { } junitFile ? Full(context, junitFile) : null,
                        Listen = parsed.GetValue(listen),
                        Workers = parsed.GetValue(workers),
                        Tls = own,
                    });
        });
        return command;
    }

    private static string Full(CliContext context, string path) => Path.GetFullPath(path, context.WorkingDirectory);

    private static Option<string?> Text(string name, string value, string description)
    {
        var option = new Option<string?>(name) { HelpName = value, Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.Length == 0))
            {
                result.AddError($"{name} must not be empty");
            }
        });
        return option;
    }

    private static Option<HostPort?> Address(string name, int leastPort, string description) => new(name)
    {
        HelpName = "HOST:PORT",
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            if (HostPort.TryParse(text, out var address, leastPort))
            {
                return address;
            }

            result.AddError($"{name} '{text}' is not an address: expected HOST:PORT");
            return null;
        },
    };

    private static WorkerRole? Role(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (RoleOf(text) is { } role)
        {
            return role;
        }

        result.AddError($"--role '{text}' is not one of publisher, subscriber");
        return null;
    }

    private static IReadOnlyDictionary<WorkerRole, int>? Workers(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        var counts = new Dictionary<WorkerRole, int>();
        foreach (var part in text.Split(','))
        {
            if (part.Split('=') is not [var name, var number] || RoleOf(name) is not { } role
                || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > MaxWorkers
                || !counts.TryAdd(role, count))
            {
                result.AddError(
                    $"--workers '{text}': expected publisher=N, subscriber=N or both with a comma between, N from 1 to {MaxWorkers}");
                return null;
            }
        }

        return counts;
    }

    /// <summary>The role; earlier versions called them producer and sink.</summary>
    private static WorkerRole? RoleOf(string text) => text switch
    {
        "publisher" or "producer" => WorkerRole.Publisher,
        "subscriber" or "sink" => WorkerRole.Subscriber,
        _ => null,
    };
}
