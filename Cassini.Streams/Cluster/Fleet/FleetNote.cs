using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>What the fold of the fleet hears.</summary>
internal abstract record FleetNote
{
    /// <summary>What an event says of the fleet; null when it says nothing of it.</summary>
    public static FleetNote? Of(BrokerEvent happened) => happened switch
    {
        EngineConnected => new BusFound(),
        EngineLost => new BusGone(),
        PeerJoined e => new NodeMet(e.Node, e.PeerEpoch),
        PeerSuspected e => new NodeSuspected(e.Node),
        PeerBack e => new NodeBack(e.Node),
        PeerLost e => new NodeLost(e.Node),
        PeerLeft e => new NodeLeft(e.Node),
        PeerForgotten e => new NodeDropped(e.Node),
        _ => null,
    };
}

/// <summary>This node's own health.</summary>
/// <param name="Health">How it is.</param>
/// <param name="Management">Where its management is reached; null when nobody said.</param>
internal sealed record OwnHealth(FleetNodeHealth Health, string? Management) : FleetNote;

/// <summary>A peer says on the bus how it is.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Number">The number of what it says: late and repeated ones are known by it.</param>
/// <param name="Health">How it is.</param>
/// <param name="Management">Where its management is reached; null when it does not say.</param>
internal sealed record NodeSaid(string Node, string Epoch, long Number, FleetNodeHealth Health, string? Management) : FleetNote;

/// <summary>The bus is connected.</summary>
internal sealed record BusFound : FleetNote;

/// <summary>The bus is not connected: what was heard of peers is not current from now on.</summary>
internal sealed record BusGone : FleetNote;

/// <summary>A peer is there.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Epoch">Its run.</param>
internal sealed record NodeMet(string Node, string Epoch) : FleetNote;

/// <summary>A peer was not heard for a while.</summary>
/// <param name="Node">Its name.</param>
internal sealed record NodeSuspected(string Node) : FleetNote;

/// <summary>A peer that was suspect or lost is heard again, as the same run.</summary>
/// <param name="Node">Its name.</param>
internal sealed record NodeBack(string Node) : FleetNote;

/// <summary>A peer was not heard for so long that it was given up.</summary>
/// <param name="Node">Its name.</param>
internal sealed record NodeLost(string Node) : FleetNote;

/// <summary>A peer has said that it stops.</summary>
/// <param name="Node">Its name.</param>
internal sealed record NodeLeft(string Node) : FleetNote;

/// <summary>A lost peer is not looked for any more. Its tombstone stays.</summary>
/// <param name="Node">Its name.</param>
internal sealed record NodeDropped(string Node) : FleetNote;

/// <summary>Nodes that are gone, as another node or the file of this one has them, or an operator forgets them.</summary>
/// <param name="Tombstones">Those that are gone.</param>
/// <param name="Forgettings">Those that were forgotten.</param>
internal sealed record GoneSaid(ImmutableArray<Tombstone> Tombstones, ImmutableArray<Forgetting> Forgettings) : FleetNote;

/// <summary>Where nodes were reached in an earlier run.</summary>
/// <param name="Addresses">The addresses.</param>
internal sealed record AddressesRemembered(ImmutableArray<NodeAddress> Addresses) : FleetNote;

/// <summary>A node has answered over HTTP.</summary>
/// <param name="Node">Its name.</param>
internal sealed record NodeAnswered(string Node) : FleetNote;

/// <summary>Time passes.</summary>
internal sealed record TimePassed : FleetNote;
