using Cassini.Harness.Clients;

namespace Cassini.Web.Cli.Waiting;

/// <summary>What the command line asks for.</summary>
/// <param name="Targets">The brokers to wait for.</param>
/// <param name="Goal">The state to wait for.</param>
/// <param name="Timeout">The longest wait; zero waits for ever.</param>
/// <param name="Json">Whether the output is JSON, for machines.</param>
internal sealed record WaitRequest(IReadOnlyList<ManagementAddress> Targets, WaitGoal Goal, TimeSpan Timeout, bool Json);
