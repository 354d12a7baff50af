using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>The connection that serves a session. Any thread.</summary>
internal interface IAttachedConnection
{
    /// <summary>Whether it is to end.</summary>
    bool IsClosing { get; }

    /// <summary>Ends it, unless something else ends it already.</summary>
    void Close(CloseOrder order);

    /// <summary>Ends it if its keep alive is over.</summary>
    /// <param name="now">A timestamp.</param>
    void CloseIfSilent(long now);
}
