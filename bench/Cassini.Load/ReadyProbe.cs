using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Cassini.Load;

/// <summary>Requests one URL every 10 ms on one connection.</summary>
internal sealed class ReadyProbe : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);
    private readonly ConcurrentQueue<double> _milliseconds = new();
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 10_000 };
    private readonly Pacer _pacer = new(Period);
    private readonly byte[] _request;
    private readonly Worker _worker;

    public ReadyProbe(Uri url)
    {
        _request = Encoding.ASCII.GetBytes($"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\n\r\n");
        try
        {
            _socket.Connect(url.Host, url.Port);
        }
        catch (SocketException e)
        {
            Dispose();
            throw new LoadException($"no answer from {url}: {e.Message}");
        }

        _worker = new Worker("probe", Run);
    }

    /// <summary>The result.</summary>
    public string Stop()
    {
        _pacer.Stop();
        if (!_worker.Join(TimeSpan.FromMilliseconds(_socket.ReceiveTimeout)) || _worker.Failure is not null)
        {
            throw new LoadException($"the probe failed: {_worker.Failure?.Message ?? "no answer"}");
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"probe_p50_ms={Measure.Percentile(_milliseconds, 0.5):F2} probe_p99_ms={Measure.Percentile(_milliseconds, 0.99):F2} "
            + $"probes={_milliseconds.Count}");
    }

    public void Dispose()
    {
        _socket.Dispose();
        _pacer.Dispose();
    }

    private void Run()
    {
        var buffer = new byte[65_536];
        using var stream = new NetworkStream(_socket, ownsSocket: false);
        do
        {
            var start = Measure.Now;
            stream.Write(_request);
            ReadAnswer(stream, buffer);
            _milliseconds.Enqueue(Measure.Since(start).TotalMilliseconds);
        }
        while (_pacer.Wait());
    }

    private static void ReadAnswer(NetworkStream stream, byte[] buffer)
    {
        var (filled, whole) = (0, int.MaxValue);
        while (filled < whole)
        {
            var count = stream.Read(buffer, filled, buffer.Length - filled);
            filled += count > 0 ? count : throw new LoadException("the connection of the probe was closed");
            var head = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            whole = head < 0 ? int.MaxValue : head + 4 + ContentLength(Encoding.ASCII.GetString(buffer, 0, head));
        }
    }

    private static int ContentLength(string head)
    {
        const string Name = "Content-Length:";
        var lines = head.Split("\r\n");
        var length = lines.FirstOrDefault(line => line.StartsWith(Name, StringComparison.OrdinalIgnoreCase));
        return lines[0].Split(' ')[1] != "200" ? throw new LoadException($"the probe got {lines[0]}")
            : length is null ? throw new LoadException("the probe's answer has no Content-Length")
            : int.Parse(length[Name.Length..], CultureInfo.InvariantCulture);
    }
}
