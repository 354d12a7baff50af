using Cassini.Tests.Cli;
using Cassini.Tests.Docs;
using Cassini.Tests.Support;

namespace Cassini.Tests.Interop;

/// <summary>Against a client library of another language: paho-mqtt, through the script beside this file.</summary>
public class PahoTests
{
    [Theory]
    [InlineData("4")]
    [InlineData("5")]
    public async Task Script_InBothVersions_FindsNothingWrong(string version)
    {
        var python = await PythonAsync();
        await using var host = await MqttHost.StartAsync();
        var (certificate, key) = host.Write("paho");
        var script = Path.Combine(Repository.Root, "Cassini.Tests", "Interop", "interop.py");
        await using var child = ChildProcess.Start(python, [script, $"{host.Address.Port}", host.CaPath, certificate, key, version], "");
        var exitCode = await child.ExitCodeAsync("the script ends", TimeSpan.FromSeconds(60));
        exitCode.ShouldBe(0, child.Error.ToString());
    }

    /// <summary>The system's Python: it is the one that the package is installed for.</summary>
    private static async Task<string> PythonAsync()
    {
        var python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : Programs.Require("python3");
        await using var child = ChildProcess.Start(python, ["-c", "import paho.mqtt.client"], "");
        if (await child.ExitCodeAsync("the library is looked for") != 0)
        {
            const string Reason = "This test needs the Python library paho-mqtt (package python3-paho-mqtt).";
            Environment.GetEnvironmentVariable("CI").ShouldNotBe("true", Reason);
            Assert.Skip(Reason);
        }

        return python;
    }
}
