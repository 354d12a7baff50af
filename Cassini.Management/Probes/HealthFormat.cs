using System.Text.Json.Serialization;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Management.Probes;

/// <summary>
/// Health as <c>application/health+json</c> (draft-inadarei-api-health-check): pass, warn or fail, and the same for each
/// check that is switched on.
/// </summary>
/// <param name="Status"><c>pass</c>, <c>warn</c> or <c>fail</c>.</param>
/// <param name="Version">The version of the management surface: that of its OpenAPI document.</param>
/// <param name="ReleaseId">The program's version.</param>
/// <param name="ServiceId">The service.</param>
/// <param name="Description">For people.</param>
/// <param name="Output">What is wrong; absent when it passes.</param>
/// <param name="Checks">Each check under <c>name:status</c>.</param>
internal sealed record HealthFormat(
    string Status,
    string Version,
    string ReleaseId,
    string ServiceId,
    string Description,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Output,
    IReadOnlyDictionary<string, IReadOnlyList<HealthFormat.Observation>> Checks)
{
    public const string MediaType = "application/health+json";

    /// <summary>The snapshot in this format.</summary>
    /// <param name="name">The broker's name.</param>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="status">Its status, which differs from the snapshot's own when checks are excluded.</param>
    public static HealthFormat Of(string name, HealthSnapshot snapshot, HealthStatus status)
    {
        var checks = new Dictionary<string, IReadOnlyList<Observation>>(snapshot.Checks.Length);
        string? output = null;
        foreach (var check in snapshot.Checks)
        {
            if (check.Status is HealthStatus.Off)
            {
                continue;
            }

            var text = check.Status is HealthStatus.Ok ? null : $"{check.Reason}: {check.Message}";
            checks[check.Name + ":status"] = [new Observation("component", Word(check.Status), snapshot.AsOf, text)];
            output = text is null ? output : output is null ? $"{check.Name} {text}" : $"{output}; {check.Name} {text}";
        }

        return new HealthFormat(
            Word(status), "1", snapshot.Version, "cassini", $"health of the Cassini broker {name}",
            status is HealthStatus.Ok ? null : output, checks);
    }

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Off or HealthStatus.Ok => "pass",
        HealthStatus.Degraded => "warn",
        _ => "fail",
    };

    /// <summary>One observation of a check.</summary>
    /// <param name="ComponentType">Always <c>component</c>: a part of the service itself.</param>
    /// <param name="Status"><c>pass</c>, <c>warn</c> or <c>fail</c>.</param>
    /// <param name="Time">When it was judged.</param>
    /// <param name="Output">What is wrong; absent when it passes.</param>
    internal sealed record Observation(
        string ComponentType,
        string Status,
        DateTimeOffset Time,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Output);
}
