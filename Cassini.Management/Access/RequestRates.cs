using System.Threading.RateLimiting;
using Cassini.Management.Http;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Access;

/// <summary>How many requests each caller may make. An idle caller is forgotten. Thread-safe.</summary>
/// <param name="rate">Requests a second that one caller may make in the long run.</param>
/// <param name="burst">Requests that one caller may make at once after a pause.</param>
/// <param name="refusals">Counts the requests that are refused.</param>
internal sealed class RequestRates(int rate, int burst, Refusals refusals) : IDisposable
{
    private readonly PartitionedRateLimiter<HttpContext> _limiter = PartitionedRateLimiter.Create<HttpContext, PeerKey>(context =>
        RateLimitPartition.GetTokenBucketLimiter(PeerKey.Of(context.Connection.RemoteIpAddress), _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = burst,
            TokensPerPeriod = rate,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
            AutoReplenishment = true,
        }));

    /// <summary>Whether the caller may make this request; a refusal is counted.</summary>
    public bool TryTake(HttpContext context)
    {
        using var lease = _limiter.AttemptAcquire(context);
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
