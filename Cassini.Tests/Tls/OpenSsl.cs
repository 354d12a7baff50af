using System.Diagnostics;

namespace Cassini.Tests.Tls;

/// <summary>The <c>openssl</c> program: a client and a verifier that we did not write.</summary>
internal static class OpenSsl
{
    private static readonly string? Program = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Select(directory => Path.Combine(directory, OperatingSystem.IsWindows() ? "openssl.exe" : "openssl"))
        .FirstOrDefault(File.Exists);

    /// <summary>Skips the test where there is no openssl; in CI that is a failure.</summary>
    public static void Require()
    {
        if (Program is null)
        {
            Environment.GetEnvironmentVariable("CI").ShouldNotBe("true", "CI must have the openssl program");
            Assert.Skip("The openssl program is not installed.");
        }
    }

    public static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Program!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var errors = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"openssl {string.Join(' ', arguments)} did not end", e);
        }

        return (process.ExitCode, await output + await errors);
    }
}
