namespace Cassini.Web.Cli;

/// <summary>The wish of the outside that the process end.</summary>
internal interface IStopSignals
{
    /// <summary>Cancelled by the first signal: end gracefully.</summary>
    CancellationToken Stop { get; }

    /// <summary>Cancelled by the second: end now.</summary>
    CancellationToken Force { get; }
}
