using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Tracing;

namespace Cassini.Streams.Broker.Connections;

/// <summary>A message whose delivery takes more than one slice. Its packet stays at the beginning of what was received.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="ReceivedAt">When it arrived: a timestamp.</param>
/// <param name="Trace">Its trace; null when it is not traced.</param>
/// <param name="Stored">The copy that subscribers keep; null as long as none had to.</param>
/// <param name="Progress">How far it has come.</param>
/// <param name="Origin">Its number in the fleet.</param>
internal sealed record PublishUnderWay(
    Topic Topic, long ReceivedAt, PublishTrace? Trace, StoredMessage? Stored, RouteProgress Progress, ulong Origin);
