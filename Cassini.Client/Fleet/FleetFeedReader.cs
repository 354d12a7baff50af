using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Fleet;

/// <summary>The feed of a whole fleet: <c>GET /fleet</c> of any of its nodes.</summary>
/// <param name="addresses">Where it may be had.</param>
internal sealed class FleetFeedReader(IReadOnlyList<Uri> addresses) : FeedReader<FleetFeedNote>(null)
{
    private readonly AddressLoss?[] _losses = new AddressLoss?[addresses.Count];
    private int _address;
    private bool _isHeard;
    private (int Address, EventId? Id) _known;

    /// <summary>What is known of the fleet.</summary>
    public FleetSnapshot Snapshot { get; private set; } = UnknownFleet.Never;

    protected override bool IsKnown => Snapshot.Epoch.Length > 0;

    /// <summary>An address is tried.</summary>
    /// <returns>The change to resume after: only the address that sent the last one may know it.</returns>
    public EventId? Try(int address)
    {
        (_address, _isHeard) = (address, false);
        return LastId = _known.Address == address ? _known.Id : null;
    }

    protected override (FleetFeedNote Note, double HeartbeatSeconds)? ReadSnapshot(byte[] data)
    {
        if (TryRead(data, FleetJson.Snapshot) is not { HeartbeatSeconds: { } heartbeat } snapshot || !double.IsFinite(heartbeat)
            || snapshot.Nodes.IsDefault || snapshot.Tombstones.IsDefault || snapshot.Nodes.Any(node => node.Snapshot.Failing.IsDefault)
            || !Epoch.TryParse(snapshot.Epoch, out _))
        {
            return null;
        }

        var isOther = IsKnown && (Snapshot.Node, Snapshot.Epoch) != (snapshot.Node, snapshot.Epoch);
        if (isOther)
        {
            LastId = null;
        }

        Array.Clear(_losses);
        (Snapshot, _isHeard) = (snapshot, true);
        return (new FleetFollowed(snapshot, addresses[_address], IsResumed, isOther), heartbeat);
    }

    protected override FleetFeedNote? ReadOther(string type, byte[] data, string? id) => type is "node" or "transition" or "tombstone"
        ? ReadChange(data, id)
        : new FleetProblem(Snapshot, $"a message of an unknown type, '{SafeText.Line(type)}'");

    protected override FleetFeedNote NoteHeartbeat() => new FleetHeartbeat(Snapshot);

    protected override FleetFeedNote NoteReset(string reason) => new FleetReset(Snapshot, reason);

    protected override FleetFeedNote NoteLoss(FeedLoss reason, string detail, TimeSpan retryIn)
    {
        if (_isHeard)
        {
            _known = (_address, LastId);
        }

        var lost = new AddressLoss(addresses[_address], reason, detail);
        _losses[_address] = lost;
        ImmutableArray<AddressLoss> all = [.. _losses.OfType<AddressLoss>()];
        Snapshot = UnknownFleet.After(Snapshot, all[0].Reason, string.Join("; ", all));
        return new FleetLost(Snapshot, lost, all, retryIn);
    }

    private FleetFeedNote? ReadChange(byte[] data, string? id)
    {
        if (TryRead(data, FleetJson.Change) is not { Peer: null or { Snapshot.Failing.IsDefault: false } } change)
        {
            throw new FeedLostException(FeedLoss.Garbled, "sends a change of the fleet that cannot be read");
        }

        if (!EventId.TryParse(id, out var read) || read.Epoch.ToString() != Snapshot.Epoch)
        {
            return new FleetProblem(Snapshot, $"a change of another run, {SafeText.Line(id)}");
        }

        if (LastId is { } last && read.Sequence <= last.Sequence)
        {
            return null;
        }

        if (change.Revision > Snapshot.Revision + 1)
        {
            throw new FeedLostException(FeedLoss.Garbled, $"left out changes of the fleet before {SafeText.Line(id)}");
        }

        // The missed changes come after a snapshot that already includes them.
        Snapshot = Snapshot.After(change);
        return new FleetChanged(Snapshot, change);
    }

    /// <returns>Null when it is not that.</returns>
    private static T? TryRead<T>(byte[] data, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(data, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
