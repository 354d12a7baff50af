using Cassini.Harness.Clients;

namespace Cassini.Harness.Load;

/// <summary>What all publishers and subscribers of a test in one process share.</summary>
/// <param name="Run">Which run and test.</param>
/// <param name="Broker">The broker.</param>
/// <param name="Identity">The certificates.</param>
/// <param name="SendTimes">The times of sending, from publishers to subscribers; null when the two are in different processes.</param>
/// <param name="Time">The clock.</param>
internal sealed record LoadContext(LoadRun Run, BrokerAddress Broker, TlsIdentity Identity, SendTimes? SendTimes, TimeProvider Time)
{
    // Random, because two runs of one plan at the same time must not take over each other's sessions.
    private readonly string _process = Random.Shared.NextInt64().ToString("x16", System.Globalization.CultureInfo.InvariantCulture)[..8];

    public string ClientId(string name) => $"harness-{_process}-{Run.Test}-{name}";
}
