using Cassini.Harness.Health;
using Cassini.Harness.Verdicts;

namespace Cassini.Harness;

/// <summary>What a test needs of the run that it is part of.</summary>
/// <param name="Stop">The switch that ends the run.</param>
/// <param name="Guard">Watches the health of the brokers.</param>
/// <param name="Faults">Asks brokers for faults.</param>
/// <param name="Say">One line for people.</param>
/// <param name="Time">The clock.</param>
internal sealed record RunSurroundings(RunStop Stop, HealthGuard Guard, FaultInjector Faults, Action<string> Say, TimeProvider Time);
