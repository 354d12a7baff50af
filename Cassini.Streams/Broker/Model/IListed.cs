namespace Cassini.Streams.Broker.Model;

/// <summary>Something that knows its index in the one list that it is in, so that it is removed without a search.</summary>
internal interface IListed
{
    int Index { get; set; }
}
