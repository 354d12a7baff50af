using System.Net;
using Cassini.Management;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management;

public class ConfigTests
{
    [Fact]
    public async Task Config_Get_IsEverySettingWithItsOrigin()
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        (await rig.GetTextAsync("/config")).ShouldBe(
            """
            {"file":"appsettings.json","problem":null,"settings":[
            {"key":"Health:Hold","value":"15s","default":"15s","origin":"default","atOnce":false,"needsRestart":true,"next":"30s"},
            {"key":"Hub:LogCapacity","value":16384,"default":16384,"origin":"default","atOnce":false,"needsRestart":false,"next":null},
            {"key":"Listener:Backlog","value":100,"default":512,"origin":"--set","atOnce":false,"needsRestart":false,"next":null}]}
            """.ReplaceLineEndings(""));
    }

    [Fact]
    public async Task Config_ApplicationHasTheSettings_Is404InASentence()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        await using var embedded = ManagementApp.Create(
            rig.Managed with { Settings = null }, rig.Options with { Address = "127.0.0.1:0" },
            NullLoggerFactory.Instance, TimeProvider.System);
        await embedded.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(embedded) };

        using var response = await http.GetAsync("/config", TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldBe("this broker reads no settings: the application around it has them\n");
    }
}
