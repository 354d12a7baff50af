using System.Globalization;
using System.Runtime.CompilerServices;
using Cassini.Streams.Store.Ledgers;
using Cassini.Tests.Cli;

namespace Cassini.Tests.Store.Ledgers;

/// <summary>
/// This test assembly as a program of its own, which appends sample groups to a ledger until it is killed: it writes its process id, and
/// then the number of each group whose append has ended.
/// </summary>
internal static class AppendingProcess
{
    private const string DirectoryName = "CASSINI_TESTS_APPEND_TO";

    public static ChildProcess Start(string directory) => ChildProcess.Start(
        "dotnet", [typeof(AppendingProcess).Assembly.Location], Path.GetDirectoryName(directory)!, (DirectoryName, directory));

    /// <summary>Small checkpoints, so that a kill finds one at work; both levels in turn.</summary>
    public static SqliteLedgerOptions Options(string directory) => LedgerRig.Options(directory) with { CheckpointBytes = 32 << 10 };

    /// <summary>Before the test runner begins. It needs no runner, and would wait for one.</summary>
    [ModuleInitializer]
    internal static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(DirectoryName) is { } directory)
        {
            Run(directory);
        }
    }

    private static void Run(string directory)
    {
        Console.WriteLine($"process {Environment.ProcessId}");
        var (file, extent) = SqliteLedgerFile.Open(Options(directory), TimeProvider.System);
        for (var number = extent.Last + 1; ; number++)
        {
            file.Append(number, SampleGroups.Of(number), mayUseReserve: false);
            Console.WriteLine(number.ToString(CultureInfo.InvariantCulture));
            if (number % 500 == 0)
            {
                file.Trim(number - 300);
            }
        }
    }
}
