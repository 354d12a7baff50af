using System.Runtime.InteropServices;

namespace Cassini.Web.Cli.Context;

/// <summary>
/// Standard output or standard error as the process got it. The stream of <see cref="Console"/> takes a write to a pipe that has no reader
/// for a success, so that a command would write for ever.
/// </summary>
/// <param name="descriptor">The descriptor.</param>
/// <param name="end">Gets the first failure. Null when no failure matters: then a write that fails is like one that succeeds.</param>
internal sealed class StandardStream(int descriptor, OutputEnd? end) : Stream
{
    public const int Input = 0;
    public const int Output = 1;
    public const int Error = 2;

    public override bool CanRead => false;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <exception cref="IOException">The write failed, and failures matter.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = Descriptor.Write(descriptor, buffer);
            if (written >= 0)
            {
                buffer = buffer[written..];
            }
            else if (!Descriptor.IsToBeTriedAgain(descriptor, Marshal.GetLastPInvokeError()))
            {
                Fail(Marshal.GetLastPInvokeError());
                return;
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Fail(int error)
    {
        if (end is not null)
        {
            var failure = new IOException(Marshal.GetPInvokeErrorMessage(error), error);
            end.Fail(failure);
            throw failure;
        }
    }
}
