using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Cassini.Management.Http;

/// <summary>GET /openapi/v1.json: the surface described for machines.</summary>
internal static class ManagementDocument
{
    /// <summary>
    /// The name of the document, and the group of every endpoint in it: the documents of an application that embeds us are others.
    /// </summary>
    public const string Name = "cassini";

    /// <summary>Adds the document.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="shapes">How the answers are written. They come last, because reflection, where there is any, knows all types.</param>
    public static void AddManagementDocument(this IServiceCollection services, IEnumerable<IJsonTypeInfoResolver> shapes)
    {
        services.AddOpenApi(Name, options =>
        {
            options.ShouldInclude = description => description.GroupName == Name;
            options.AddSchemaTransformer(DescribeEnumAsync);
            options.AddDocumentTransformer(DescribeAsync);
        });
        services.ConfigureHttpJsonOptions(json =>
        {
            foreach (var shape in shapes)
            {
                json.SerializerOptions.TypeInfoResolverChain.Add(shape);
            }
        });
    }

    public static void MapManagementDocument(this IEndpointRouteBuilder routes)
    {
        // It is the same for everyone, and takes longer to make than anything else here.
        var document = new Lazy<Task<byte[]>>(() => MakeAsync(routes.ServiceProvider));
        routes.MapReads("/openapi/v1.json", async context => await Answer.BytesAsync(
            context, StatusCodes.Status200OK, Answer.Json, await document.Value))
            .ExcludeFromDescription();
    }

    private static async Task<byte[]> MakeAsync(IServiceProvider services)
    {
        var document = await services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync();
        using var json = new MemoryStream();
        await document.SerializeAsJsonAsync(json, OpenApiSpecVersion.OpenApi3_1);
        return json.ToArray();
    }

    private static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Info.Title = "Cassini management";
        document.Info.Version = "1";
        document.Info.Description = "Health, events, connections and topics of a Cassini broker.";

        // Where it listens is a setting, and every path is relative to it.
        document.Servers = [];
        return Task.CompletedTask;
    }

    /// <summary>Enums are written as camelCase words, by converters that the application's own JSON has not.</summary>
    private static Task DescribeEnumAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        if (context.JsonTypeInfo.Type is { IsEnum: true } type)
        {
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. Enum.GetNames(type).Select(name => (JsonNode)JsonNamingPolicy.CamelCase.ConvertName(name))];
        }

        return Task.CompletedTask;
    }
}
