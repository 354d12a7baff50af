using System.Net;
using Cassini.Load;

namespace Cassini.Bystander.Watch;

/// <summary>Asks one probe every 50 ms, on a connection that it keeps.</summary>
internal sealed class HealthProbe : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly Uri _url;
    private readonly Pulse _pulse;
    private readonly Metronome _metronome;
    private readonly Lock _gate = new();
    private readonly List<(long Start, double Milliseconds, string? Reason)> _answers = [];
    private long _last;

    public HealthProbe(Uri url, Pulse pulse)
    {
        (_url, _pulse) = (url, pulse);
        _metronome = new Metronome(Period, _ => Ask());
    }

    /// <summary>How long each answer took from then on, and what was wrong if it was not 200.</summary>
    public IReadOnlyList<(long Start, double Milliseconds, string? Reason)> Since(long start)
    {
        lock (_gate)
        {
            return [.. _answers.Where(answer => answer.Start >= start)];
        }
    }

    public void Stop() => _metronome.Stop();

    public void Dispose()
    {
        _metronome.Dispose();
        _client.Dispose();
    }

    // After a long answer the times that were missed are not made up for: each would be fast, and hide it.
    private void Ask()
    {
        var start = Measure.Now;
        if (_last != 0 && TimeProvider.System.GetElapsedTime(_last, start) < Period / 2)
        {
            return;
        }

        _last = start;
        var reason = ReasonOf();
        var took = Measure.Since(start);
        if (reason is not null)
        {
            _pulse.Disturb();
        }

        lock (_gate)
        {
            _answers.Add((start, took.TotalMilliseconds, reason));
        }
    }

    private string? ReasonOf()
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, _url);
            using var answer = _client.Send(request);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                return null;
            }

            using var reader = new StreamReader(answer.Content.ReadAsStream());
            var failed = reader.ReadToEnd().Split('\n').Where(line => line.StartsWith("[-]", StringComparison.Ordinal)).ToList();
            return failed.Count > 0 ? string.Join(", ", failed.Select(line => line[3..])) : $"{(int)answer.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            return "no answer";
        }
    }
}
