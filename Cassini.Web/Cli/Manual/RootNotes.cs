using Cassini.Harness;

namespace Cassini.Web.Cli.Manual;

/// <summary>What there is to know about all commands.</summary>
internal static class RootNotes
{
    public const string DefaultCommand =
        "Without a command, cassini serves: 'cassini --bind 127.0.0.1:8884' is 'cassini serve --bind 127.0.0.1:8884'.";

    /// <summary>The exit codes that every command uses.</summary>
    public static readonly IReadOnlyList<(int Code, string Meaning)> ExitCodes =
    [
        (ExitCode.Ok, "ok"),
        (ExitCode.Error, "error, or a start that cannot succeed"),
        (ExitCode.TimedOut, "timed out"),
        (ExitCode.Usage, "wrong usage"),
        (ExitCode.Interrupted, "interrupted"),
        (ExitCode.BrokenPipe, "nobody reads the output any more, as after '| head -1'"),
    ];
}
