using Cassini.Harness.Clients;

namespace Cassini.Web.Cli.Waiting;

/// <summary>What the command line asks for.</summary>
/// <param name="Targets">The brokers to wait for; with <paramref name="Fleet"/>, nodes of which any one that answers is enough.</param>
/// <param name="Fleet">How many nodes the fleet must have; null to wait for each target by itself.</param>
/// <param name="Goal">The state to wait for.</param>
/// <param name="Timeout">The longest wait; zero waits for ever.</param>
/// <param name="Json">Whether the output is JSON, for machines.</param>
internal sealed record WaitRequest(IReadOnlyList<ManagementAddress> Targets, int? Fleet, WaitGoal Goal, TimeSpan Timeout, bool Json);
