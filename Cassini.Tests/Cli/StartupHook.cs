using Cassini.Web.Cli.Serving;
using Microsoft.Extensions.Logging;

/// <summary>
/// What .NET runs in a child process before its program when DOTNET_STARTUP_HOOKS names this assembly; it asks for this name, without a
/// namespace. Ends the process in ways in which a program does not end by itself.
/// </summary>
internal static class StartupHook
{
    /// <summary>The program runs, and a thread throws when standard input ends.</summary>
    public const string ThrowAfterInput = "throw after input";

    /// <summary>The log has lines to write, and a thread throws.</summary>
    public const string LogAndThrow = "log and throw";

    /// <summary>The log has lines to write, and the process exits.</summary>
    public const string LogAndExit = "log and exit";

    /// <summary>The program runs, and when standard input ends, work that never ends takes threads of the pool.</summary>
    public const string OccupyPool = "occupy pool";

    /// <summary>What is written to standard output when they are taken.</summary>
    public const string Occupied = "occupied";

    /// <summary>How many lines the log has.</summary>
    public const int Lines = 40;

    private const int Blocked = 200;
    private const string Variable = "STARTUP_HOOK";

    /// <summary>The environment in which it does that.</summary>
    public static IEnumerable<(string Name, string Value)> Variables(string how) =>
        [("DOTNET_STARTUP_HOOKS", typeof(StartupHook).Assembly.Location), (Variable, how)];

    /// <summary>Called by .NET.</summary>
    public static void Initialize()
    {
        switch (Environment.GetEnvironmentVariable(Variable))
        {
            case ThrowAfterInput:
                Start(() => Throw(after: () => Console.OpenStandardInput().ReadByte()));
                break;
            case OccupyPool:
                Start(TakeThreads);
                break;
            case LogAndThrow:
                LogLines();
                Start(() => Throw(after: () => { })).Join();
                break;
            case LogAndExit:
                LogLines();
                Environment.Exit(0);
                break;
            default:
                break;
        }
    }

    private static Thread Start(ThreadStart body)
    {
        var thread = new Thread(body) { IsBackground = true };
        thread.Start();
        return thread;
    }

    private static void Throw(Action after)
    {
        after();
        throw new InvalidOperationException("a bug");
    }

    private static void TakeThreads()
    {
        Console.OpenStandardInput().ReadByte();
        var never = new ManualResetEventSlim();
        var taken = new CountdownEvent(Blocked);
        for (var i = 0; i < Blocked; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    taken.Signal();
                    never.Wait();
                },
                null);
        }

        taken.Wait();
        Console.WriteLine(Occupied);
    }

    private static void LogLines()
    {
        var logger = new ProcessLog(new TextLayout(), new SlowError(), TimeProvider.System).CreateLogger("Cassini.A");
        for (var i = 0; i < Lines; i++)
        {
            logger.Log(LogLevel.Information, default, i, null, static (number, _) => $"line {number}");
        }
    }

    /// <summary>Standard error, a millisecond for each line, so that lines wait when the process ends.</summary>
    private sealed class SlowError : StringWriter
    {
        private readonly StreamWriter _error = new(Console.OpenStandardError()) { AutoFlush = true };
        private readonly ManualResetEventSlim _never = new();

        public override void Write(string? value)
        {
            _never.Wait(millisecondsTimeout: 1);
            _error.Write(value);
        }

        protected override void Dispose(bool disposing)
        {
            _never.Dispose();
            _error.Dispose();
            base.Dispose(disposing);
        }
    }
}
