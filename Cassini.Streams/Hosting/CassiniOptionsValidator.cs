using System.Globalization;
using System.Net;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Probing;
using Cassini.Streams.Supervision;
using Cassini.Streams.Tls;

namespace Cassini.Streams.Hosting;

/// <summary>Judges all settings together and reports every error at once.</summary>
public static class CassiniOptionsValidator
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Every violated rule, each naming the setting, its value and what is allowed; empty when all is well.</summary>
    public static IReadOnlyList<string> Validate(CassiniOptions options)
    {
        var rules = new OptionRules();
        Validate(rules, options.Listener);
        Validate(rules, options.Tls);
        BrokerRules.Validate(rules, options.Broker);
        Validate(rules, options.Probing, options.Health);
        HealthPolicyValidator.Validate(rules, options.Health);
        Validate(rules, options.Hub);
        Validate(rules, options.Supervision);
        Validate(rules, options.Drain);
        Validate(rules, options.Management);
        Validate(rules, options.Telemetry);
        rules.Require(
            options.Listener.Endpoints.IsDefault || !options.Listener.Endpoints.Any(endpoint => endpoint.Port != 0 && $"{endpoint}" == options.Management.Address),
            "Management:Address",
            options.Management.Address,
            "it is an endpoint of the broker too");
        ValidateGrpc(rules, options);
        return rules.Errors;
    }

    private static void Validate(OptionRules rules, ListenerOptions listener)
    {
        var endpoints = listener.Endpoints.IsDefault ? [] : listener.Endpoints;
        rules.Require(!endpoints.IsEmpty, "Listener:Endpoints", "an empty list", "at least one host:port is needed");
        foreach (var twice in endpoints.GroupBy(endpoint => endpoint).Where(group => group.Count() > 1))
        {
            rules.Require(false, "Listener:Endpoints", $"{twice.Key}", "it is there twice");
        }

        rules.Range("Listener:Backlog", listener.Backlog, 1, 65_535);
        rules.Range("Listener:HandshakeTimeout", listener.HandshakeTimeout, 100 * Millisecond, 10 * TimeSpan.FromMinutes(1));
        rules.Range("Listener:MaxHandshakes", listener.MaxHandshakes, 1, 1_000_000);
        rules.Range("Listener:MaxHandshakesPerAddress", listener.MaxHandshakesPerAddress, 1, 1_000_000);
        rules.Range("Listener:StallGrace", listener.StallGrace, 10 * Millisecond, 10 * TimeSpan.FromMinutes(1));
        rules.Range("Listener:MaxPending", listener.MaxPending, 1, 1_000_000);
        rules.Range("Listener:MaxPendingPerAddress", listener.MaxPendingPerAddress, 1, 1_000_000);
        rules.Range("Listener:MaxConnections", listener.MaxConnections, 1, 10_000_000);
        rules.Range("Listener:BindRetryDelay", listener.BindRetryDelay, 10 * Millisecond, Hour);
        rules.Range("Listener:MaxBindRetryDelay", listener.MaxBindRetryDelay, 10 * Millisecond, Hour);
        AtLeast(rules, "Listener:MaxBindRetryDelay", listener.MaxBindRetryDelay, "Listener:BindRetryDelay", listener.BindRetryDelay);
        rules.Range("Listener:AcceptBackOff", listener.AcceptBackOff, Millisecond, Hour);
        rules.Range("Listener:MaxAcceptBackOff", listener.MaxAcceptBackOff, Millisecond, Hour);
        AtLeast(rules, "Listener:MaxAcceptBackOff", listener.MaxAcceptBackOff, "Listener:AcceptBackOff", listener.AcceptBackOff);
        rules.Range("Listener:QuarantineAfter", listener.QuarantineAfter, 0, 1_000_000);
        rules.Range("Listener:QuarantineWindow", listener.QuarantineWindow, Second, Day);
        rules.Range("Listener:QuarantineDuration", listener.QuarantineDuration, Second, Day);
        rules.Range("Listener:MaxQuarantineDuration", listener.MaxQuarantineDuration, Second, 30 * Day);
        AtLeast(rules, "Listener:MaxQuarantineDuration", listener.MaxQuarantineDuration, "Listener:QuarantineDuration", listener.QuarantineDuration);
        rules.Range("Listener:CloseTimeout", listener.CloseTimeout, TimeSpan.Zero, 10 * TimeSpan.FromMinutes(1));
    }

    private static void Validate(OptionRules rules, TlsOptions? tls)
    {
        if (tls is null)
        {
            return;
        }

        rules.Require(tls.CaPath.Length > 0, "Tls:CaPath", "an empty path", $"name a PEM file ({TlsOptions.CaSetting})");
        rules.Require(tls.ServerChainPath.Length > 0, "Tls:ServerChainPath", "an empty path", $"name a PEM file ({TlsOptions.ServerChainSetting})");
        rules.Require(tls.ServerKeyPath.Length > 0, "Tls:ServerKeyPath", "an empty path", $"name a PEM file ({TlsOptions.ServerKeySetting})");
        rules.Require(
            string.IsNullOrEmpty(tls.ManagementChainPath) == string.IsNullOrEmpty(tls.ManagementKeyPath),
            "Tls:ManagementChainPath",
            tls.ManagementChainPath ?? "nothing",
            "it goes together with Tls:ManagementKeyPath");
        rules.Range("Tls:ReloadInterval", tls.ReloadInterval, 10 * Millisecond, Day);
        rules.Range("Tls:ExpiringWithin", tls.ExpiringWithin, TimeSpan.Zero, 3_650 * Day);
        rules.Require(Enum.IsDefined(tls.IdentityFrom), "Tls:IdentityFrom", $"{tls.IdentityFrom}", "CommonName or SubjectAlternativeName");
    }

    private static void Validate(OptionRules rules, ProbingOptions probing, HealthPolicy health)
    {
        rules.Range("Probing:HeartbeatInterval", probing.HeartbeatInterval, 10 * Millisecond, Hour);
        rules.Range("Probing:AcceptProbeInterval", probing.AcceptProbeInterval, 10 * Millisecond, Hour);
        rules.Range("Probing:AcceptProbeTimeout", probing.AcceptProbeTimeout, 10 * Millisecond, Hour);
        rules.Require(
            2 * probing.AcceptProbeTimeout <= health.Window, "Probing:AcceptProbeTimeout", probing.AcceptProbeTimeout, "at most half of Health:Window");
        rules.Range("Probing:Window", probing.Window, 100 * Millisecond, Hour);
        rules.Range("Probing:StallWindows", probing.StallWindows, 1, 1_000);
        rules.Range("Probing:CanaryInterval", probing.CanaryInterval, 100 * Millisecond, Hour);
        rules.Range("Probing:CanaryTimeout", probing.CanaryTimeout, 100 * Millisecond, Hour);
        rules.Require(
            (probing.CanaryCertificatePath is null) == (probing.CanaryKeyPath is null),
            "Probing:CanaryCertificatePath",
            probing.CanaryCertificatePath ?? "nothing",
            "it goes together with Probing:CanaryKeyPath");

        // A check whose evidence comes more rarely than it expires would be red by construction.
        rules.Require(
            2 * probing.HeartbeatInterval <= health.Window, "Probing:HeartbeatInterval", probing.HeartbeatInterval, "at most half of Health:Window");
        rules.Require(
            2 * probing.AcceptProbeInterval <= health.Window, "Probing:AcceptProbeInterval", probing.AcceptProbeInterval, "at most half of Health:Window");
        rules.Require(
            probing.CanaryInterval + probing.CanaryTimeout <= health.CanaryWindow,
            "Probing:CanaryInterval",
            probing.CanaryInterval,
            "with Probing:CanaryTimeout at most Health:CanaryWindow");
    }

    private static void Validate(OptionRules rules, EventHubOptions hub)
    {
        rules.Range("Hub:LogCapacity", hub.LogCapacity, 16, 1_048_576);
        rules.Range("Hub:PendingCapacity", hub.PendingCapacity, 16, 16_777_216);
        rules.Range("Hub:ObserverQueue", hub.ObserverQueue, 1, 1_048_576);
    }

    private static void Validate(OptionRules rules, RestartPolicy supervision)
    {
        rules.Range("Supervision:InitialDelay", supervision.InitialDelay, Millisecond, Hour);
        rules.Range("Supervision:MaxDelay", supervision.MaxDelay, Millisecond, Hour);
        AtLeast(rules, "Supervision:MaxDelay", supervision.MaxDelay, "Supervision:InitialDelay", supervision.InitialDelay);
        rules.Range("Supervision:Factor", supervision.Factor, 1, 100);
        rules.Range("Supervision:MaxCrashes", supervision.MaxCrashes, 1, 10_000);
        rules.Range("Supervision:Window", supervision.Window, Second, Day);
        rules.Range("Supervision:AbandonAfter", supervision.AbandonAfter, Millisecond, Hour);
    }

    private static void Validate(OptionRules rules, DrainOptions drain)
    {
        rules.Range("Drain:ReadinessDelay", drain.ReadinessDelay, TimeSpan.Zero, 10 * TimeSpan.FromMinutes(1));
        rules.Range("Drain:SessionTimeout", drain.SessionTimeout, TimeSpan.Zero, Hour);
    }

    private static void Validate(OptionRules rules, ManagementOptions management)
    {
        if (!EndpointAddress.TryParse(management.Address, out var address, out var error))
        {
            rules.Require(false, "Management:Address", $"'{management.Address}'", error);
        }
        else
        {
            rules.Require(
                !management.EnableFaults || (IPAddress.IsLoopback(address.Address) && management.RequireCredentials is not true),
                "Management:EnableFaults",
                "true",
                "rehearsals are for an open loopback address only");
        }

        rules.Range("Management:MaxFeeds", management.MaxFeeds, 1, 1_000_000);
        rules.Range("Management:MaxWaits", management.MaxWaits, 1, 1_000_000);
        rules.Range("Management:MaxFeedsPerCaller", management.MaxFeedsPerCaller, 1, 1_000_000);
        rules.Range("Management:MaxWaitsPerCaller", management.MaxWaitsPerCaller, 1, 1_000_000);
        rules.Range("Management:MaxConnectionsPerCaller", management.MaxConnectionsPerCaller, 1, 1_000_000);
        rules.Range("Management:RequestRate", management.RequestRate, 1, 1_000_000);
        rules.Range("Management:RequestBurst", management.RequestBurst, 1, 1_000_000);
        foreach (var host in management.AllowedHosts.IsDefault ? [] : management.AllowedHosts)
        {
            rules.Require(
                Uri.CheckHostName(host) != UriHostNameType.Unknown, "Management:AllowedHosts", $"an entry of {host.Length} characters", "each is a host name or address, without scheme or port");
        }

        rules.Require(management.TokenPath is not "", "Management:TokenPath", "an empty path", "name a file (CASSINI_MANAGEMENT_TOKEN_FILE)");
        rules.Require(management.ShutdownTokenPath is not "", "Management:ShutdownTokenPath", "an empty path", "name a file");
        rules.Require(management.ShutdownToken is not "", "Management:ShutdownToken", "an empty text", "it is a secret of at least one character");
        rules.Range("Management:FeedHeartbeat", management.FeedHeartbeat, 100 * Millisecond, 10 * TimeSpan.FromMinutes(1));
    }

    private static void Validate(OptionRules rules, TelemetryOptions telemetry)
    {
        rules.Require(telemetry.ServiceName.Trim().Length > 0, "Telemetry:ServiceName", "an empty name", "name the service");
        rules.Require(telemetry.TraceRatio is >= 0 and <= 1, "Telemetry:TraceRatio", telemetry.TraceRatio.ToString(CultureInfo.InvariantCulture), "allowed: 0 to 1");
        if (telemetry.OtlpEndpoint is { } endpoint)
        {
            // Not repeated in the message: it may hold a password.
            var isUrl = Uri.TryCreate(endpoint, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
            rules.Require(isUrl, "Telemetry:OtlpEndpoint", "the value", "give an http or https URL");
            rules.Require(!isUrl || url!.UserInfo.Length == 0, "Telemetry:OtlpEndpoint", "a user name or password", "credentials go into OTEL_EXPORTER_OTLP_HEADERS");
        }
    }

    private static void ValidateGrpc(OptionRules rules, CassiniOptions options)
    {
        var endpoints = options.Listener.Endpoints.IsDefault ? [] : options.Listener.Endpoints;
        rules.Range("Management:MaxWatches", options.Management.MaxWatches, 1, 1_000_000);
        if (options.Management.GrpcAddress is not { } text)
        {
            return;
        }

        if (!EndpointAddress.TryParse(text, out var address, out var error))
        {
            rules.Require(false, "Management:GrpcAddress", $"'{text}'", error);
            return;
        }

        rules.Require(
            address.Port == 0 || !endpoints.Contains(address), "Management:GrpcAddress", text, "it is an endpoint of the broker too");
        EndpointAddress.TryParse(options.Management.Address, out var management, out _);
        rules.Require(address.Port == 0 || address != management, "Management:GrpcAddress", text, "it is Management:Address too");
    }

    private static void AtLeast(OptionRules rules, string setting, TimeSpan value, string other, TimeSpan least) =>
        rules.Require(value >= least, setting, value, $"at least {other}");
}
