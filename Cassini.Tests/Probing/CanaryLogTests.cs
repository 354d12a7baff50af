using Cassini.Streams.Events;
using Cassini.Streams.Probing;
using Cassini.Tests.Listening;
using Cassini.Tests.Support;

namespace Cassini.Tests.Probing;

/// <summary>The event of a failed trip has only the message of what the canary caught. The log has the exception with its stack.</summary>
public class CanaryLogTests
{
    [Fact]
    public async Task Trip_FailsWithAnException_LogsIt()
    {
        var log = new RecordingLogger<Prober>();
        await using var rig = await ListeningRig.StartAsync(handler: new ScriptedBroker(Fault.Garbage));
        var (certificate, key) = rig.Certificates.WriteClient("canary");
        var options = new ProbingOptions { CanaryCertificatePath = certificate, CanaryKeyPath = key };
        var prober = new Prober(options, rig.Manager, rig.Store, rig.Events, TimeProvider.System, log, speaksMqtt: true);
        await using var loop = new Loop(prober.RunCanaryAsync);

        var failed = await rig.Events.WaitForAsync<CanaryFailed>("the failure");

        await Eventually.HoldsAsync("it is logged", () => log.Entries.Count > 0);
        log.Entries[0].Exception.ShouldBeOfType<InvalidDataException>().Message.ShouldBe(failed.Detail);
    }

    [Fact]
    public async Task Trip_IsRefusedByTheBroker_LogsNothing()
    {
        var log = new RecordingLogger<Prober>();
        await using var rig = await ListeningRig.StartAsync(handler: new ScriptedBroker(Fault.ConnectRefused));
        var (certificate, key) = rig.Certificates.WriteClient("canary");
        var options = new ProbingOptions { CanaryCertificatePath = certificate, CanaryKeyPath = key };
        var prober = new Prober(options, rig.Manager, rig.Store, rig.Events, TimeProvider.System, log, speaksMqtt: true);
        await using var loop = new Loop(prober.RunCanaryAsync);

        await rig.Events.WaitForAsync<CanaryFailed>("the failure");

        log.Entries.ShouldBeEmpty("the broker's own reason says all");
    }
}
