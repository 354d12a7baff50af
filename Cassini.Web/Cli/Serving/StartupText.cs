using System.Collections.Immutable;
using System.Net;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Tls.Development;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Settings;

namespace Cassini.Web.Cli.Serving;

/// <summary>What a newcomer sees first: what runs where, and lines to paste that work.</summary>
internal static class StartupText
{
    public static void Write(
        TextWriter output, ServeSettings settings, HealthSnapshot health,
        Uri management, Uri? grpc, ImmutableArray<DevelopmentCertificateAction> made)
    {
        var url = $"{management.Scheme}://{Reachable(management.Authority)}";
        var curl = Curl(settings);
        output.WriteLine($"Cassini {ProgramVersion.Text}");
        output.WriteLine();
        foreach (var endpoint in health.Endpoints)
        {
            output.WriteLine($"  broker        {endpoint.Address}  {State(endpoint)}");
        }

        output.WriteLine($"  management    {url}");
        if (grpc is not null)
        {
            output.WriteLine($"  grpc health   {grpc.Authority}");
        }

        WriteCertificates(output, settings, made);
        if (settings.Process.Telemetry.OtlpEndpoint is { } collector)
        {
            output.WriteLine($"  telemetry     to {collector}");
        }

        output.WriteLine();
        output.WriteLine("Try, in another terminal:");
        output.WriteLine($"  {ConnectLine(settings, health)}");
        output.WriteLine($"  {curl} -s {url}/healthz");
        output.WriteLine($"  {curl} -N {url}/events");
        output.WriteLine($"  {curl} '{url}/readyz?wait=30s'");
        output.WriteLine();
        output.WriteLine("Ctrl-C stops gracefully.");
        output.Flush();
    }

    private static string Curl(ServeSettings settings)
    {
        // Which token, and which CA a management certificate of its own comes from, we do not know, or do not print.
        var management = settings.Process.Management;
        var ca = management.Https
            ? $" --cacert {Shell.Quote(settings.Options.Tls is { ManagementChainPath: null } tls ? tls.CaPath : "CA.pem")}"
            : "";
        return $"curl{ca}{(management.TokenPath is null ? "" : " -H 'Authorization: Bearer TOKEN'")}";
    }

    private static string State(EndpointHealth endpoint) => endpoint.State switch
    {
        EndpointState.Failed => $"failed: {endpoint.Error}; it is tried again",
        var state => state.ToString().ToLowerInvariant(),
    };

    private static void WriteCertificates(TextWriter output, ServeSettings settings, ImmutableArray<DevelopmentCertificateAction> made)
    {
        if (settings.DevelopmentCertificates is not { } directory)
        {
            output.WriteLine($"  certificates  {settings.Options.Tls!.ServerChainPath}, clients of {settings.Options.Tls.CaPath}");
            return;
        }

        output.WriteLine($"  certificates  {directory}  for development only");
        foreach (var file in made.Where(file => file.Outcome != DevelopmentCertificateOutcome.Kept))
        {
            var reason = file.Reason is null ? "" : $": {file.Reason}";
            output.WriteLine($"                {file.Outcome.ToString().ToLowerInvariant()} {Path.GetFileName(file.Path)}{reason}");
        }
    }

    private static string ConnectLine(ServeSettings settings, HealthSnapshot health)
    {
        // Of the configured certificates we know no client's.
        var (certificate, key) = settings.DevelopmentCertificates is { } directory
            ? (Path.Combine(directory, DevelopmentCertificates.ClientName + ".pem"),
                Path.Combine(directory, DevelopmentCertificates.ClientName + ".key"))
            : ("CLIENT.pem", "CLIENT.key");
        var endpoint = health.Endpoints.FirstOrDefault(e => e.State == EndpointState.Bound) ?? health.Endpoints[0];
        return $"openssl s_client -connect {Reachable(endpoint.Address)} -CAfile {Shell.Quote(settings.Options.Tls!.CaPath)} "
            + $"-cert {Shell.Quote(certificate)} -key {Shell.Quote(key)} -quiet";
    }

    /// <summary>A client cannot connect to "all addresses of the machine": it connects to loopback instead.</summary>
    private static string Reachable(string address) => IPEndPoint.TryParse(address, out var endpoint)
        ? endpoint.Address switch
        {
            var any when any.Equals(IPAddress.Any) => new IPEndPoint(IPAddress.Loopback, endpoint.Port).ToString(),
            var any when any.Equals(IPAddress.IPv6Any) => new IPEndPoint(IPAddress.IPv6Loopback, endpoint.Port).ToString(),
            _ => address,
        }
        : address;
}
