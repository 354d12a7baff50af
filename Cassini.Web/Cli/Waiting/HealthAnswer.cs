namespace Cassini.Web.Cli.Waiting;

/// <summary>What one look at a target found.</summary>
/// <param name="Holds">Whether what is waited for is so.</param>
/// <param name="Reachable">Whether there was an answer at all, be it the wrong one.</param>
/// <param name="Text">Why it is not so, for people.</param>
internal sealed record HealthAnswer(bool Holds, bool Reachable, string Text);
