namespace Cassini.Harness.Health;

/// <summary>A broker is not ready. The message carries its last status, reasons and phase.</summary>
/// <param name="message">For people.</param>
/// <param name="timedOut">Whether it merely took too long; else waiting on would not help.</param>
internal sealed class BrokerNotReadyException(string message, bool timedOut) : Exception(message)
{
    public bool TimedOut { get; } = timedOut;
}
