using System.Text;
using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Management.Probes;

/// <summary>What an anonymous caller gets from a probe: the code and one word. Nothing is ever added here.</summary>
/// <param name="waits">The long polls of anonymous callers.</param>
internal sealed class PublicProbes(ProbeWaits waits)
{
    private static readonly byte[] Ok = "ok"u8.ToArray();
    private static readonly byte[] Failed = "failed"u8.ToArray();

    private static readonly byte[][] Statuses =
        [.. Enum.GetNames<HealthStatus>().Select(name => Encoding.UTF8.GetBytes($"{{\"status\":\"{name.ToLowerInvariant()}\"}}"))];

    /// <summary>What callers without credentials get from a probe.</summary>
    public PublicAccess AccessTo(Probe probe) => PublicAccess.OneWord(context => TryAnswer(context, probe));

    /// <summary>Answers, unless the caller asks for more than it may have.</summary>
    /// <returns>Null when it does.</returns>
    private Task? TryAnswer(HttpContext context, Probe probe)
    {
        var query = context.Request.Query;
        if (query.Count > 1 || (query.Count == 1 && !query.ContainsKey("wait")))
        {
            return null;
        }

        return ProbeRequest.TryRead(context, probe, out var request, out var error)
            ? waits.AnswerAsync(context, request, AnswerAsync)
            : Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
    }

    private static Task AnswerAsync(HttpContext context, ProbeRequest request, HealthSnapshot snapshot)
    {
        var probe = request.Scope.Probe;
        var passes = probe.PassedBy(snapshot);
        var status = passes ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return probe == Probe.Healthz
            ? Answer.BytesAsync(context, status, Answer.Json, Statuses[(int)snapshot.Status])
            : Answer.BytesAsync(context, status, Answer.PlainText, passes ? Ok : Failed);
    }
}
