using Cassini.Streams.Listening.Endpoints;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Probing;

internal static partial class ProbingLog
{
    [LoggerMessage(1450, LogLevel.Warning, "The accept loop of {Endpoint} did not acknowledge a probe: {Problem}")]
    public static partial void AcceptProbeFailed(ILogger logger, EndpointAddress endpoint, string problem);

    [LoggerMessage(
        1451,
        LogLevel.Warning,
        "The canary's client certificate cannot be used, and the canary uses the last one that could, if there is one: {Problem}")]
    public static partial void CertificateUnusable(ILogger logger, string problem);

    /// <summary>Where the problem that <see cref="CertificateUnusable"/> names was found.</summary>
    [LoggerMessage(1453, LogLevel.Debug, "The canary's client certificate cannot be used")]
    public static partial void CertificateRefused(ILogger logger, Exception failure);

    [LoggerMessage(
        1454,
        LogLevel.Warning,
        "The canary's client certificate cannot be loaded. The canary uses the last one that could, if there is one")]
    public static partial void CertificateFailed(ILogger logger, Exception failure);

    [LoggerMessage(1452, LogLevel.Debug, "The canary's trip to {Endpoint} failed")]
    public static partial void TripFailed(ILogger logger, EndpointAddress endpoint, Exception failure);
}
