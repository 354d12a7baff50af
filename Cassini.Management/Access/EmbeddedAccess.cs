using System.Net;
using Microsoft.AspNetCore.Authorization;

namespace Cassini.Management.Access;

/// <summary>
/// The rules in an application that has authentication of its own, and may be reached by any name. An endpoint is open to callers
/// elsewhere when the application has said which callers it allows: RequireAuthorization, or AllowAnonymous for everyone. Until then, the
/// endpoint is for callers on this machine.
/// </summary>
/// <param name="allowed">Names that mean this application; empty for any name, where the application has said who may call.</param>
internal sealed class EmbeddedAccess(IReadOnlyCollection<string> allowed) : ICallerRule
{
    private static readonly Refusal Elsewhere = new(
        StatusCodes.Status403Forbidden,
        "this is for callers on this machine, because the application has not said which other callers it allows: "
        + "RequireAuthorization() or AllowAnonymous() on what MapCassini returns says so",
        IsStranger: true);

    /// <summary>What proxies add. The forwarded-headers middleware removes X-Forwarded-For when it takes the address from it.</summary>
    private static readonly string[] OfProxies = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"];

    private readonly HostNames _ours = new(allowed, anyUnlessNamed: false);
    private readonly HostNames _any = new(allowed, anyUnlessNamed: true);

    /// <summary>
    /// Whether a request means this application by its Host. An address always does: only a name can be made to resolve to another
    /// machine's address (DNS rebinding), and a page under such a name is a caller on this machine, but has no credentials.
    /// </summary>
    public bool MeansUs(HttpContext context)
    {
        var host = context.Request.Host;
        return IPAddress.TryParse(host.Host, out _) || (IsDecided(context.GetEndpoint()) ? _any : _ours).MeanUs(host);
    }

    public ValueTask<Refusal?> ExamineAsync(HttpContext context) =>
        new(IsDecided(context.GetEndpoint()) || IsOfThisMachine(context) ? null : Elsewhere);

    /// <summary>
    /// Whether the caller is on this machine. A caller without an address is not, because at the other end of a Unix socket there is nearly
    /// always a proxy. Behind a proxy on this machine that adds no header, every caller is.
    /// </summary>
    public static bool IsOfThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } caller && IPAddress.IsLoopback(caller)
            && !OfProxies.Any(context.Request.Headers.ContainsKey);

    /// <summary>Whether the application authorizes the callers of this endpoint.</summary>
    public static bool IsAuthorized(Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<IAuthorizeData>() is not null && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null;

    private static bool IsDecided(Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<IAuthorizeData>() is not null || endpoint?.Metadata.GetMetadata<IAllowAnonymous>() is not null;
}
