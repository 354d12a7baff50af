using Cassini.Management.Http;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Tables;

/// <summary>GET /certificates: what is in use, and until when.</summary>
internal static class CertificatesEndpoint
{
    public static void MapCertificates(this IEndpointRouteBuilder routes, HealthProjection health) =>
        routes.MapReads("/certificates", context => AnswerAsync(context, health))
            .Describe("certificates", "The certificates in use, and until when they are valid.")
            .Answers<IReadOnlyList<CertificateHealth>>(StatusCodes.Status200OK, Answer.Json);

    private static Task AnswerAsync(HttpContext context, HealthProjection health) => Answer.JsonAsync<IReadOnlyList<CertificateHealth>>(
        context, StatusCodes.Status200OK, health.Current.Certificates, TableJson.Certificates);
}
