namespace Cassini.Web.Cli.Context;

/// <summary>Signals that ask the process to end.</summary>
internal interface IStopSignals
{
    /// <summary>Cancelled by the first signal: end gracefully.</summary>
    CancellationToken Stop { get; }

    /// <summary>Cancelled by the second: end now.</summary>
    CancellationToken Force { get; }
}
