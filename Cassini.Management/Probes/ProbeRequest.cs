using System.Diagnostics.CodeAnalysis;
using Cassini.Management.Http;

namespace Cassini.Management.Probes;

/// <summary>What a caller of a probe asks for.</summary>
/// <param name="Scope">Which checks.</param>
/// <param name="Verbose">Whether to list them although the probe passes.</param>
/// <param name="Wait">How long to wait for the probe to pass; null to answer at once.</param>
internal sealed record ProbeRequest(ProbeScope Scope, bool Verbose, TimeSpan? Wait)
{
    public static bool TryRead(
        HttpContext context,
        Probe probe,
        [NotNullWhen(true)] out ProbeRequest? request,
        [NotNullWhen(false)] out string? error)
    {
        request = null;
        error = null;
        var query = context.Request.Query;
        TimeSpan? wait = null;
        if (query.TryGetValue("wait", out var waits))
        {
            if (waits.Count != 1)
            {
                error = "wait is given more than once";
                return false;
            }

            if (!WaitTime.TryParse(waits[0], out var time, out error))
            {
                return false;
            }

            wait = time;
        }

        var excluded = query["exclude"];
        var scope = new ProbeScope(
            probe, context.Request.RouteValues["check"] as string, excluded.Count == 0 ? [] : [.. excluded.Select(name => name ?? "")]);
        request = new ProbeRequest(scope, query.ContainsKey("verbose"), wait);
        return true;
    }
}
