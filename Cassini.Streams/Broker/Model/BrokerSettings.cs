using Cassini.Streams.Settings;

namespace Cassini.Streams.Broker.Model;

/// <summary>The section <c>Broker</c>, and the rules between its settings.</summary>
internal static class BrokerSettings
{
    private const int LongestReference = 1_024;

    public static SettingsSection<BrokerOptions> Section { get; } = new(
        "Broker",
        new BrokerOptions(),
        SettingRule<BrokerOptions>.Finding("Broker:Access", "", NoList),
        SettingRule<BrokerOptions>.That(
            "Broker:MaxKeepAlive",
            "whole seconds only",
            broker => broker.MaxKeepAlive.Ticks % TimeSpan.TicksPerSecond == 0,
            broker => broker.MaxKeepAlive),
        SettingRule<BrokerOptions>.That(
            "Broker:ServerReference",
            $"1 to {SettingText.Of(LongestReference)} characters without control characters",
            broker => broker.ServerReference is null or { Length: > 0 and <= LongestReference }
                && broker.ServerReference?.Any(char.IsControl) is not true,
            broker => $"a text of {broker.ServerReference?.Length} characters"),

        // A packet that is accepted must fit in the memory budget.
        SettingRule<BrokerOptions>.That(
            "Broker:MaxQueuedBytes",
            "at least Broker:MaxPacketSize",
            broker => broker.MaxQueuedBytes >= broker.MaxPacketSize,
            broker => broker.MaxQueuedBytes,
            "Broker:MaxPacketSize"),
        SettingRule<BrokerOptions>.That(
            "Broker:MemoryLimit",
            "0, or at least Broker:MaxPacketSize",
            broker => broker.MemoryLimit == 0 || broker.MemoryLimit >= broker.MaxPacketSize,
            broker => broker.MemoryLimit,
            "Broker:MaxPacketSize"));

    private static SettingError[] NoList(BrokerOptions broker) =>
        broker.Access.IsDefault
            ? [SettingError.NotAllowed("Broker:Access", "nothing", "a list is needed; an empty one denies everything")]
            : [];
}
