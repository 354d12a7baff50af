using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.WebSockets;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Listening;

/// <summary>The section <c>Listener</c>, and the rules between its settings.</summary>
internal static class ListenerSettings
{
    public const string Endpoints = "Listener:Endpoints";
    public const string WebSocketEndpoints = "Listener:WebSocketEndpoints";
    public const string WebSocketOrigins = "Listener:WebSocketOrigins";

    public static SettingsSection<ListenerOptions> With(ListenerOptions defaults) => new(
        "Listener",
        defaults,
        SettingRule<ListenerOptions>.That(
            Endpoints, "at least one is needed", listener => !listener.Endpoints.IsDefaultOrEmpty, _ => "an empty list"),
        SettingRule<ListenerOptions>.Finding(
            Endpoints, "no two that overlap", listener => Overlaps(listener).Where(error => error.Key == Endpoints)),
        SettingRule<ListenerOptions>.Finding(
            WebSocketEndpoints,
            $"none that overlaps with another, or with one of {Endpoints}",
            listener => Overlaps(listener).Where(error => error.Key == WebSocketEndpoints)),
        SettingRule<ListenerOptions>.Finding(WebSocketOrigins, "no path", WrongOrigins),
        WholeSeconds("Listener:TcpKeepAlive", listener => listener.TcpKeepAlive),
        WholeSeconds("Listener:TcpKeepAliveInterval", listener => listener.TcpKeepAliveInterval),
        NotBelow(
            "Listener:MaxBindRetryDelay", listener => listener.MaxBindRetryDelay,
            "Listener:BindRetryDelay", listener => listener.BindRetryDelay),
        NotBelow(
            "Listener:MaxAcceptBackOff", listener => listener.MaxAcceptBackOff,
            "Listener:AcceptBackOff", listener => listener.AcceptBackOff),
        NotBelow(
            "Listener:MaxQuarantineDuration",
            listener => listener.MaxQuarantineDuration,
            "Listener:QuarantineDuration",
            listener => listener.QuarantineDuration));

    /// <summary>What the endpoints listen on.</summary>
    public static IEnumerable<PortUse> PortsOf(ListenerOptions listener) =>
    [
        .. (listener.Endpoints.IsDefault ? [] : listener.Endpoints).Select(endpoint => new PortUse(Endpoints, endpoint)),
        .. (listener.WebSocketEndpoints.IsDefault ? [] : listener.WebSocketEndpoints)
            .Select(endpoint => new PortUse(WebSocketEndpoints, endpoint)),
    ];

    private static IEnumerable<SettingError> Overlaps(ListenerOptions listener)
    {
        var uses = PortsOf(listener).ToList();
        return uses.SelectMany((use, index) => uses.Take(index).Any(other => other.Address == use.Address)
            ? [SettingError.NotAllowed(use.Key, $"{use.Address}", "it is there twice")]
            : use.Collisions(uses.Take(index)));
    }

    private static IEnumerable<SettingError> WrongOrigins(ListenerOptions listener) =>
        (listener.WebSocketOrigins.IsDefault ? [] : listener.WebSocketOrigins)
            .Where(text => !WebOrigin.TryParse(text, out _))
            .Select(text => SettingError.NotAllowed(
                WebSocketOrigins, text, "expected scheme://host or scheme://host:port, such as https://app.example, without a path"));

    private static SettingRule<ListenerOptions> WholeSeconds(string key, Func<ListenerOptions, TimeSpan> value) =>
        SettingRule<ListenerOptions>.That(
            key, "whole seconds only", listener => value(listener).Ticks % TimeSpan.TicksPerSecond == 0, listener => value(listener));

    private static SettingRule<ListenerOptions> NotBelow(
        string key, Func<ListenerOptions, TimeSpan> value, string other, Func<ListenerOptions, TimeSpan> least) =>
        SettingRule<ListenerOptions>.That(
            key, $"at least {other}", listener => value(listener) >= least(listener), listener => value(listener), other);
}
