using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Tests.Architecture;
using Cassini.Tests.Health;
using Cassini.Tests.Integration;
using Cassini.Tests.Management;
using Cassini.Web.Cli.Settings;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Docs;

/// <summary>docs/operate/runbook.md has an entry for each reason, and names only checks and commands that exist.</summary>
public partial class RunbookTests
{
    private static readonly string[] Programs =
        ["curl", "cassini", "journalctl", "kubectl", "cat", "ss", "top", "grep", "openssl", "date", "iostat", "systemctl"];

    private static readonly string[] Codes =
        [.. typeof(Reasons).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!)];

    [Fact]
    public void Page_Entries_AreTheReasonsAndThenTheAlertsAlone() =>
        Runbook.Entries.Select(entry => entry.Reason).ShouldBe([.. Codes, .. Runbook.AlertsAlone]);

    [Fact]
    public void Page_EachEntry_HasItsThreePartsInOrder()
    {
        foreach (var (reason, entry) in Runbook.Entries)
        {
            Parts().Matches(entry).Select(match => match.Groups[1].Value).ShouldBe(["Means", "Look", "Do"], reason);
        }
    }

    [Fact]
    public void Page_Links_LeadToEntries() =>
        Links()
            .Matches(Runbook.Text)
            .Select(match => match.Groups[1].Value)
            .Where(target => target[0] != '#' || !Codes.Concat(Runbook.AlertsAlone).Contains(target[1..]))
            .ShouldBeEmpty();

    [Fact]
    public void Page_Settings_Exist()
    {
        var known = SettingsCatalog.All.Select(setting => setting.Key).ToHashSet();
        var named = Runbook.Code.Where(code => Setting().IsMatch(code)).ToList();

        named.Count.ShouldBeGreaterThan(20);
        named.Where(key => !known.Contains(key)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Page_Metrics_AreExposed()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.Load());
        var metrics = await rig.GetTextAsync("/metrics");
        var named = Runbook.Code.Where(code => code.StartsWith("cassini_", StringComparison.Ordinal)).Distinct().ToList();

        named.Count.ShouldBeGreaterThan(10);
        named.Where(name => !metrics.Contains($"# TYPE {name} ", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void Page_EventsAndReasonsOfHandshakes_Exist()
    {
        var events = typeof(BrokerEvent).Assembly
            .GetTypes()
            .Where(type => type.IsSubclassOf(typeof(BrokerEvent)))
            .Select(type => CamelCase(type.Name))
            .ToHashSet();
        var failures = Enum.GetNames<HandshakeFailure>().Select(CamelCase).ToHashSet();
        var handshakes = Runbook.Entries.Single(entry => entry.Reason == Reasons.HandshakesRefused).Entry;

        Runbook.Code.Where(code => EventName().IsMatch(code) && !HealthWords.Contains(code) && !events.Contains(code)).ShouldBeEmpty();
        Failures().Matches(handshakes).SelectMany(match => match.Groups[1].Value.Split(", ")).Where(name => !failures.Contains(name))
            .ShouldBeEmpty();
    }

    [Fact]
    public void Page_EventsOfTheLog_Exist()
    {
        var logged = ProductAssemblies.All
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId)
            .ToHashSet();

        Runbook.LogEvents.Count.ShouldBeGreaterThan(10);
        Runbook.LogEvents.Where(id => !logged.Contains(id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Page_Requests_ArePathsOfTheManagement()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var document = JsonDocument.Parse(await rig.GetTextAsync("/openapi/v1.json"));
        var paths = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(
                path => path.Value.EnumerateObject().Select(method => (Method: method.Name.ToUpperInvariant(), Path: Pattern(path.Name))))
            .ToList();

        Runbook.Requests.Count.ShouldBeGreaterThan(10);
        Runbook.Requests
            .Where(request => !paths.Any(known => known.Method == request.Method && Regex.IsMatch(request.Path.Split('?')[0], known.Path)))
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task Page_CurlsThatRead_AreAnswered()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        foreach (var path in Runbook.Requests.Where(request => request.Method == "GET").Select(request => request.Path).Distinct())
        {
            using var response = await rig.Http.GetAsync(
                path.Replace("E-117", $"{rig.Hub.Epoch}-1", StringComparison.Ordinal),
                HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

            response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {response.StatusCode}");
        }
    }

    [Fact]
    public void Page_Commands_AreOnesThatItsReaderHas()
    {
        var commands = Runbook.Code
            .Where(code => code.Contains(' ', StringComparison.Ordinal) && char.IsLower(code[0]))
            .Select(code => code.Split(' ')[0])
            .Distinct();
        var ours = Runbook.Code
            .Where(code => code.StartsWith("cassini ", StringComparison.Ordinal))
            .Select(code => code.Split(' ')[1])
            .Distinct();

        commands.Except([.. Programs, "deny"]).ShouldBeEmpty();
        ours.Where(
            command => !Repository.Read("docs", "use", "command-line.md").Contains($"| `cassini {command}", StringComparison.Ordinal))
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task Snapshot_EachReasonOfARunningBroker_LinksToItsEntry()
    {
        await using var broker = await RunningBroker.StartAsync();
        var checks = broker.Now.Checks;

        checks.ShouldContain(check => check.Reason != null);
        foreach (var check in checks)
        {
            check.Runbook.ShouldBe(check.Reason is null ? null : $"/runbook#{check.Reason}");
        }
    }

    /// <summary>Words of the snapshot, of an event's fields and of /metrics that are camelCase too.</summary>
    private static readonly string[] HealthWords = ["uptimeSeconds", "asOf", "roundTrip"];

    private static string CamelCase(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    private static string Pattern(string path) => "^" + Regex.Replace(path, @"\{[^}]+\}", "[^/]+") + "$";

    [GeneratedRegex(@"^\*\*(Means|Look|Do)\.\*\* \S", RegexOptions.Multiline)]
    private static partial Regex Parts();

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex("^[A-Z][A-Za-z]+:[A-Z][A-Za-z]+$")]
    private static partial Regex Setting();

    [GeneratedRegex("^[a-z]+[A-Z][A-Za-z]+$")]
    private static partial Regex EventName();

    [GeneratedRegex("^- ([a-z][A-Za-z]+(?:, [a-z][A-Za-z]+)*):", RegexOptions.Multiline)]
    private static partial Regex Failures();
}
