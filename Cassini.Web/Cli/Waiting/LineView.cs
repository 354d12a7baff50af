using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Waiting;

/// <summary>Writes a line whenever the state of what is waited for changes, for logs.</summary>
internal sealed class LineView(TextWriter output, TimeProvider time) : IWaitView
{
    private readonly long _began = time.GetTimestamp();
    private Dictionary<string, string> _written = [];

    public void Show(IReadOnlyList<WaitRow> rows)
    {
        var now = new Dictionary<string, string>();
        foreach (var row in rows.Where(row => !row.IsConnecting))
        {
            if (row.Text != _written.GetValueOrDefault(row.Name))
            {
                output.WriteLine(row.Holds
                    ? $"{row.Name}: {row.Text} after {DurationText.Seconds(time.GetElapsedTime(_began))}"
                    : $"{row.Name}: waiting: {row.Text}");
            }

            now[row.Name] = row.Text;
        }

        _written = now;
    }

    public void End(string outcome)
    {
    }
}
