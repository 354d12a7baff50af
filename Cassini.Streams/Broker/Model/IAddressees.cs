namespace Cassini.Streams.Broker.Model;

/// <summary>Which subscribers of its audience a message is for. Any thread.</summary>
internal interface IAddressees
{
    /// <summary>Whether a subscriber is one of them.</summary>
    bool Includes(Subscriber subscriber);
}
