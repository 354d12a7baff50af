using System.Collections;
using System.Reactive.Disposables;
using Spectre.Console;

namespace Cassini.Web.Cli.Context;

/// <summary>The parts of its process that a command may use; they are passed in so that tests run commands without a process.</summary>
internal sealed record CliContext
{
    /// <summary>Opens standard input.</summary>
    public Func<Stream> OpenIn { get; init; } = Console.OpenStandardInput;

    public required TextWriter Out { get; init; }

    /// <summary>Whether <see cref="Out"/> is read by a terminal, which control characters from clients must not reach.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Standard input, for commands that read lines of text.</summary>
    public TextReader In { get; init; } = TextReader.Null;

    public required TextWriter Error { get; init; }

    public required TimeProvider Time { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Where relative names, and appsettings.json, are looked for.</summary>
    public required string WorkingDirectory { get; init; }

    public required IStopSignals Signals { get; init; }

    /// <summary>Calls back at each SIGHUP, until what it returns is disposed.</summary>
    public Func<Action, IDisposable> OnHangup { get; init; } = static _ => Disposable.Empty;

    /// <summary>The terminal that <see cref="Out"/> goes to; null when it is none, and lines are wanted instead.</summary>
    public IAnsiConsole? Terminal { get; init; }

    public static CliContext OfProcess(TimeProvider time, IStopSignals signals) => new()
    {
        Out = Console.Out,
        OutIsTerminal = !Console.IsOutputRedirected,
        In = new StreamReader(Console.OpenStandardInput()),
        Error = Console.Error,
        Time = time,
        Environment = System.Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal),
        WorkingDirectory = Directory.GetCurrentDirectory(),
        Signals = signals,
        OnHangup = HangupSignal.Register,
        Terminal = Console.IsOutputRedirected || System.Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb"
            ? null
            : AnsiConsole.Console,
    };

    /// <summary>One line on standard error, in the form that every command uses.</summary>
    public void Complain(string message)
    {
        try
        {
            Error.WriteLine($"cassini: {message}");
        }
        catch (IOException)
        {
            // Nothing is left to report it on, and the exit code still tells that something failed.
        }
    }
}
