using System.Net.Security;

namespace Cassini.Harness.Clients;

/// <summary>
/// Keeps the exception that made reading fail. With TLS 1.3 a client learns of the broker's verdict on its certificate from its first
/// read, and MQTTnet reports only "Connection closed.".
/// </summary>
internal sealed class ObservedSslStream(Stream inner) : SslStream(inner)
{
    private volatile Exception? _failure;

    public Exception? Failure => _failure;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await base.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException exception)
        {
            _failure = exception;
            throw;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}
