using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Listening;

/// <summary>The section <c>Listener</c>, and the rules between its settings.</summary>
internal static class ListenerSettings
{
    public const string Endpoints = "Listener:Endpoints";

    public static SettingsSection<ListenerOptions> With(ListenerOptions defaults) => new(
        "Listener",
        defaults,
        SettingRule<ListenerOptions>.That(
            Endpoints, "at least one is needed", listener => !listener.Endpoints.IsDefaultOrEmpty, _ => "an empty list"),
        SettingRule<ListenerOptions>.Finding(Endpoints, "no two that overlap", Overlaps),
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
        (listener.Endpoints.IsDefault ? [] : listener.Endpoints).Select(endpoint => new PortUse(Endpoints, endpoint));

    private static IEnumerable<SettingError> Overlaps(ListenerOptions listener)
    {
        var uses = PortsOf(listener).ToList();
        return uses.SelectMany((use, index) => uses.Take(index).Contains(use)
            ? [SettingError.NotAllowed(Endpoints, $"{use.Address}", "it is there twice")]
            : use.Collisions(uses.Take(index)));
    }

    private static SettingRule<ListenerOptions> WholeSeconds(string key, Func<ListenerOptions, TimeSpan> value) =>
        SettingRule<ListenerOptions>.That(
            key, "whole seconds only", listener => value(listener).Ticks % TimeSpan.TicksPerSecond == 0, listener => value(listener));

    private static SettingRule<ListenerOptions> NotBelow(
        string key, Func<ListenerOptions, TimeSpan> value, string other, Func<ListenerOptions, TimeSpan> least) =>
        SettingRule<ListenerOptions>.That(
            key, $"at least {other}", listener => value(listener) >= least(listener), listener => value(listener), other);
}
