using Cassini.Streams.Events;
using Cassini.Streams.Probing;
using Cassini.Tests.Listening;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Probing;

/// <summary>Probers of a rig's listener manager, with intervals of milliseconds.</summary>
internal static class Probers
{
    public static readonly ProbingOptions Quick = new()
    {
        HeartbeatInterval = TimeSpan.FromMilliseconds(10),
        AcceptProbeInterval = TimeSpan.FromMilliseconds(10),
        CanaryInterval = TimeSpan.FromMilliseconds(10),
    };

    public static Prober Of(ListeningRig rig, ProbingOptions options, CountingLogger? logger = null, bool speaksMqtt = false) => new(
        options,
        rig.Manager,
        rig.Store,
        rig.Events,
        TimeProvider.System,
        (ILogger<Prober>?)logger ?? NullLogger<Prober>.Instance,
        speaksMqtt: speaksMqtt);

    public static ProbingOptions WithCanary(ListeningRig rig)
    {
        var (certificate, key) = rig.Certificates.WriteClient("canary");
        return Quick with { CanaryCertificatePath = certificate, CanaryKeyPath = key };
    }

    public static Loop RunCanary(ListeningRig rig, ProbingOptions options) => new(Of(rig, options).RunCanaryAsync);

    public static async Task<CanaryFailed> FirstFailureAsync(ListeningRig rig, ProbingOptions options)
    {
        await using var loop = RunCanary(rig, options);
        return await rig.Events.WaitForAsync<CanaryFailed>("the failure");
    }
}
