using System.Collections.Immutable;
using System.Text;

namespace Cassini.Tests.Cli;

/// <summary>Keeps what a command writes, line by line, and signals when a line has come.</summary>
internal sealed class LineWriter : TextWriter
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _line = new();
    private volatile ImmutableList<string> _lines = [];
    private volatile TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override Encoding Encoding => Encoding.UTF8;

    public IReadOnlyList<string> Lines => _lines;

    public override void Write(char value)
    {
        TaskCompletionSource? signal = null;
        lock (_gate)
        {
            if (value != '\n')
            {
                _line.Append(value);
                return;
            }

            _lines = _lines.Add(_line.ToString().TrimEnd('\r'));
            _line.Clear();
            (signal, _more) = (_more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        signal.SetResult();
    }

    /// <summary>The first line, past or to come, that meets the condition.</summary>
    public async Task<string> LineAsync(string step, Func<string, bool> condition, TimeSpan? within = null)
    {
        try
        {
            using var deadline = new CancellationTokenSource(within ?? Support.Eventually.Deadline, TimeProvider.System);
            while (true)
            {
                var more = _more.Task;
                if (_lines.Find(line => condition(line)) is { } found)
                {
                    return found;
                }

                await more.WaitAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{step}: no such line; written were: {string.Join(" | ", _lines)}");
        }
    }

    public override string ToString() => string.Join('\n', _lines);
}
