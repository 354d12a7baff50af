using System.Diagnostics;
using System.Runtime.InteropServices;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cli;

/// <summary>A program that a test starts, reads and ends. It ends with the test.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    public const int Interrupt = 2;
    public const int Terminate = 15;

    private readonly Process _process;

    private ChildProcess(Process process)
    {
        _process = process;
    }

    public LineWriter Out { get; } = new();

    public LineWriter Error { get; } = new();

    /// <summary>Starts it with nothing of the caller's settings but what is given here.</summary>
    public static ChildProcess Start(
        string program, IReadOnlyList<string> args, string workingDirectory, params IEnumerable<(string Name, string Value)> environment)
    {
        var (first, rest) = DefaultSignals.Of(program, args);
        var start = new ProcessStartInfo(first, rest)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(IsSetting).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var child = new ChildProcess(new Process { StartInfo = start });
        child._process.OutputDataReceived += (_, line) => Keep(child.Out, line);
        child._process.ErrorDataReceived += (_, line) => Keep(child.Error, line);
        child._process.Start();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>What the system knows it by.</summary>
    public int Id => _process.Id;

    /// <summary>A line as someone pastes it into a shell: exec, so that the child is the program and not a shell around it.</summary>
    public static ChildProcess Paste(
        string line, string? workingDirectory = null, params IEnumerable<(string Name, string Value)> environment) =>
        Start("/bin/sh", ["-c", $"exec {line}"], workingDirectory ?? "", environment);

    /// <summary>Ends its standard input.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    public void Signal(int signal)
    {
        if (signal == Interrupt)
        {
            DefaultSignals.RequireInterrupt();
        }

        kill(_process.Id, signal).ShouldBe(0);
    }

    /// <summary>Sends a signal to a process that may have ended.</summary>
    /// <returns>Whether it was still there.</returns>
    public bool TrySignal(int signal) => kill(_process.Id, signal) == 0;

    public async Task<int> ExitCodeAsync(string step, TimeSpan? within = null)
    {
        var deadline = within ?? Eventually.Deadline;
        try
        {
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(deadline, TimeProvider.System);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{step}: not within {deadline}; stdout: {Out}; stderr: {Error}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private static void Keep(LineWriter lines, DataReceivedEventArgs line)
    {
        if (line.Data is { } text)
        {
            lines.WriteLine(text);
        }
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("CASSINI_", StringComparison.Ordinal) || name.StartsWith("TLS_", StringComparison.Ordinal)
        || name.StartsWith("OTEL_", StringComparison.Ordinal) || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal);

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int signal);
}
