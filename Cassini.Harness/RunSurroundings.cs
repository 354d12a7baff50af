using Cassini.Harness.Health;
using Cassini.Harness.Verdicts;

namespace Cassini.Harness;

/// <summary>What a test uses of its run.</summary>
/// <param name="Stop">Stops the run.</param>
/// <param name="Guard">Follows the health of the brokers.</param>
/// <param name="Faults">Requests faults from brokers.</param>
/// <param name="Say">Shows one line.</param>
/// <param name="Time">The clock.</param>
internal sealed record RunSurroundings(RunStop Stop, HealthGuard Guard, FaultInjector Faults, Action<string> Say, TimeProvider Time);
