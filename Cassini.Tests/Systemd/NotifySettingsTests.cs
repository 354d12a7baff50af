using Cassini.Web.Systemd;

namespace Cassini.Tests.Systemd;

public class NotifySettingsTests
{
    private const int Process = 4711;

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Read_WithoutASocket_IsOffWhateverElseIsSet(string? socket) =>
        Read(out _, socket, "30000000").ShouldBeNull();

    [Theory]
    [InlineData("/run/systemd/notify", "/run/systemd/notify")]
    [InlineData("@cassini", "@cassini")]
    public void Read_APathOrAnAbstractName_IsTheSocket(string socket, string expected)
    {
        var settings = Read(out var problems, socket);

        settings!.Socket.ToString().ShouldBe(expected);
        settings.Watchdog.ShouldBeNull();
        problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("notify", "NOTIFY_SOCKET=notify is neither a path nor an abstract name (@name)")]
    [InlineData("@", "NOTIFY_SOCKET=@ is neither a path nor an abstract name (@name)")]
    [InlineData("vsock:2:1234", "NOTIFY_SOCKET=vsock:2:1234 is neither a path nor an abstract name (@name)")]
    public void Read_AWrongSocket_IsAProblemAndOff(string socket, string problem)
    {
        Read(out var problems, socket).ShouldBeNull();
        problems.ShouldBe([problem]);
    }

    [Fact]
    public void Read_ATooLongPath_IsAProblemAndOff()
    {
        Read(out var problems, "/" + new string('x', 300)).ShouldBeNull();
        problems.ShouldBe(["NOTIFY_SOCKET is too long for the name of a socket: 301 characters"]);
    }

    [Theory]
    [InlineData("4711", true)]
    [InlineData("", true)]
    [InlineData(null, true)]
    [InlineData("4712", false)]
    [InlineData("x", false)]
    public void Read_AWatchdog_IsOursUnlessItIsAnothersProcess(string? process, bool isOurs) =>
        Read(out _, "/n", "30000000", process)!.Watchdog.ShouldBe(isOurs ? TimeSpan.FromSeconds(30) : null);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("9999")]
    [InlineData("30s")]
    [InlineData("9223372036854775807")]
    public void Read_AWrongWatchdog_IsAProblemAndOff(string watchdog)
    {
        var settings = Read(out var problems, "/n", watchdog);

        settings!.Watchdog.ShouldBeNull();
        problems.ShouldBe([$"WATCHDOG_USEC={watchdog} is not a number of microseconds of at least 10000"]);
    }

    private static NotifySettings? Read(out List<string> problems, string? socket, string? watchdog = null, string? process = null)
    {
        problems = [];
        var environment = new Dictionary<string, string>();
        Set(NotifySettings.SocketVariable, socket);
        Set(NotifySettings.WatchdogVariable, watchdog);
        Set(NotifySettings.WatchdogProcessVariable, process);
        return NotifySettings.Read(environment, Process, problems);

        void Set(string name, string? value)
        {
            if (value is not null)
            {
                environment[name] = value;
            }
        }
    }
}
