using Cassini.Harness.Clients;
using Cassini.Harness.Plans;
using Cassini.Harness.Verdicts;

namespace Cassini.Harness.Health;

/// <summary>Requests faults from the management port of a broker.</summary>
internal sealed class FaultInjector(TimeProvider time)
{
    /// <exception cref="HarnessException">The broker refuses, or does not answer.</exception>
    public async Task InjectAsync(PlanBroker broker, PlanFault fault, CancellationToken cancellation)
    {
        var endpoint = fault.Endpoint is { } name ? $"?endpoint={Uri.EscapeDataString(name)}" : "";
        try
        {
            using var client = new ManagementClient(broker.Management, broker.AccessToManagement(time));
            await client.PostAsync($"faults/{fault.Fault}{endpoint}", cancellation);
        }
        catch (ClientException exception)
        {
            throw new HarnessException($"broker {broker.Name}, fault {fault.Fault}: {exception.Message}", cause: exception);
        }
    }
}
