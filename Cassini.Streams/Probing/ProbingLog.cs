using Cassini.Streams.Listening.Endpoints;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Probing;

internal static partial class ProbingLog
{
    [LoggerMessage(1450, LogLevel.Warning, "The accept loop of {Endpoint} did not acknowledge a probe: {Problem}")]
    public static partial void AcceptProbeFailed(ILogger logger, EndpointAddress endpoint, string problem);

    [LoggerMessage(1451, LogLevel.Warning, "The canary's client certificate cannot be reloaded, and the old one is kept: {Problem}")]
    public static partial void CertificateKept(ILogger logger, string problem);
}
