using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Records;

/// <summary>
/// Writes a record, line by line. Each call passes whole lines to the operating system, so that a crash can cut off only the last line.
/// For one caller at a time.
/// </summary>
/// <param name="stream">The stream to write to; the writer closes it.</param>
public sealed class HealthRecordWriter(Stream stream) : IAsyncDisposable
{
    private readonly MemoryStream _lines = new();

    /// <summary>Begins a segment: at the start, and again whenever the broker was restarted or events were missed.</summary>
    /// <param name="header">The body of <c>GET /state</c>: one line, with or without a line end.</param>
    /// <param name="cancellationToken">Ends the writing; the line may be cut off then.</param>
    /// <exception cref="ArgumentException">The header is not one line.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public ValueTask BeginAsync(ReadOnlyMemory<byte> header, CancellationToken cancellationToken = default)
    {
        var line = header.TrimEnd("\r\n"u8);
        if (line.IsEmpty || line.Span.Contains((byte)'\n'))
        {
            throw new ArgumentException("a header is one line", nameof(header));
        }

        Add(line.Span);
        return FlushAsync(cancellationToken);
    }

    /// <summary>Adds an event.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public ValueTask WriteAsync(EventEnvelope envelope, CancellationToken cancellationToken = default)
    {
        Add(EventJson.Serialize(envelope));
        return FlushAsync(cancellationToken);
    }

    /// <summary>Adds events that arrived together, in one write.</summary>
    /// <exception cref="IOException">They cannot be written.</exception>
    public ValueTask WriteAsync(IEnumerable<EventEnvelope> envelopes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(envelopes);
        foreach (var envelope in envelopes)
        {
            Add(EventJson.Serialize(envelope));
        }

        return FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private void Add(ReadOnlySpan<byte> line)
    {
        _lines.Write(line);
        _lines.WriteByte((byte)'\n');
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(_lines.GetBuffer().AsMemory(0, (int)_lines.Length), cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _lines.SetLength(0);
        }
    }
}
