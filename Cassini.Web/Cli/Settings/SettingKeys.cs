using Cassini.Management.Http;
using Cassini.Management.Telemetry;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Store;
using Cassini.Streams.Tls;

namespace Cassini.Web.Cli.Settings;

/// <summary>The keys of the tree that have a flag or a variable of their own.</summary>
internal static class SettingKeys
{
    public const string Endpoints = $"{nameof(CassiniOptions.Listener)}:{nameof(ListenerOptions.Endpoints)}";
    public const string WebSocketEndpoints = $"{nameof(CassiniOptions.Listener)}:{nameof(ListenerOptions.WebSocketEndpoints)}";
    public const string ManagementAddress = $"{nameof(ProcessOptions.Management)}:{nameof(ManagementOptions.Address)}";
    public const string ManagementTokenPath = $"{nameof(ProcessOptions.Management)}:{nameof(ManagementOptions.TokenPath)}";
    public const string ShutdownToken = $"{nameof(ProcessOptions.Management)}:{nameof(ManagementOptions.ShutdownToken)}";
    public const string EnableFaults = $"{nameof(ProcessOptions.Management)}:{nameof(ManagementOptions.EnableFaults)}";
    public const string Access = $"{nameof(CassiniOptions.Broker)}:{nameof(BrokerOptions.Access)}";
    public const string DataDirectory = nameof(ProcessOptions.DataDirectory);
    public const string Ca = $"{nameof(CassiniOptions.Tls)}:{nameof(TlsOptions.CaPath)}";
    public const string ServerChain = $"{nameof(CassiniOptions.Tls)}:{nameof(TlsOptions.ServerChainPath)}";
    public const string ServerKey = $"{nameof(CassiniOptions.Tls)}:{nameof(TlsOptions.ServerKeyPath)}";
    public const string Crl = $"{nameof(CassiniOptions.Tls)}:{nameof(TlsOptions.CrlPath)}";
    public const string StoreLevel = $"{nameof(CassiniOptions.Store)}:{nameof(StoreOptions.Level)}";
    public const string StoreDirectory = $"{nameof(CassiniOptions.Store)}:{nameof(StoreOptions.Directory)}";
    public const string OtlpEndpoint = $"{nameof(ProcessOptions.Telemetry)}:{nameof(TelemetryOptions.OtlpEndpoint)}";
    public const string ServiceName = $"{nameof(ProcessOptions.Telemetry)}:{nameof(TelemetryOptions.ServiceName)}";
    public const string Logging = nameof(ProcessOptions.Logging);
    public const string LogFormat = $"{Logging}:{nameof(LoggingOptions.Format)}";

    /// <summary>The levels of single categories, which are no setting of their own.</summary>
    public const string CategoryLevels = $"{Logging}:LogLevel";

    public const string LogLevel = $"{Logging}:{nameof(LoggingOptions.Level)}";
}
