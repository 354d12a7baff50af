namespace Cassini.Harness.Health;

/// <summary>The wait for a broker of the plan failed. The message has its last status, reasons and phase.</summary>
/// <param name="message">For people.</param>
/// <param name="timedOut">Whether it merely took too long; else waiting on would not help.</param>
internal sealed class BrokerWaitException(string message, bool timedOut) : Exception(message)
{
    public bool TimedOut { get; } = timedOut;
}
