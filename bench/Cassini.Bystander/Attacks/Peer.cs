using System.Net.Security;
using System.Net.Sockets;

namespace Cassini.Bystander.Attacks;

/// <summary>One connection of the attacker. Any task sends; at most one reads.</summary>
internal sealed class Peer(Socket socket, SslStream stream, Tally tally) : IDisposable
{
    private readonly PacketWalker _walker = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly SemaphoreSlim _pongs = new(0);
    private readonly SemaphoreSlim _answers = new(0);
    private volatile bool _isEnded;

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        await _writing.WaitAsync(token);
        try
        {
            await stream.WriteAsync(bytes, token);
            tally.Sent(bytes.Length);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Sends CONNECT; false when it is refused.</summary>
    public async Task<bool> OpenAsync(ReadOnlyMemory<byte> connect, CancellationToken token)
    {
        await SendAsync(connect, token);
        while (true)
        {
            if (IsAnswered(out var accepted))
            {
                return accepted;
            }

            await FillAsync(token);
        }
    }

    /// <summary>Reads until <see cref="Dispose"/>, and looks only at what is refused.</summary>
    /// <param name="acknowledge">Whether QoS 1 messages are acknowledged.</param>
    /// <param name="token">Ends it.</param>
    /// <exception cref="IOException">The broker ended the connection.</exception>
    public async Task DrainAsync(bool acknowledge, CancellationToken token)
    {
        try
        {
            await ReadAsync(acknowledge, token);
        }
        catch (Exception e) when (_isEnded && e is not OperationCanceledException)
        {
            // The attacker ended it.
        }
    }

    /// <summary>All that was sent before has been handled when this returns. <see cref="DrainAsync"/> must run.</summary>
    public async Task BarrierAsync(CancellationToken token)
    {
        await SendAsync(Packets.Ping, token);
        await _pongs.WaitAsync(token);
    }

    /// <summary>Waits for one more SUBACK or UNSUBACK. <see cref="DrainAsync"/> must run.</summary>
    public Task AnswerAsync(CancellationToken token) => _answers.WaitAsync(token);

    /// <summary>Ends the connection without DISCONNECT.</summary>
    public void Dispose()
    {
        _isEnded = true;
        socket.Dispose();
        stream.Dispose();
    }

    private async Task ReadAsync(bool acknowledge, CancellationToken token)
    {
        var acknowledgements = new List<byte>();
        while (true)
        {
            Walk(acknowledge ? acknowledgements : null);
            if (acknowledgements.Count > 0)
            {
                await SendAsync(acknowledgements.ToArray(), token);
                acknowledgements.Clear();
            }

            await FillAsync(token);
        }
    }

    private async Task FillAsync(CancellationToken token)
    {
        var count = await stream.ReadAsync(_walker.Space(), token);
        if (count == 0)
        {
            throw new IOException("the broker closed the connection");
        }

        _walker.Filled(count);
        tally.Received(count);
    }

    private bool IsAnswered(out bool accepted)
    {
        accepted = false;
        if (!_walker.TryNext(out var first, out var body))
        {
            return false;
        }

        accepted = first == 0x20 && body[1] == 0;
        return true;
    }

    private void Walk(List<byte>? acknowledgements)
    {
        while (_walker.TryNext(out var first, out var body))
        {
            switch (first & 0xF0)
            {
                case 0x30 when acknowledgements is not null && (first & 0x06) == 0x02:
                    acknowledgements.AddRange(Packets.Acknowledge(body[(2 + (body[0] << 8) + body[1])..]));
                    break;
                case 0x40 or 0x50 when body.Length > 2 && body[2] >= 0x80:
                case 0xE0 when body.Length > 0 && body[0] >= 0x80:
                    tally.RefusedPacket();
                    break;
                case 0x90 or 0xB0:
                    CountRefused(body[2..]);
                    _answers.Release();
                    break;
                case 0xD0:
                    _pongs.Release();
                    break;
            }
        }
    }

    // The codes are the last bytes; what is in front of them (the length of no properties) is not above 0x80.
    private void CountRefused(ReadOnlySpan<byte> codes)
    {
        foreach (var code in codes)
        {
            if (code >= 0x80)
            {
                tally.RefusedPacket();
            }
        }
    }
}
