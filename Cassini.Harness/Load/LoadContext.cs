using Cassini.Harness.Clients;

namespace Cassini.Harness.Load;

/// <summary>What all producers and sinks of a test share in one process.</summary>
/// <param name="Run">Which run and test.</param>
/// <param name="Broker">The broker.</param>
/// <param name="Identity">The certificates.</param>
/// <param name="SendTimes">Where producers leave times for sinks; null when they are not in one process.</param>
/// <param name="Time">The clock.</param>
internal sealed record LoadContext(LoadRun Run, BrokerAddress Broker, TlsIdentity Identity, SendTimes? SendTimes, TimeProvider Time)
{
    // Two runs of one plan at once must not throw each other out.
    private readonly string _process = Random.Shared.NextInt64().ToString("x16", System.Globalization.CultureInfo.InvariantCulture)[..8];

    public string ClientId(string name) => $"harness-{_process}-{Run.Test}-{name}";
}
