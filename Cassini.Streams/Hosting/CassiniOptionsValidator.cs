using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Cluster;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Listening;
using Cassini.Streams.Nats;
using Cassini.Streams.Primitives;
using Cassini.Streams.Probing;
using Cassini.Streams.Quotas;
using Cassini.Streams.Settings;
using Cassini.Streams.Store;
using Cassini.Streams.Store.History;
using Cassini.Streams.Supervision;
using Cassini.Streams.Tls;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Validates all settings of a broker together and reports every error at once. A range is on its option's property, a rule within a
/// section is in that section's class, and a rule between sections is here.
/// </summary>
public static class CassiniOptionsValidator
{
    private static readonly CassiniOptions Defaults = new();
    private static readonly SettingsSection<ListenerOptions> Listener = ListenerSettings.With(Defaults.Listener);
    private static readonly SettingsSection<EventHubOptions> Hub = new("Hub", Defaults.Hub);
    private static readonly SettingsSection<StoreOptions> Store = new(
        "Store", Defaults.Store, SettingRule<StoreOptions>.NotEmpty(
            "Store:Directory", "path", "name a directory", options => options.Directory));

    private static readonly SettingsSection<HistoryOptions> History = new(
        "History", Defaults.History, SettingRule<HistoryOptions>.NotEmpty(
            "History:Directory", "path", "name a directory", options => options.Directory));

    private static readonly SettingsSection<QuotaOptions> Quota = new("Quota", Defaults.Quota);
    private static readonly SettingsSection<DrainOptions> Drain = new("Drain", Defaults.Drain);
    private static readonly SettingsSection<TracingOptions> Tracing = new("Telemetry", Defaults.Telemetry);

    private static readonly SettingsSection<CassiniOptions> Root = new(
        "",
        Defaults,
        // A check whose evidence expires before the next evidence arrives would always be red.
        AtMostHalfTheWindow("Probing:HeartbeatInterval", options => options.Probing.HeartbeatInterval),
        AtMostHalfTheWindow("Probing:AcceptProbeInterval", options => options.Probing.AcceptProbeInterval),
        AtMostHalfTheWindow("Probing:AcceptProbeTimeout", options => options.Probing.AcceptProbeTimeout),
        SettingRule<CassiniOptions>.That(
            "Probing:CanaryInterval",
            "with Probing:CanaryTimeout at most Health:CanaryWindow",
            options => options.Probing.CanaryInterval + options.Probing.CanaryTimeout <= options.Health.CanaryWindow,
            options => options.Probing.CanaryInterval,
            "Probing:CanaryTimeout",
            "Health:CanaryWindow"),
        SettingRule<CassiniOptions>.Finding(
            "Broker:MemoryEndpoints", "each of Listener:Endpoints or Listener:WebSocketEndpoints", UnknownMemoryEndpoints,
            ListenerSettings.Endpoints, ListenerSettings.WebSocketEndpoints),
        SettingRule<CassiniOptions>.Finding(ClusterSettings.Servers, "", UnknownServers));

    /// <summary>Every section of the tree, in its order, and the rules between them.</summary>
    internal static ImmutableArray<SettingsSection> Sections { get; } =
    [
        Listener, TlsSettings.Section, BrokerSettings.Section, Quota, ProbingSettings.Section, HealthPolicyValidator.Section, Hub,
        Store, History, SupervisionSettings.Section, Drain, ClusterSettings.Section, NatsSettings.Section, Tracing, Root,
    ];

    /// <summary>Every error, each with the setting's key, its value and what is allowed; empty when the options are valid.</summary>
    /// <param name="options">The options.</param>
    public static IReadOnlyList<SettingError> Validate(CassiniOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<SettingError> errors =
        [
            .. Listener.Validate(options.Listener),
            .. options.Tls is { } tls ? TlsSettings.Section.Validate(tls) : [],
            .. BrokerSettings.Section.Validate(options.Broker),
            .. Quota.Validate(options.Quota),
            .. ProbingSettings.Section.Validate(options.Probing),
            .. HealthPolicyValidator.Section.Validate(options.Health),
            .. Hub.Validate(options.Hub),
            .. Store.Validate(options.Store),
            .. History.Validate(options.History),
            .. SupervisionSettings.Section.Validate(options.Supervision),
            .. Drain.Validate(options.Drain),
            .. Tracing.Validate(options.Telemetry),
            .. ClusterSettings.Section.Validate(options.Cluster),
            .. NatsSettings.Section.Validate(options.Nats),
        ];
        return [.. errors, .. Root.Validate(options, errors)];
    }

    /// <summary>Refuses options with which nothing can start.</summary>
    /// <exception cref="ArgumentException">The options are not valid; the message has every error.</exception>
    internal static void ThrowIfWrong(CassiniOptions options)
    {
        var errors = Validate(options);
        if (errors.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(options));
        }

        if (options.Tls is null)
        {
            throw new ArgumentException("Tls: certificate files are needed", nameof(options));
        }
    }

    private static SettingRule<CassiniOptions> AtMostHalfTheWindow(string key, Func<CassiniOptions, TimeSpan> value) =>
        SettingRule<CassiniOptions>.That(
            key, "at most half of Health:Window", options => value(options) <= options.Health.Window / 2,
            options => value(options), "Health:Window");

    private static IEnumerable<SettingError> UnknownServers(CassiniOptions options) =>
        (options.Cluster.Servers.IsDefault ? [] : options.Cluster.Servers)
            .Where(server => !NatsAddress.TryParse(server, out _))
            .Select(server => SettingError.NotAllowed(ClusterSettings.Servers, SafeText.Quote(server), NatsAddress.Form));

    private static IEnumerable<SettingError> UnknownMemoryEndpoints(CassiniOptions options) =>
        (options.Broker.MemoryEndpoints.IsDefault ? [] : options.Broker.MemoryEndpoints)
            .Where(endpoint => !options.Listener.AllEndpoints.Contains(endpoint))
            .Select(endpoint => SettingError.NotAllowed(
                "Broker:MemoryEndpoints", $"{endpoint}", "one of Listener:Endpoints or Listener:WebSocketEndpoints"));
}
