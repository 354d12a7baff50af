using System.Net;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Tests.Health;

namespace Cassini.Tests.Management;

public class EventTests
{
    [Fact]
    public async Task Event_Kept_IsItsEnvelope()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed());
        var evidence = rig.Health.Current.Checks.Single(check => check.Name == "bind").Evidence.ShouldHaveSingleItem();
        using var json = JsonDocument.Parse(await rig.GetTextAsync($"/events/{evidence}"));

        json.RootElement.GetProperty("id").GetString().ShouldBe(evidence);
        json.RootElement.GetProperty("type").GetString().ShouldBe("bindFailed");
        json.RootElement.GetProperty("event").GetProperty("error").GetString().ShouldBe("AddressAlreadyInUse");
    }

    [Theory]
    [InlineData("banana", HttpStatusCode.BadRequest, "\"banana\" is not the id of an event")]
    [InlineData("0000000000000001-1", HttpStatusCode.NotFound, "event 0000000000000001-1 is of another run")]
    [InlineData("EPOCH-999999", HttpStatusCode.NotFound, "there is no event EPOCH-999999 yet")]
    [InlineData("EPOCH-0", HttpStatusCode.NotFound, "there is no event EPOCH-0")]
    [InlineData("EPOCH-1", HttpStatusCode.Gone, "event EPOCH-1 is no longer kept")]
    public async Task Event_NotThere_SaysWhy(string id, HttpStatusCode code, string sentence)
    {
        await using var rig = await ManagementRig.StartReadyAsync(hubOptions: new EventHubOptions { LogCapacity = 16 });
        rig.Publish([.. Enumerable.Range(0, 30).Select(_ => Happened.Heartbeat())]);
        var epoch = rig.Hub.Epoch.ToString();
        using var response = await rig.GetAsync("/events/" + id.Replace("EPOCH", epoch, StringComparison.Ordinal));

        response.StatusCode.ShouldBe(code);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldStartWith(sentence.Replace("EPOCH", epoch, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Certificates_InUse_AreListedByRole()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.Certificate(CertificateRole.RevocationList, rig.Hub.StartedAt.AddDays(3)), Happened.Certificate(
            CertificateRole.Authority, rig.Hub.StartedAt.AddYears(9)));
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/certificates"));

        json.RootElement.EnumerateArray().Select(one => one.GetProperty("role").GetString())
            .ShouldBe(["server", "authority", "revocationList"]);
        json.RootElement[0].EnumerateObject().Select(property => property.Name).ShouldBe(["role", "subject", "notAfter", "status"]);
        json.RootElement[0].GetProperty("notAfter").GetString().ShouldNotBeNull().ShouldEndWith("Z");
        json.RootElement[0].GetProperty("status").GetString().ShouldBe("ok");
    }
}
