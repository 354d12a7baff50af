using System.Collections;
using Cassini.Harness.Clients;
using Spectre.Console;

namespace Cassini.Web.Cli.Context;

/// <summary>The parts of its process that a command may use; they are passed in so that tests run commands without a process.</summary>
internal sealed record CliContext
{
    /// <summary>Opens standard input.</summary>
    /// <exception cref="ClientException">It is closed.</exception>
    public Func<Stream> OpenIn { get; init; } = OpenStandardInput;

    public required TextWriter Out { get; init; }

    /// <summary>Whether <see cref="Out"/> is read by a terminal, which control characters from clients must not reach.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Standard error. Writing to it never fails: there is nothing left to report that on.</summary>
    public required TextWriter Error { get; init; }

    public required TimeProvider Time { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Where relative names, and appsettings.json, are looked for.</summary>
    public required string WorkingDirectory { get; init; }

    public required IStopSignals Signals { get; init; }

    /// <summary>The end of <see cref="Out"/>; null when a command does not end with it.</summary>
    public OutputEnd? OutputEnd { get; init; }

    /// <summary>Whether a write to <see cref="Out"/> failed. It is reported when the command ends, and nowhere else.</summary>
    public bool IsOutputLost => OutputEnd is { Failure: not null };

    /// <summary>Calls back at each SIGHUP, until the process has ended.</summary>
    public Action<Action> OnHangup { get; init; } = static _ => { };

    /// <summary>The terminal that <see cref="Out"/> goes to; null when it is none, and lines are wanted instead.</summary>
    public IAnsiConsole? Terminal { get; init; }

    /// <summary>For a command that ends with its output.</summary>
    public static CliContext OfProcess(TimeProvider time, OutputEnd end) => OfProcess(time, end, end);

    /// <summary>For a command that outlives the reader of its output.</summary>
    public static CliContext OfProcess(TimeProvider time, IStopSignals signals) => OfProcess(time, signals, null);

    private static CliContext OfProcess(TimeProvider time, IStopSignals signals, OutputEnd? end) => new()
    {
        Out = Console.IsOutputRedirected ? Writer(StandardStream.Output, end) : Console.Out,
        OutIsTerminal = !Console.IsOutputRedirected,
        Error = Writer(StandardStream.Error, null),
        Time = time,
        Environment = System.Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal),
        WorkingDirectory = Directory.GetCurrentDirectory(),
        Signals = signals,
        OutputEnd = end,
        OnHangup = HangupSignal.Register,
        Terminal = Console.IsOutputRedirected || System.Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb"
            ? null
            : AnsiConsole.Console,
    };

    /// <summary>One line on standard error, in the form that every command uses.</summary>
    public void Complain(string message) => Error.WriteLine($"cassini: {message}");

    /// <summary>UTF-8 in every locale, because JSON is (RFC 8259 8.1); <see cref="Surroundings"/> makes terminals alike.</summary>
    private static TextWriter Writer(int descriptor, OutputEnd? end)
    {
        if (OperatingSystem.IsWindows())
        {
            return descriptor == StandardStream.Output ? Console.Out : Console.Error;
        }

        var stream = new StandardStream(Descriptor.IsInherited(descriptor) ? descriptor : Descriptor.None, end);
        return TextWriter.Synchronized(new StreamWriter(stream) { AutoFlush = true });
    }

    private static Stream OpenStandardInput() => Descriptor.IsInherited(StandardStream.Input)
        ? Console.OpenStandardInput()
        : throw new ClientException("standard input is closed", isLasting: true);
}
