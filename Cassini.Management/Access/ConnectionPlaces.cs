using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Cassini.Management.Access;

/// <summary>Closes a new connection at once when its caller has as many as it may, so that no caller crowds out the others.</summary>
internal static class ConnectionPlaces
{
    public static void LimitEachCaller(this ListenOptions listen, CallerPlaces places, Refusals refusals) =>
        listen.Use(next => async connection =>
        {
            var caller = (connection.RemoteEndPoint as IPEndPoint)?.Address;
            if (!places.TryTake(caller))
            {
                refusals.Add(RefusalKind.Connections);
                connection.Abort(new ConnectionAbortedException("The caller has too many connections."));
                return;
            }

            try
            {
                await next(connection);
            }
            finally
            {
                places.GiveBack(caller);
            }
        });
}
