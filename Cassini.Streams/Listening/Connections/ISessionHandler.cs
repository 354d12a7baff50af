namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// A handler whose protocol has sessions of its own: it publishes <see cref="Events.SessionOpened"/> and
/// <see cref="Events.SessionClosed"/> itself, with <see cref="Connection.Events"/>. For any other handler each connection carries one
/// session, which opens and closes with it.
/// </summary>
internal interface ISessionHandler : IConnectionHandler;
