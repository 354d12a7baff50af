using System.Text.Json;
using Cassini.Management.Http;
using Cassini.Streams.Health;

namespace Cassini.Management.Tables;

/// <summary>GET /certificates: what is in use, and until when.</summary>
internal static class CertificatesEndpoint
{
    public static void MapCertificates(this IEndpointRouteBuilder routes, ManagementContext broker) =>
        routes.MapReads("/certificates", context => AnswerAsync(context, broker))
            .Describe("certificates", "The certificates in use, and until when they are valid.")
            .Answers<IReadOnlyList<CertificateHealth>>(StatusCodes.Status200OK, Answer.Json);

    private static Task AnswerAsync(HttpContext context, ManagementContext broker) => Answer.BytesAsync(
        context,
        StatusCodes.Status200OK,
        Answer.Json,
        JsonSerializer.SerializeToUtf8Bytes(broker.Health.Current.Certificates, ManagementJson.Certificates));
}
