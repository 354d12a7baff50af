using System.Threading.RateLimiting;
using Cassini.Management.Http;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Access;

/// <summary>
/// How many requests each caller may make. Those with a valid token count apart from all others of their address, and so do those with a
/// client certificate: what strangers do there does not refuse them. An idle caller is forgotten. Thread-safe.
/// </summary>
/// <param name="rate">Requests a second that one caller may make in the long run.</param>
/// <param name="burst">Requests that one caller may make at once after a pause.</param>
/// <param name="refusals">Counts the requests that are refused.</param>
internal sealed class RequestRates(int rate, int burst, Refusals refusals) : IDisposable
{
    private readonly PartitionedRateLimiter<Caller> _limiter = PartitionedRateLimiter.Create<Caller, Caller>(caller =>
        RateLimitPartition.GetTokenBucketLimiter(caller, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = burst,
            TokensPerPeriod = rate,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
            AutoReplenishment = true,
        }));

    /// <summary>Whose requests are counted together.</summary>
    private readonly record struct Caller(PeerKey Address, bool HasToken, string? Certificate);

    /// <summary>Whether the caller may make this request; a refusal is counted.</summary>
    /// <param name="context">The request.</param>
    /// <param name="hasToken">Whether it has a valid token.</param>
    public bool TryTake(HttpContext context, bool hasToken = false)
    {
        using var lease = _limiter.AttemptAcquire(new Caller(
            PeerKey.Of(context.Connection.RemoteIpAddress), hasToken, hasToken ? null : context.Connection.ClientCertificate?.Thumbprint));
        if (!lease.IsAcquired)
        {
            refusals.Add(RefusalKind.Rate);
        }

        return lease.IsAcquired;
    }

    /// <summary>Refuses callers that send too many requests, and does nothing else.</summary>
    public RequestDelegate Limit(RequestDelegate next) => context => TryTake(context) ? next(context) : RefuseAsync(context);

    /// <summary>The answer to a caller that sends too many requests.</summary>
    public static Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return Answer.TextAsync(context, StatusCodes.Status429TooManyRequests, "too many requests from your address\n");
    }

    public void Dispose() => _limiter.Dispose();
}
