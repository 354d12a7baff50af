using System.Globalization;
using System.Text.RegularExpressions;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Deploy;

public partial class SystemdTests
{
    private const double HighestExposure = 2.0;

    private static readonly string Unit = DeployFiles.Read("systemd", "cassini.service");
    private static readonly string DropIn = DeployFiles.Read("systemd", "credentials.conf");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unit_Verify_HasNothingToSay(bool withCredentials)
    {
        using var directory = Installed(withCredentials);

        var (code, said) = await DeployFiles.RunAsync(
            "systemd-analyze", directory.Path, "verify", "--man=no", directory.File("cassini.service"));

        said.ShouldBeEmpty();
        code.ShouldBe(0);
    }

    [Fact]
    public async Task Unit_Exposure_IsLow()
    {
        using var directory = Installed(withCredentials: false);

        var (_, said) = await DeployFiles.RunAsync(
            "systemd-analyze", directory.Path, "security", "--offline=yes", "--no-pager", directory.File("cassini.service"));

        var exposure = Overall().Match(said);
        exposure.Success.ShouldBeTrue(said);
        double.Parse(exposure.Groups[1].Value, CultureInfo.InvariantCulture).ShouldBeLessThan(HighestExposure, said);
    }

    [Fact]
    public void Unit_Times_FollowFromTheDefaults()
    {
        Seconds("TimeoutStopSec").ShouldFitAStop(before: TimeSpan.Zero);
        Seconds("WatchdogSec").ShouldBe(2 * Defaults.Options.Health.LiveWindow);
        long.Parse(Value("LimitNOFILE"), CultureInfo.InvariantCulture).ShouldBeEnoughDescriptors();
    }

    /// <summary>Everything else is read-only, and nobody else may read what clients sent.</summary>
    [Fact]
    public void Unit_DataDirectory_IsTheStateDirectory()
    {
        Variables(Unit)["CASSINI_DATA_DIR"].ShouldBe($"/var/lib/{Value("StateDirectory")}");
        Value("StateDirectoryMode").ShouldBe("0700");
        Value("ProtectSystem").ShouldBe("strict");
        Value("UMask").ShouldBe("0077");
    }

    [Fact]
    public void Unit_Variables_AreKnown()
    {
        Variables(Unit).Count.ShouldBeGreaterThan(5);
        EnvironmentNames.Unknown(Variables(Unit).Keys.Concat(Variables(DropIn).Keys)).ShouldBeEmpty();
    }

    [Fact]
    public void Unit_Variables_GiveRiseToNoWarning()
    {
        using var console = new TestConsole();
        foreach (var (name, value) in Variables(Unit))
        {
            console.Environment[name] = value;
        }

        var errors = new List<string>();
        var flags = new SettingsFlags();
        var command = new System.CommandLine.Command("serve");
        flags.AddTo(command);
        var parsed = command.Parse([]);
        var settings = SettingsLoader.Load(console.Context, flags.ConfigFile(parsed), flags.Read(parsed), errors)
            .ShouldNotBeNull(string.Join('\n', errors));

        settings.Warnings.ShouldBeEmpty();
        settings.Process.Management.RequireCredentials.ShouldBe(true, "otherwise no caller needs the token");
    }

    [Fact]
    public void DropIn_Credentials_ReplaceEachFileOfTheUnit()
    {
        var loaded = Loaded().Matches(DropIn).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var files = Variables(Unit).Where(variable => variable.Value.StartsWith("/etc/", StringComparison.Ordinal)).ToDictionary();

        Variables(DropIn).Keys.ShouldBe(files.Keys);
        foreach (var (name, path) in Variables(DropIn))
        {
            loaded[path["%d/".Length..]].ShouldBe(files[name], name);
        }
    }

    [Fact]
    public void Unit_WrongUsage_IsNotRestarted() =>
        Value("RestartPreventExitStatus").ShouldBe(Cassini.Harness.ExitCode.Usage.ToString(CultureInfo.InvariantCulture));

    /// <summary>The unit in a directory of its own, with a program that exists: verify looks whether it does.</summary>
    private static TempDirectory Installed(bool withCredentials)
    {
        var directory = new TempDirectory();
        directory.Write("cassini.service", Unit.Replace("/usr/local/bin/cassini", "/bin/true", StringComparison.Ordinal));
        if (withCredentials)
        {
            Directory.CreateDirectory(directory.File("cassini.service.d"));
            directory.Write(Path.Combine("cassini.service.d", "credentials.conf"), DropIn);
        }

        return directory;
    }

    private static string Value(string name) => Regex.Match(Unit, $"^{name}=(.+)$", RegexOptions.Multiline).Groups[1].Value;

    private static TimeSpan Seconds(string name) =>
        TimeSpan.FromSeconds(int.Parse(Value(name).TrimEnd('s'), NumberStyles.None, CultureInfo.InvariantCulture));

    private static Dictionary<string, string> Variables(string text) =>
        Variable().Matches(text).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

    [GeneratedRegex(@"Overall exposure level for cassini\.service: (\d+\.\d+)")]
    private static partial Regex Overall();

    [GeneratedRegex("^Environment=([^=]+)=(.*)$", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex("^LoadCredential=([^:]+):(.*)$", RegexOptions.Multiline)]
    private static partial Regex Loaded();
}
