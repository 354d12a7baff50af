using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Workers;

/// <summary>
/// Messages over a stream: four bytes of length, big-endian, then that much JSON. Either side says something at least every second, and
/// whoever hears nothing for five takes the other for dead.
/// </summary>
internal sealed class WorkerLink : IAsyncDisposable
{
    public const int MaxFrame = 4 << 20;

    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _heartbeats;

    public WorkerLink(Stream stream, TimeProvider time)
    {
        (_stream, _time) = (stream, time);
        _heartbeats = BeatAsync();
    }

    /// <exception cref="WorkerLinkException">It cannot be sent.</exception>
    public async Task SendAsync(WorkerMessage message)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(message, Json);
        if (body.Length > MaxFrame)
        {
            throw new WorkerLinkException($"a message of {body.Length} bytes is longer than the {MaxFrame} that are allowed");
        }

        var frame = new byte[sizeof(int) + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame, sizeof(int));
        try
        {
            using var patience = new CancellationTokenSource(Silence, _time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _end.Token);
            await _writing.WaitAsync(limit.Token);
            try
            {
                await _stream.WriteAsync(frame, limit.Token);
            }
            finally
            {
                _writing.Release();
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            throw new WorkerLinkException("it takes nothing any more", exception);
        }
    }

    /// <summary>The next message that says something. Call it without a pause: only who listens notices silence.</summary>
    /// <exception cref="WorkerLinkException">There will be none.</exception>
    public async Task<WorkerMessage> ReceiveAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (await ReadAsync(cancellation) is var message and not WorkerMessage.Heartbeat)
            {
                return message;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _heartbeats;
        await _stream.DisposeAsync();
    }

    private async Task<WorkerMessage> ReadAsync(CancellationToken cancellation)
    {
        using var silence = new CancellationTokenSource(Silence, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellation);
        try
        {
            var header = new byte[sizeof(int)];
            await _stream.ReadExactlyAsync(header, limit.Token);
            var length = BinaryPrimitives.ReadInt32BigEndian(header);
            if (length is <= 0 or > MaxFrame)
            {
                throw new WorkerLinkException($"it sent a frame of {(uint)length} bytes, and 1 to {MaxFrame} are allowed");
            }

            var body = new byte[length];
            await _stream.ReadExactlyAsync(body, limit.Token);
            return JsonSerializer.Deserialize<WorkerMessage>(body, Json) ?? throw new WorkerLinkException("it sent null");
        }
        catch (EndOfStreamException exception)
        {
            throw new WorkerLinkException("it hung up", exception);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw new WorkerLinkException($"it sent what is no message: {exception.Message}", exception);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new WorkerLinkException($"silent for {DurationText.Seconds(Silence)}", exception);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            throw new WorkerLinkException($"the connection broke: {Clients.ConnectionFailure.Innermost(exception)}", exception);
        }
    }

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(HeartbeatInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                await SendAsync(new WorkerMessage.Heartbeat());
            }
        }
        catch (Exception exception) when (exception is WorkerLinkException or OperationCanceledException)
        {
            // Whoever reads the link meets the same end.
        }
    }
}
