using System.Net;
using System.Threading.RateLimiting;
using Cassini.Management.Http;
using Cassini.Streams.Hosting;

namespace Cassini.Management.Access;

/// <summary>How many requests each caller may make. An idle caller is forgotten. Thread-safe.</summary>
internal sealed class RequestRates(ManagementOptions options) : IDisposable
{
    private readonly PartitionedRateLimiter<HttpContext> _limiter = PartitionedRateLimiter.Create<HttpContext, IPAddress>(context =>
        RateLimitPartition.GetTokenBucketLimiter(CallerKey.Of(context.Connection.RemoteIpAddress), _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.RequestBurst,
            TokensPerPeriod = options.RequestRate,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
            AutoReplenishment = true,
        }));

    public bool TryTake(HttpContext context)
    {
        using var lease = _limiter.AttemptAcquire(context);
        return lease.IsAcquired;
    }

    /// <summary>Turns callers away that ask too often, and does nothing else.</summary>
    public RequestDelegate Limit(RequestDelegate next) => context => TryTake(context) ? next(context) : RefuseAsync(context);

    /// <summary>The answer for a caller that asks too often.</summary>
    public static Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return Answer.TextAsync(context, StatusCodes.Status429TooManyRequests, "too many requests from your address\n");
    }

    public void Dispose() => _limiter.Dispose();
}
