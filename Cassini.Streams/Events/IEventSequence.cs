namespace Cassini.Streams.Events;

/// <summary>A publisher that gives its events one order, in which each has a number.</summary>
internal interface IEventSequence : IEventPublisher
{
    /// <summary>The number of the last event published: 0 before the first. Any thread.</summary>
    long LastSequence { get; }
}
