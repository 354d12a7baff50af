using System.Globalization;
using Cassini.Load;

namespace Cassini.Bystander.Watch;

/// <summary>A client that nobody knows every half second: a full handshake, CONNECT, SUBSCRIBE, and it leaves.</summary>
internal sealed class Newcomers : IDisposable
{
    private const int AtOnce = 40;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private readonly ClientTls _tls;
    private readonly LoadOptions _options;
    private readonly Pulse _pulse;
    private readonly Metronome _metronome;
    private readonly SemaphoreSlim _places = new(AtOnce);
    private readonly Lock _gate = new();
    private readonly List<(long Due, double Milliseconds, string? Reason)> _ended = [];
    private int _number;

    public Newcomers(ClientTls tls, LoadOptions options, Pulse pulse)
    {
        (_tls, _options, _pulse) = (tls, options, pulse);
        _metronome = new Metronome(Period, due => new Thread(() => Come(due)) { IsBackground = true }.Start());
    }

    /// <summary>How long each took that was due from then on, and why it was not let in, if so.</summary>
    public IReadOnlyList<(long Due, double Milliseconds, string? Reason)> Since(long start)
    {
        lock (_gate)
        {
            return [.. _ended.Where(one => one.Due >= start)];
        }
    }

    /// <summary>No more come; those that are under way are waited for.</summary>
    public void Stop()
    {
        _metronome.Stop();
        for (var place = 0; place < AtOnce && _places.Wait(TimeSpan.FromSeconds(30)); place++)
        {
            // One less is under way.
        }
    }

    public void Dispose()
    {
        _metronome.Dispose();
        _places.Dispose();
    }

    private void Come(long due)
    {
        _places.Wait();
        string? reason = null;
        try
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"newcomer-{Interlocked.Increment(ref _number)}");
            using var connection = new MqttConnection(_options, _tls, id);
            connection.Subscribe("newcomers", 1);
            connection.Close();
        }
        catch (Exception e) when (e is LoadException or IOException)
        {
            reason = e.Message;
        }

        var took = Measure.Since(due);
        if (reason is not null || took > Goal.Newcomer)
        {
            _pulse.Disturb();
        }

        lock (_gate)
        {
            _ended.Add((due, took.TotalMilliseconds, reason));
        }

        _places.Release();
    }
}
