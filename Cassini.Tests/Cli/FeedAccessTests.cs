using Cassini.Harness;
using Cassini.Management.Http;
using Cassini.Tests.Harness;
using Cassini.Tests.Support;
using Cassini.Web.Cli;

namespace Cassini.Tests.Cli;

/// <summary>Commands that follow a feed, against a management port that demands certificates.</summary>
public class FeedAccessTests
{
    [Fact]
    public async Task Wait_CertificateBehindAnIntermediate_IsAccepted()
    {
        await using var rig = await HarnessRig.StartAsync(new ManagementOptions { Https = true, RequireCredentials = true });
        using var intermediate = rig.Broker.Authority.IssueIntermediate();
        intermediate.WriteClient(rig.Broker.Directory, intermediate.IssueClient("operator"));

        var context = rig.Console.Context;
        var waiting = CommandLine.RunAsync(
            [
                "wait", rig.Management.ToString(),
                "--ca", rig.File("ca.pem"), "--cert", rig.File("client.pem"), "--key", rig.File("client.key"),
            ],
            context, WaitCommand.Create(context));

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok, rig.Console.Error.ToString());
    }
}
