using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Connections;

/// <summary>What becomes of a message before anyone looks at its topic.</summary>
internal enum AdmissionVerdict
{
    Take,

    /// <summary>The broker drains: the message is neither delivered nor acknowledged.</summary>
    Ignore,

    /// <summary>There is no memory for it, and waiting did not help.</summary>
    Refuse,

    /// <summary>There is no memory for it yet.</summary>
    AwaitMemory,

    /// <summary>The client publishes faster than it may.</summary>
    AwaitRate,
}

/// <summary>
/// Decides when one client's messages are taken: not while the broker drains, not without memory, and not faster than the client may
/// publish. For the connection's reader.
/// </summary>
internal sealed class Admission(
    BrokerOptions options,
    Intake intake,
    AccountMemory memory,
    BrokerEvents events,
    TimeProvider time,
    bool isProbe)
{
    private readonly TokenBucket? _rate = options.MaxPublishRate > 0 && !isProbe
        ? new TokenBucket(options.MaxPublishRate, options.MaxPublishRate, time)
        : null;
    private bool _isOpen;
    private bool _isOutOfPatience;

    /// <summary>A batch begins. A message counts as taken in only when the intake was open then: see <see cref="Intake"/>.</summary>
    public void BeginBatch() => _isOpen = isProbe || !intake.IsClosed;

    /// <summary>A batch is over: messages of the next one wait for memory again before they are refused.</summary>
    public void EndBatch() => _isOutOfPatience = false;

    /// <param name="packet">The message.</param>
    /// <param name="now">When its batch began: a timestamp.</param>
    public AdmissionVerdict Admit(in PublishPacket packet, long now)
    {
        if (!_isOpen)
        {
            return AdmissionVerdict.Ignore;
        }

        // A message that removes a retained one frees memory, so it must not wait for some. With QoS 2 its identifier takes some.
        var freesMemory = packet.Retain && packet.Payload.IsEmpty && packet.QoS != QualityOfService.ExactlyOnce;
        var noMemory = memory.IsClosed && !isProbe && !freesMemory;
        return noMemory && !_isOutOfPatience ? AdmissionVerdict.AwaitMemory
            : _rate is not null && !_rate.TryTake(now) ? AdmissionVerdict.AwaitRate
            : noMemory ? AdmissionVerdict.Refuse
            : AdmissionVerdict.Take;
    }

    /// <summary>
    /// Waits for memory, but not for longer than <see cref="BrokerOptions.MemoryPatience"/>: then messages of the next batch are refused.
    /// </summary>
    public async Task WaitForMemoryAsync(CancellationToken cancellationToken)
    {
        _isOutOfPatience = !await memory.WaitAsync(options.MemoryPatience, time, cancellationToken);
        if (_isOutOfPatience)
        {
            events.PublishReached(memory.NoteRefused(), () => memory.UseOfAll);
        }
    }

    /// <summary>Waits until the client may publish one more message.</summary>
    public Task WaitForRateAsync(CancellationToken cancellationToken) =>
        _rate is null ? Task.CompletedTask : Task.Delay(_rate.Wait, time, cancellationToken);
}
