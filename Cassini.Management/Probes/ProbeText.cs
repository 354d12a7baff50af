using System.Text;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Management.Probes;

/// <summary>A probe's answer as text: one line for each check, in the form that Kubernetes uses.</summary>
internal static class ProbeText
{
    public static string List(ProbeScope scope, HealthSnapshot snapshot, bool passes)
    {
        var text = new StringBuilder();
        foreach (var check in snapshot.Checks)
        {
            if (scope.Covers(check))
            {
                AppendCheck(text, scope, check);
            }
        }

        AppendWarnings(text, scope, snapshot);
        return text.Append(scope.Probe.Name).Append(passes ? " check passed\n" : " check failed\n").ToString();
    }

    /// <summary>The short answer of a probe that passes: <c>ok</c>, and what the caller should know.</summary>
    public static string Ok(ProbeScope scope, HealthSnapshot snapshot)
    {
        var text = new StringBuilder("ok");
        if (scope.UnknownExclusions(snapshot).Count > 0)
        {
            AppendWarnings(text.Append('\n'), scope, snapshot);
        }

        return text.ToString();
    }

    public static string Warning(string name) => $"no check to exclude is named {Answer.Quote(name)}";

    private static void AppendCheck(StringBuilder text, ProbeScope scope, CheckHealth check)
    {
        if (scope.Excludes(check))
        {
            text.Append("[+]").Append(check.Name).Append(" excluded: ok\n");
        }
        else if (scope.Probe.FailedBy(check))
        {
            text.Append("[-]").Append(check.Name).Append(" failed: ").Append(check.Reason ?? check.Status.ToString()).Append('\n');
        }
        else
        {
            text.Append("[+]").Append(check.Name).Append(" ok");
            if (check.Status is not HealthStatus.Ok)
            {
                text.Append(" (").Append(check.Status.ToString().ToLowerInvariant());
                text.Append(check.Reason is null ? ")" : $": {check.Reason})");
            }

            text.Append('\n');
        }
    }

    private static void AppendWarnings(StringBuilder text, ProbeScope scope, HealthSnapshot snapshot)
    {
        foreach (var name in scope.UnknownExclusions(snapshot))
        {
            text.Append("warn: ").Append(Warning(name)).Append('\n');
        }
    }
}
