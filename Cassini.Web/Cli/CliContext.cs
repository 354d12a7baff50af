using System.Collections;

namespace Cassini.Web.Cli;

/// <summary>What a command may touch of the process it runs in: handed in, so that tests run commands without a process.</summary>
internal sealed record CliContext
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public required TimeProvider Time { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Where relative names, and appsettings.json, are looked for.</summary>
    public required string WorkingDirectory { get; init; }

    public required IStopSignals Signals { get; init; }

    public static CliContext OfProcess(TimeProvider time, IStopSignals signals) => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        Time = time,
        Environment = System.Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal),
        WorkingDirectory = Directory.GetCurrentDirectory(),
        Signals = signals,
    };

    /// <summary>One line on standard error, in the form that every command uses.</summary>
    public void Complain(string message) => Error.WriteLine($"cassini: {message}");
}
