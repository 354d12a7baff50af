using Cassini.Harness.Clients;

namespace Cassini.Web.Cli.Waiting;

/// <summary>What the command line asks for.</summary>
/// <param name="Targets">Who is waited for.</param>
/// <param name="Goal">What for.</param>
/// <param name="Timeout">How long at most; zero for ever.</param>
/// <param name="Json">Whether machines read along.</param>
internal sealed record WaitRequest(IReadOnlyList<ManagementAddress> Targets, WaitGoal Goal, TimeSpan Timeout, bool Json);
