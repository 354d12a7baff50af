using System.Net;
using System.Text.Json;
using Cassini.Streams.Events;

namespace Cassini.Tests.Management;

public class ConnectionQueryTests
{
    [Theory]
    [InlineData("", "1,2,3,4", 4)]
    [InlineData("?limit=2", "1,2", 4)]
    [InlineData("?limit=2&offset=3", "4", 4)]
    [InlineData("?offset=9", "", 4)]
    [InlineData("?sort=-id", "4,3,2,1", 4)]
    [InlineData("?sort=identity", "4,2,3,1", 4)]
    [InlineData("?sort=-identity", "1,2,3,4", 4)]
    [InlineData("?sort=clientId", "4,3,2,1", 4)]
    [InlineData("?search=BOB", "2,3", 2)]
    [InlineData("?search=BOB&limit=1", "2", 2)]
    [InlineData("?search=c-3", "1", 1)]
    [InlineData("?search=127.0.0.1:40004", "4", 1)]
    [InlineData("?search=3", "1,3", 2)]
    [InlineData("?search=nobody", "", 0)]
    public async Task Connections_Query_ListsWhatMatchesAndCountsIt(string query, string ids, int total)
    {
        await using var rig = await StartAsync();
        using var response = await rig.GetAsync("/connections" + query);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        string.Join(',', json.RootElement.EnumerateArray().Select(row => row.GetProperty("id").GetInt64())).ShouldBe(ids);
        response.Headers.GetValues("X-Total-Count").ShouldBe([$"{total}"]);
    }

    [Theory]
    [InlineData("?limit=0", "limit=\"0\" is not a whole number from 1 to 1,000")]
    [InlineData("?limit=1001", "limit=\"1001\"")]
    [InlineData("?offset=-1", "offset=\"-1\" is not a whole number from 0")]
    [InlineData("?sort=banana", "sort=\"banana\" is none of id, endpoint")]
    [InlineData("?sort=", "sort=\"\" is none of")]
    [InlineData("?sort=--id", "sort=\"--id\" is none of")]
    [InlineData("?search=a&search=b", "search is given 2 times")]
    public async Task Connections_QueryWrong_Is400WithASentence(string query, string sentence)
    {
        await using var rig = await StartAsync();
        using var response = await rig.GetAsync("/connections" + query);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith(sentence);
    }

    private static async Task<ManagementRig> StartAsync()
    {
        var rig = await ManagementRig.StartReadyAsync();
        string[] identities = ["carol", "bob", "Bob", "alice"];
        for (var id = 1; id <= 4; id++)
        {
            rig.Publish(
                new ConnectionAccepted(id, "[::]:1884", $"127.0.0.1:4000{id}"),
                new HandshakeCompleted(id, identities[id - 1], "TLS 1.3", TimeSpan.Zero),
                new SessionOpened(id, $"c-{4 - id}", "alice", "MQTT 5.0", false));
        }

        return rig;
    }
}
