using System.Text.Json;
using System.Text.Json.Serialization;
using Cassini.Streams.Health;

namespace Cassini.Management.Http;

/// <summary>GET /openapi/v1.json: the surface described for machines.</summary>
internal static class ManagementDocument
{
    public static void AddManagementDocument(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(options =>
        {
            foreach (var converter in HealthJson.Options.Converters)
            {
                options.SerializerOptions.Converters.Add(converter);
            }
        });
        services.AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Cassini management";
            document.Info.Version = "1";
            document.Info.Description = "Health, events and connections of a Cassini broker.";

            // Where it listens is a setting, and every path is relative to it.
            document.Servers = [];
            return Task.CompletedTask;
        }));
    }
}
