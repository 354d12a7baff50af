namespace Cassini.Web.Cli;

/// <summary>What the process answers its caller: the same codes for every command.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Degraded = 1;

    /// <summary>An error, or a start that cannot succeed.</summary>
    public const int Error = 2;
    public const int TimedOut = 3;

    /// <summary>The command line itself is wrong (EX_USAGE of sysexits).</summary>
    public const int Usage = 64;

    /// <summary>128 + SIGINT, as a shell reports it.</summary>
    public const int Interrupted = 130;
}
