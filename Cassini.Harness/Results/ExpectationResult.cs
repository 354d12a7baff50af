namespace Cassini.Harness.Results;

/// <summary>Whether one expectation holds.</summary>
/// <param name="Name">Its name in the plan.</param>
/// <param name="Expected">For people.</param>
/// <param name="Seen">For people.</param>
/// <param name="Passed">Whether it holds.</param>
internal sealed record ExpectationResult(string Name, string Expected, string Seen, bool Passed);
