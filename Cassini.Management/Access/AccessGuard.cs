using Cassini.Management.Http;

namespace Cassini.Management.Access;

/// <summary>
/// Checks each request before its endpoint does. Where no credentials are needed, a caller that means this machine, and is not a page of
/// another site, may do everything. Anonymous callers get one word from the probes, and what is wholly public.
/// </summary>
/// <param name="meansUs">Whether a request's Host means this broker.</param>
/// <param name="allowedHosts">The setting with more names that mean this broker.</param>
/// <param name="callers">Checks callers; null when every caller may do everything.</param>
/// <param name="rates">How many requests a caller may make; null for any number.</param>
/// <param name="lasting">Judges the callers of long answers again; null when those that were accepted remain so.</param>
/// <param name="refusals">Counts the callers that are refused.</param>
internal sealed class AccessGuard(
    Func<HttpContext, bool> meansUs, string allowedHosts, ICallerRule? callers, RequestRates? rates, LongAnswers? lasting,
    Refusals refusals)
{
    public RequestDelegate Guard(RequestDelegate next) => context =>
        rates is null || IsUnlimited(context) ? GuardAsync(context, next)
        : callers is not null && context.Request.Headers.Authorization.Count > 0 ? LimitAsync(rates, callers, context, next)
        : rates.TryTake(context) ? GuardAsync(context, next)
        : RequestRates.RefuseAsync(context);

    private Task GuardAsync(HttpContext context, RequestDelegate next) =>
        Problem(context) is { } refusal ? AnswerAsync(context, refusal, next)
        : callers is null ? next(context)
        : ExamineAsync(callers, context, next);

    /// <summary>Judges the token first: one that is valid is not refused for what others at its caller's address did.</summary>
    private async Task LimitAsync(RequestRates limits, ICallerRule rule, HttpContext context, RequestDelegate next)
    {
        var refused = await rule.ExamineAsync(context);
        await (!limits.TryTake(context, hasToken: refused is null) ? RequestRates.RefuseAsync(context)
            : (Problem(context) ?? refused) is { } refusal ? AnswerAsync(context, refusal, next)
            : AdmitAsync(context, next));
    }

    private Refusal? Problem(HttpContext context)
    {
        var request = context.Request;
        var isRead = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (!meansUs(context))
        {
            return new Refusal(
                StatusCodes.Status403Forbidden,
                $"Host {Answer.Quote(request.Host.Value)} is not this machine: "
                + $"use localhost, 127.0.0.1 or [::1], or add it to {allowedHosts}",
                IsStranger: isRead);
        }

        // Where credentials are needed, a page of another site has none; but a browser adds certificates and cookies by itself.
        return CrossSite.Problem(request) is { } problem ? new Refusal(StatusCodes.Status403Forbidden, problem, IsStranger: isRead) : null;
    }

    private async Task ExamineAsync(ICallerRule rule, HttpContext context, RequestDelegate next) =>
        await (await rule.ExamineAsync(context) is { } refusal ? AnswerAsync(context, refusal, next) : AdmitAsync(context, next));

    private Task AdmitAsync(HttpContext context, RequestDelegate next) => lasting?.AnswerAsync(context, next) ?? next(context);

    private Task AnswerAsync(HttpContext context, Refusal refusal, RequestDelegate next)
    {
        var access = context.GetEndpoint()?.Metadata.GetMetadata<PublicAccess>();
        if (access is { IsPage: true })
        {
            if (refusal.Status == StatusCodes.Status401Unauthorized && AcceptHeader.PrefersHtml(context.Request))
            {
                context.Response.StatusCode = refusal.Status;
                context.Response.Headers.WWWAuthenticate = "Bearer";
                return next(context);
            }
        }
        else if (access is { Word: null } && (refusal.IsStranger || refusal.Status == StatusCodes.Status401Unauthorized))
        {
            return next(context);
        }

        if (refusal.IsStranger && access?.Word is { } word && word(context) is { } answer)
        {
            return answer;
        }

        refusals.Add(refusal.Status == StatusCodes.Status401Unauthorized ? RefusalKind.Credentials : RefusalKind.Forbidden);
        if (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = refusal.IsStranger ? "Bearer" : "Bearer error=\"invalid_token\"";
        }

        return Answer.TextAsync(context, refusal.Status, refusal.Sentence + "\n");
    }

    /// <summary>
    /// The requests of an orchestrator are not counted: otherwise another caller at its address could make it believe that a broker is
    /// dead. They cost next to nothing. Nor are those that their endpoint counts.
    /// </summary>
    private static bool IsUnlimited(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<PublicAccess>() is { } access
        && (access.LimitsItself || (access.Word is not null && !context.Request.QueryString.HasValue));
}
