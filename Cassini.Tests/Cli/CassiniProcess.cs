using System.Text.Json;

namespace Cassini.Tests.Cli;

/// <summary>
/// The real executable as a child process: that which the variable CASSINI_EXECUTABLE names, such as one of native code, else the one
/// beside the test assembly. A test that starts it has <see cref="StartsExecutableAttribute"/>.
/// </summary>
internal static class CassiniProcess
{
    /// <summary>The file: a program, or an assembly for <c>dotnet</c>.</summary>
    public static string Executable { get; } = Environment.GetEnvironmentVariable("CASSINI_EXECUTABLE") is { Length: > 0 } named
        ? Path.GetFullPath(named)
        : Path.Combine(AppContext.BaseDirectory, "cassini.dll");

    /// <summary>Whether it runs by itself, without <c>dotnet</c>.</summary>
    public static bool IsProgram { get; } = !Executable.EndsWith(".dll", StringComparison.Ordinal);

    /// <summary>How a shell starts it.</summary>
    public static string InShell { get; } = IsProgram ? $"'{Executable}'" : $"dotnet '{Executable}'";

    public static ChildProcess Start(
        string workingDirectory, IReadOnlyList<string> args, params IEnumerable<(string Name, string Value)> environment) =>
        ChildProcess.Start(
            IsProgram ? Executable : "dotnet",
            IsProgram ? args : [Executable, .. args],
            workingDirectory,
            [("XDG_DATA_HOME", workingDirectory), .. environment]);

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int Code, string Out, string Error)> RunAsync(
        string workingDirectory, IReadOnlyList<string> args, params IEnumerable<(string Name, string Value)> environment)
    {
        await using var child = Start(workingDirectory, args, environment);
        var code = await child.ExitCodeAsync("it ends by itself");
        return (code, child.Out.ToString(), child.Error.ToString());
    }

    /// <summary>The management URL, from the start-up text.</summary>
    public static async Task<string> ManagementAsync(this ChildProcess cassini) =>
        (await cassini.Out.LineAsync("the start-up text", line => line.StartsWith("  dashboard", StringComparison.Ordinal)))
            .Split(' ')[^1];

    /// <summary>Where it is, from its log of JSON, which has the start-up text as an entry: the endpoints and the management URL.</summary>
    public static async Task<(string Endpoints, string Management)> StartedAsync(this ChildProcess cassini)
    {
        using var entry = JsonDocument.Parse(
            await cassini.Error.LineAsync("the start-up text", line => line.Contains("\"EventId\":2027", StringComparison.Ordinal)));
        var state = entry.RootElement.GetProperty("State");
        return (state.GetProperty("Endpoints").GetString()!, state.GetProperty("Management").GetString()!);
    }

    /// <summary>The lines to paste, from the start-up text.</summary>
    public static async Task<IReadOnlyList<string>> PasteableLinesAsync(this ChildProcess cassini)
    {
        await cassini.Out.LineAsync("the end of the start-up text", line => line.StartsWith("Ctrl-C", StringComparison.Ordinal));
        return cassini.Out.Lines
            .SkipWhile(line => !line.EndsWith(':'))
            .Where(line => line.StartsWith("  ", StringComparison.Ordinal))
            .Select(line => line.Trim())
            .ToList();
    }
}
