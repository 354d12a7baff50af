using Cassini.Management.Http;
using Microsoft.OpenApi;

namespace Cassini.Management.Probes;

/// <summary>What the OpenAPI document says of every probe: its parameters and its answers.</summary>
internal static class ProbeDescriptions
{
    public static IEndpointConventionBuilder AnswersProbe(this IEndpointConventionBuilder endpoint) =>
        endpoint.Answers<ProbeReport>(StatusCodes.Status200OK, Answer.PlainText, Answer.Json)
            .Answers<ProbeReport>(StatusCodes.Status503ServiceUnavailable, Answer.PlainText, Answer.Json);

    /// <summary>A wait can be malformed, and a caller can have too many.</summary>
    public static IEndpointConventionBuilder TakesProbeParameters(this IEndpointConventionBuilder endpoint) => endpoint
        .Takes("verbose", "List the checks although the probe passes. No value is needed.")
        .Takes("exclude", "A check to leave out; repeatable. A name of no check is a warning, not an error.", repeats: true)
        .Takes(
            "wait",
            $"Answer the moment the probe passes, or at the end of this time: 500ms, 30s, {WaitTime.AtMost}.",
            pattern: "^[0-9]+(ms|s|m)$")
        .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
        .Answers(StatusCodes.Status429TooManyRequests, Answer.PlainText);

    public static IEndpointConventionBuilder TakesCheck(this IEndpointConventionBuilder endpoint) =>
        endpoint.Takes("check", "The check's name.", ParameterLocation.Path);
}
