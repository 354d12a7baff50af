using Cassini.Harness.Clients;
using Cassini.Harness.Plans;
using Cassini.Harness.Verdicts;

namespace Cassini.Harness.Health;

/// <summary>Requests faults from the management port of a broker.</summary>
internal sealed class FaultInjector(TimeProvider time)
{
    /// <summary>
    /// Requests one fault. It is not cancelled, because the run may end as a consequence of the fault and before the answer.
    /// </summary>
    /// <exception cref="HarnessException">The broker refuses, or does not answer in time.</exception>
    public async Task InjectAsync(PlanBroker broker, PlanFault fault)
    {
        var endpoint = fault.Endpoint is { } name ? $"?endpoint={Uri.EscapeDataString(name)}" : "";
        try
        {
            using var client = new ManagementClient(broker.Management, broker.AccessToManagement(time));
            await client.PostAsync($"faults/{fault.Fault}{endpoint}", CancellationToken.None);
        }
        catch (ClientException exception)
        {
            throw new HarnessException($"broker {broker.Name}, fault {fault.Fault}: {exception.Message}", cause: exception);
        }
    }
}
