namespace Cassini.Harness.Verdicts;

/// <summary>What came of one expectation.</summary>
/// <param name="Name">As the plan calls it.</param>
/// <param name="Expected">For people.</param>
/// <param name="Seen">For people.</param>
/// <param name="Passed">Whether it is so.</param>
internal sealed record ExpectationResult(string Name, string Expected, string Seen, bool Passed);
