using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls.Development;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Settings;

namespace Cassini.Web.Cli.Serving;

/// <summary>What a newcomer sees first: what runs where, and lines to paste that work.</summary>
internal sealed class StartupText
{
    private readonly StringBuilder _text = new();
    private readonly ServeSettings _settings;
    private readonly string? _home;

    /// <param name="settings">The settings in force.</param>
    /// <param name="environment">The variables of the process.</param>
    /// <param name="health">The health, for the endpoints.</param>
    /// <param name="management">Where management answers.</param>
    /// <param name="grpc">Where the gRPC health protocol answers; null for nowhere.</param>
    /// <param name="made">What became of the development certificates.</param>
    public StartupText(
        ServeSettings settings, IReadOnlyDictionary<string, string> environment, HealthSnapshot health,
        Uri management, Uri? grpc, ImmutableArray<DevelopmentCertificateAction> made)
    {
        _settings = settings;
        _home = environment.GetValueOrDefault("HOME");
        var url = $"{management.Scheme}://{PasteLines.Reachable(management.Authority)}";
        _text.Append(
            System.Globalization.CultureInfo.InvariantCulture,
            $"Cassini {ProgramVersion.Text}, broker {ManagementSettings.NameOf(settings.Process.Management)}\n\n");
        var lines = new PasteLines(settings, environment, health, url);
        if (lines.AnswersOnlyProbes)
        {
            Fact("management", $"{url}  answers only probes, with one word: no credentials are configured");
        }
        else
        {
            Fact("dashboard", url);
        }

        // They are in the order of the settings, those of WebSocket last.
        foreach (var (index, endpoint) in health.Endpoints.Index())
        {
            var kind = index < settings.Options.Listener.Endpoints.Length ? "" : "  WebSocket";
            Fact("broker", $"{endpoint.Address}  {State(endpoint)}{kind}");
        }

        AddCertificates(made);
        if (grpc is not null)
        {
            Fact("grpc health", grpc.Authority);
        }

        if (settings.Process.Telemetry.OtlpEndpoint is { } collector)
        {
            Fact("telemetry", $"to {collector}");
        }

        Paste("Receive messages in another terminal, and publish one in a third:", lines.Own);
        Paste("The same with mosquitto's clients:", lines.Mosquitto);
        Paste("See how it is:", lines.Health);
        _text.Append("\nCtrl-C stops it gracefully.\n");
    }

    public override string ToString() => _text.ToString();

    private static string State(EndpointHealth endpoint) => endpoint.State switch
    {
        EndpointState.Failed when Enum.TryParse<SocketError>(endpoint.Error, out var error) =>
            $"failed: {SocketText.Of(error)}; it is tried again",
        EndpointState.Failed => $"failed: {endpoint.Error}; it is tried again",
        var state => state.ToString().ToLowerInvariant(),
    };

    private void Fact(string name, string value) => _text.Append($"  {name,-12}  {value}\n");

    private void Paste(string title, IEnumerable<string> lines)
    {
        _text.Append('\n').Append(title).Append('\n');
        foreach (var line in lines)
        {
            _text.Append("  ").Append(line).Append('\n');
        }
    }

    private void AddCertificates(ImmutableArray<DevelopmentCertificateAction> made)
    {
        if (_settings.DevelopmentCertificates is not { } directory)
        {
            Fact("certificates", $"{_settings.Options.Tls!.ServerChainPath}, clients of {_settings.Options.Tls.CaPath}");
            return;
        }

        var isNew = made.Any(file => file.Outcome == DevelopmentCertificateOutcome.Created);
        Fact("certificates", $"{Shell.File(directory, _home)}  for development only{(isNew ? ", made now" : "")}");
        foreach (var file in made.Where(file => file.Outcome == DevelopmentCertificateOutcome.Renewed))
        {
            Fact("", $"renewed {Path.GetFileName(file.Path)}: {file.Reason}");
        }
    }
}
