using System.Net;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Tests.Health;

namespace Cassini.Tests.Management;

public class ConnectionTests
{
    [Fact]
    public async Task Connections_LiveOnes_AreListedByNumber()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(
            new ConnectionAccepted(1, Happened.Endpoint, "127.0.0.1:40001"),
            new ConnectionAccepted(2, Happened.Endpoint, "127.0.0.1:40002"),
            new ConnectionAccepted(3, Happened.Endpoint, "127.0.0.1:40003"),
            Happened.Completed(2),
            new ConnectionOpened(2, "alice"),
            Happened.Refused(1),
            new SessionOpened(2, "c-1", "alice", "MQTT 5.0", false),
            new SessionOpened(99, "of nobody", "alice", "MQTT 5.0", false));
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/connections"));

        json.RootElement.EnumerateArray().Select(row => row.GetProperty("id").GetInt64()).ShouldBe([2, 3]);
        var open = json.RootElement[0];
        open.EnumerateObject().Select(property => property.Name)
            .ShouldBe(
                ["id", "endpoint", "remoteAddress", "identity", "protocol", "state", "acceptedAt", "openedAt", "clientId", "mqttProtocol"]);
        open.GetProperty("clientId").GetString().ShouldBe("c-1");
        open.GetProperty("mqttProtocol").GetString().ShouldBe("MQTT 5.0");
        open.GetProperty("identity").GetString().ShouldBe("alice");
        open.GetProperty("state").GetString().ShouldBe("open");
        open.GetProperty("openedAt").GetString()!.ShouldEndWith("Z");
        json.RootElement[1].GetProperty("identity").ValueKind.ShouldBe(JsonValueKind.Null);
        json.RootElement[1].GetProperty("clientId").ValueKind.ShouldBe(JsonValueKind.Null);
        json.RootElement[1].GetProperty("mqttProtocol").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Connection_ThereIsOne_IsItsRow()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(new ConnectionAccepted(1, Happened.Endpoint, "127.0.0.1:40001"));
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/connections/1"));

        json.RootElement.GetProperty("remoteAddress").GetString().ShouldBe("127.0.0.1:40001");
    }

    [Theory]
    [InlineData("GET", "2")]
    [InlineData("GET", "banana")]
    [InlineData("GET", "-1")]
    [InlineData("GET", "99999999999999999999")]
    [InlineData("DELETE", "2")]
    [InlineData("DELETE", "banana")]
    public async Task Connection_ThereIsNone_Is404(string method, string id)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.SendAsync(new HttpMethod(method), "/connections/" + id);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldBe($"there is no live connection \"{id}\"\n");
    }

    [Fact]
    public async Task Connection_Deleted_IsDisconnected()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.SendAsync(HttpMethod.Delete, $"/connections/{FakeListeners.Connection}");

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        rig.Listeners.Calls.ShouldBe([$"disconnect {FakeListeners.Connection}"]);
    }
}
