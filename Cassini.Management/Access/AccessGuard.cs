using Cassini.Management.Http;
using Cassini.Management.Pages;
using Cassini.Management.Probes;

namespace Cassini.Management.Access;

/// <summary>
/// Stands before every endpoint. On an open loopback address whoever means this machine, and is no other site's page, may do
/// everything. Elsewhere callers need credentials. Strangers get one word from the probes, and what is wholly public.
/// </summary>
internal sealed class AccessGuard(ManagementContext broker, BearerTokens tokens, ProbeWaits strangersWaits, RequestRates? rates)
{
    private readonly Credentials _credentials = new(broker, tokens);
    private readonly PublicProbes _probes = new(strangersWaits);
    private readonly bool _isClosed = broker.IsClosed;
    private readonly HostNames _hosts = new(broker.Options.AllowedHosts.IsDefault ? [] : broker.Options.AllowedHosts, anyUnlessNamed: broker.IsClosed);

    public RequestDelegate Guard(RequestDelegate next) => context => !IsBareProbe(context) && rates?.TryTake(context) is false
        ? RefuseTooManyAsync(context)
        : Examine(context) is { } refusal ? AnswerAsync(context, refusal, next) : next(context);

    private Refusal? Examine(HttpContext context)
    {
        var request = context.Request;
        var isRead = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (!_hosts.MeanUs(request.Host))
        {
            return new Refusal(
                StatusCodes.Status403Forbidden,
                $"Host {Answer.Quote(request.Host.Value)} is not this machine: use localhost, 127.0.0.1 or [::1], or add it to Management:AllowedHosts",
                IsStranger: isRead);
        }

        // Where credentials are needed a page of somebody else's has none to read with; but a browser adds a client certificate by itself.
        if (CrossSite.Problem(request) is { } problem)
        {
            return new Refusal(StatusCodes.Status403Forbidden, problem, IsStranger: isRead);
        }

        return _isClosed ? _credentials.Examine(context) : null;
    }

    private Task AnswerAsync(HttpContext context, Refusal refusal, RequestDelegate next)
    {
        var access = context.GetEndpoint()?.Metadata.GetMetadata<PublicAccess>();
        if (access is { IsPage: true })
        {
            if (refusal.Status == StatusCodes.Status401Unauthorized && IndexEndpoint.WantsPage(context.Request))
            {
                context.Response.StatusCode = refusal.Status;
                context.Response.Headers.WWWAuthenticate = "Bearer";
                return next(context);
            }
        }
        else if (access is { Probe: null } && (refusal.IsStranger || refusal.Status == StatusCodes.Status401Unauthorized))
        {
            return next(context);
        }

        if (refusal.IsStranger && access?.Probe is { } probe && _probes.TryAnswer(context, probe) is { } answer)
        {
            return answer;
        }

        broker.Refusals.Add(refusal.Status == StatusCodes.Status401Unauthorized ? RefusalKind.Credentials : RefusalKind.Forbidden);
        if (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = refusal.IsStranger ? "Bearer" : "Bearer error=\"invalid_token\"";
        }

        return Answer.TextAsync(context, refusal.Status, refusal.Sentence + "\n");
    }

    /// <summary>
    /// What an orchestrator asks is not counted: whoever shares its address must not make it take a broker for dead. It costs next to nothing.
    /// </summary>
    private static bool IsBareProbe(HttpContext context) =>
        !context.Request.QueryString.HasValue && context.GetEndpoint()?.Metadata.GetMetadata<PublicAccess>() is { Probe: not null };

    private Task RefuseTooManyAsync(HttpContext context)
    {
        broker.Refusals.Add(RefusalKind.Rate);
        return RequestRates.RefuseAsync(context);
    }
}
