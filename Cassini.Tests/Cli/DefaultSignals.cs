using System.Diagnostics;
using System.Globalization;

namespace Cassini.Tests.Cli;

/// <summary>
/// Lets children get Ctrl-C. A shell without job control starts what it puts into the background with SIGINT ignored; the tests inherit
/// that, their children too, and a program of .NET leaves an ignored signal ignored.
/// </summary>
internal static class DefaultSignals
{
    private static readonly string[] Prefix = ["--default-signal=INT"];

    /// <summary>Whether there is an env that can undo it: GNU's from coreutils 8.31 on.</summary>
    private static readonly Lazy<bool> CanReset = new(Probe);

    /// <summary>The same program, started with SIGINT as by default, where that is possible. The process is the program's own.</summary>
    public static (string Program, IReadOnlyList<string> Args) Of(string program, IReadOnlyList<string> args) =>
        CanReset.Value ? ("env", [.. Prefix, program, .. args]) : (program, args);

    /// <summary>Skips the test where a child does not get it.</summary>
    public static void RequireInterrupt() => Assert.SkipWhen(
        !CanReset.Value && IsIgnored(),
        "These tests run with SIGINT ignored, as in the background of a shell, and no 'env --default-signal' is there to undo it.");

    private static bool IsIgnored()
    {
        const string Name = "SigIgn:";
        const string Status = "/proc/self/status";
        return File.Exists(Status)
            && File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal)) is { } line
            && (ulong.Parse(line.AsSpan(Name.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                & (1UL << (ChildProcess.Interrupt - 1))) != 0;
    }

    private static bool Probe()
    {
        try
        {
            using var probe = Process.Start(new ProcessStartInfo("env", [.. Prefix, "true"]) { RedirectStandardError = true })!;
            probe.StandardError.ReadToEnd();
            probe.WaitForExit();
            return probe.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
