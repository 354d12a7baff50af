namespace Cassini.Web.Cli.Context;

/// <summary>
/// The end of standard output, which ends a command as a signal does: a write that failed, or a reader that went away. Any thread.
/// </summary>
/// <param name="process">The signals of the process.</param>
internal sealed class OutputEnd(IStopSignals process) : IStopSignals, IDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(process.Stop);
    private readonly Lock _gate = new();
    private volatile IOException? _failure;
    private volatile bool _isUnread;

    /// <summary>Cancelled by the first signal, and by the end of standard output.</summary>
    public CancellationToken Stop => _stop.Token;

    public CancellationToken Force => process.Force;

    /// <summary>The first write that failed; null while none did.</summary>
    public IOException? Failure => _failure;

    /// <summary>Whether nobody reads the output any more, as after <c>| head -1</c>.</summary>
    public bool IsUnread => _isUnread;

    /// <summary>
    /// Of the process. A thread waits for the reader of standard output to go away, because a command that writes nothing would not notice.
    /// </summary>
    public static OutputEnd OfProcess(IStopSignals process)
    {
        var end = new OutputEnd(process);
        if (Console.IsOutputRedirected && !OperatingSystem.IsWindows() && Descriptor.IsInherited(StandardStream.Output))
        {
            new Thread(end.WaitUntilUnread) { IsBackground = true, Name = "standard output" }.Start();
        }

        return end;
    }

    /// <summary>A write failed; a command need not handle that, because this ends it.</summary>
    public void Fail(IOException failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
        }

        _isUnread |= failure.HResult == Descriptor.BrokenPipe;
        End();
    }

    public void Dispose() => _stop.Dispose();

    private void WaitUntilUnread()
    {
        if (Descriptor.WaitUntilUnread(StandardStream.Output))
        {
            _isUnread = true;
            End();
        }
    }

    // Not on this thread: the one that writes may hold locks.
    private void End()
    {
        try
        {
            _ = _stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The command is over.
        }
    }
}
