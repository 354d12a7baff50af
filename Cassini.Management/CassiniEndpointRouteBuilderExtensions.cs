using Cassini.Management;
using Cassini.Management.Access;
using Cassini.Management.Http;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Probes, the event feed, metrics, tables and the dashboard of a broker, in an ASP.NET Core application of one's own.</summary>
public static class CassiniEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps the probes (/livez, /readyz, /healthz), the feed (/events), /metrics, the tables, the runbook and the dashboard. Below a prefix
    /// with <c>app.MapGroup("/cassini").MapCassini()</c>; every link of the dashboard is relative.
    /// </summary>
    /// <param name="endpoints">The application, or a group of its routes.</param>
    /// <returns>
    /// All endpoints, for RequireAuthorization and the like. Unless the application says by RequireAuthorization or AllowAnonymous who may
    /// call, callers on this machine may do everything, and callers elsewhere get one word from the probes, the runbook, the files of the
    /// dashboard, and <c>POST /drain</c> if they have the shutdown token. Requests that a browser makes for a page of another site are
    /// refused always.
    /// </returns>
    /// <remarks>
    /// A caller is on this machine if it comes from a loopback address and its request carries no X-Forwarded-For, X-Real-IP, Forwarded or
    /// Via. Behind a proxy on this machine that adds none of them, every caller is on this machine: say who may call. A caller over a Unix
    /// socket is elsewhere.
    /// </remarks>
    /// <exception cref="InvalidOperationException">
    /// AddCassiniManagement was not called, or no broker was added.
    /// </exception>
    /// <exception cref="ArgumentException">Options of the broker or the management are wrong; the message has every error.</exception>
    public static IEndpointConventionBuilder MapCassini(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var surface = endpoints.ServiceProvider.GetService<ManagementSurface>()
            ?? throw new InvalidOperationException("There is nothing to map: call AddCassiniManagement first.");
        var group = endpoints.MapGroup("").WithGroupName(ManagementDocument.Name);
        if (surface.Access.IsPerEndpoint)
        {
            ((IEndpointConventionBuilder)group).Add(endpoint =>
                endpoint.RequestDelegate = SecurityHeaders.Add(surface.Access.Guard.Guard(endpoint.RequestDelegate!)));
        }

        surface.Map(group);
        return group;
    }
}
