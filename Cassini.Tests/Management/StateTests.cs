using System.Net;
using System.Text;
using Cassini.Streams.Health.Records;
using Cassini.Tests.Health.Records;

namespace Cassini.Tests.Management;

public class StateTests
{
    [Fact]
    public async Task State_Get_IsOneLineThatTheEventsAfterItContinue()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync("/state");
        var header = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        header.Count(value => value == '\n').ShouldBe(1);
        Encoding.UTF8.GetString(header).ShouldStartWith("{\"format\":\"cassini-record\",\"version\":7,\"epoch\":\"");
        var segment = (await RecordedRun.ReadAsync(header)).ShouldHaveSingleItem().ShouldBeOfType<HealthRecordSegment>();
        segment.Epoch.ShouldBe(rig.Hub.Epoch);
        segment.Through.ShouldBe(rig.Hub.LastSequence);
        segment.StartedAt.ShouldBe(rig.Hub.StartedAt);
        var replay = new HealthReplay();
        replay.Take(segment).ShouldBeEmpty();
        replay.Current!.Ready.ShouldBeTrue();
        replay.Current.Checks.Select(check => check.ToString()).ShouldBe(rig.Health.Current.Checks.Select(check => check.ToString()));
    }

    [Fact]
    public async Task State_Document_DescribesIt()
    {
        await using var rig = await ManagementRig.StartAsync();

        (await rig.GetTextAsync("/")).ShouldContain("GET    /state");
        (await rig.GetTextAsync("/openapi/v1.json")).ShouldContain("\"/state\"");
    }
}
