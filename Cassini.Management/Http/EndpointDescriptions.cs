using System.Net.Mime;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.OpenApi;

namespace Cassini.Management.Http;

/// <summary>
/// Maps plain request delegates (nothing is bound by reflection, so the process starts fast and a request costs little)
/// and describes them for the OpenAPI document.
/// </summary>
internal static class EndpointDescriptions
{
    private static readonly string[] Reads = [HttpMethods.Get, HttpMethods.Head];

    public static IEndpointConventionBuilder MapReads(this IEndpointRouteBuilder routes, string pattern, RequestDelegate handler) =>
        routes.MapMethods(pattern, Reads, handler).WithMetadata(handler.Method);

    /// <summary>
    /// A request that changes something. Its path and query say everything: one with a body was meant for something else.
    /// </summary>
    public static IEndpointConventionBuilder MapWrite(
        this IEndpointRouteBuilder routes, string method, string pattern, RequestDelegate handler) =>
        routes.MapMethods(pattern, [method], context => HasBody(context) ? RefuseBodyAsync(context) : handler(context))
            .WithMetadata(handler.Method)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status403Forbidden, Answer.PlainText);

    /// <summary>A request that changes something, and says in its body what.</summary>
    public static IEndpointConventionBuilder MapBody(this IEndpointRouteBuilder routes, string pattern, RequestDelegate handler) =>
        routes.MapMethods(pattern, [HttpMethods.Post], handler)
            .WithMetadata(handler.Method)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status403Forbidden, Answer.PlainText);

    private static bool HasBody(HttpContext context) =>
        context.Request.ContentLength is not 0 && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };

    private static Task RefuseBodyAsync(HttpContext context) => Answer.TextAsync(
        context, StatusCodes.Status400BadRequest, $"{context.Request.Method} {context.Request.Path} takes no body\n");

    public static IEndpointConventionBuilder Describe(this IEndpointConventionBuilder endpoint, string name, string summary) =>
        endpoint.WithSummary(summary).AddOpenApiOperationTransformer((operation, context, _) =>
        {
            var isHead = HttpMethods.IsHead(context.Description.HttpMethod ?? "");
            operation.OperationId = isHead ? name + "Head" : name;
            return Task.CompletedTask;
        });

    public static IEndpointConventionBuilder Answers(this IEndpointConventionBuilder endpoint, int status, params string[] mediaTypes) =>
        endpoint.Answers<string>(status, mediaTypes);

    public static IEndpointConventionBuilder Answers<T>(this IEndpointConventionBuilder endpoint, int status, params string[] mediaTypes) =>
        endpoint.WithMetadata(new ProducesResponseTypeMetadata(
            status, typeof(T), [.. mediaTypes.Select(type => new ContentType(type).MediaType)]));

    /// <summary>Describes the body. Routing does not look at it: the endpoint says in a sentence what is wrong.</summary>
    public static IEndpointConventionBuilder TakesBody<T>(this IEndpointConventionBuilder endpoint, string mediaType) =>
        endpoint.AddOpenApiOperationTransformer(async (operation, context, cancellation) => operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [mediaType] = new() { Schema = await context.GetOrCreateSchemaAsync(typeof(T), null, cancellation) },
            },
        });

    public static IEndpointConventionBuilder Takes(
        this IEndpointConventionBuilder endpoint,
        string name,
        string description,
        ParameterLocation location = ParameterLocation.Query,
        bool repeats = false,
        string? pattern = null,
        JsonSchemaType type = JsonSchemaType.String) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            var schema = new OpenApiSchema { Type = type, Pattern = pattern };
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = name,
                In = location,
                Description = description,
                Required = location == ParameterLocation.Path,
                Schema = repeats ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema } : schema,
            });
            return Task.CompletedTask;
        });
}
