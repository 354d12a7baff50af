using Cassini.Management.Http;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Hosting;
using Cassini.Tests.Management;
using Cassini.Tests.Support;

namespace Cassini.Tests.Hosting;

/// <summary>GET /fleet of other nodes, over real HTTP.</summary>
public sealed class PeerManagementsTests : IDisposable
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Ask_WithAToken_IsAnswered_AndWithoutOneItIsAProblem()
    {
        var path = _directory.Write("token", $"{Token}\n");
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { RequireCredentials = true, TokenPath = path });

        var answer = await AskAsync(new ClusterOptions { ManagementTokenPath = path }, rig.Address.ToString());
        answer.Snapshot.ShouldNotBeNull().Epoch.ShouldBe(rig.Hub.Epoch.ToString());

        var refused = await AskAsync(new ClusterOptions(), rig.Address.ToString());
        (refused.Snapshot, refused.Problem).ShouldBe((null, "it answers 401"));
    }

    [Fact]
    public async Task Ask_OneThatDoesNotAnswer_DoesNotHideTheOther()
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        var answers = await new PeerManagements(new ClusterOptions(), TimeProvider.System).AskAsync(
            [new NodeAddress("n2", "http://127.0.0.1:1"), new NodeAddress("n3", rig.Address.ToString().TrimEnd('/'))],
            TestContext.Current.CancellationToken);

        answers[0].ShouldSatisfyAllConditions(
            one => one.Of.Node.ShouldBe("n2"), one => one.Snapshot.ShouldBeNull(), one => one.Problem.ShouldNotBeNullOrEmpty());
        answers[1].Snapshot.ShouldNotBeNull();
    }

    [Fact]
    public async Task Ask_WithAFileThatIsNotThere_NamesTheSetting()
    {
        var answer = await AskAsync(new ClusterOptions { ManagementCaPath = _directory.File("none.pem") }, "https://127.0.0.1:1");

        answer.Problem.ShouldNotBeNull().ShouldStartWith(ClusterSettings.ManagementCaPath);
    }

    private static async Task<FleetAnswer> AskAsync(ClusterOptions options, string management) =>
        (await new PeerManagements(options, TimeProvider.System).AskAsync(
            [new NodeAddress("n2", management)], TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
}
