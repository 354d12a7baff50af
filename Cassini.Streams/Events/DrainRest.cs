namespace Cassini.Streams.Events;

/// <summary>What a drain has left to do.</summary>
/// <param name="Sessions">Clients that are still connected.</param>
/// <param name="Messages">Messages that they have not received or not acknowledged.</param>
/// <param name="Kept">Messages that wait for sessions without a connection.</param>
internal readonly record struct DrainRest(int Sessions, long Messages, long Kept);
