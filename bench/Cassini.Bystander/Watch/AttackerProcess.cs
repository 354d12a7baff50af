using System.Diagnostics;
using System.Globalization;
using Cassini.Load;

namespace Cassini.Bystander.Watch;

/// <summary>The attacker in a process of its own, which gives way to all others and has a bounded heap.</summary>
internal sealed class AttackerProcess : IDisposable
{
    private const string Nice = "10";
    private const string HeapLimit = "0x40000000"; // 1 GiB
    private readonly Process _process;
    private readonly Task<string> _said;

    public AttackerProcess(BystanderOptions options)
    {
        string[] arguments =
        [
            "-n", Nice, "dotnet", Path.Combine(AppContext.BaseDirectory, "Cassini.Bystander.dll"), "attack", options.Name,
            "--port", Text(options.Port), "--certs", options.Certificates,
            "--seconds", Text(options.Duration.TotalSeconds), "--prepare", Text(options.Preparation.TotalSeconds),
        ];
        var start = new ProcessStartInfo("nice", arguments) { RedirectStandardOutput = true };
        start.Environment["DOTNET_GCHeapHardLimit"] = HeapLimit;
        _process = Process.Start(start) ?? throw new LoadException("the attacker does not start");
        _said = _process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>Its processor time so far, in seconds; 0 when it has ended.</summary>
    public double Cpu()
    {
        try
        {
            return ProcessUsage.Cpu(_process.Id);
        }
        catch (LoadException)
        {
            return 0;
        }
    }

    /// <summary>True when it has ended within the time.</summary>
    public bool Wait(TimeSpan within) => _process.WaitForExit(within);

    /// <summary>What it has said, once it has ended.</summary>
    public string Said() => _process.ExitCode == 0 ? _said.Result.Trim() : $"the attacker ended with {_process.ExitCode}";

    public void Kill() => _process.Kill(entireProcessTree: true);

    public void Dispose() => _process.Dispose();

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
