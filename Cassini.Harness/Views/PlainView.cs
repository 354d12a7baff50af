using System.Globalization;
using Cassini.Harness.Results;

namespace Cassini.Harness.Views;

/// <summary>For logs: a line for each change, and one for the progress every few seconds.</summary>
internal sealed class PlainView(TextWriter output, TimeProvider time) : IRunView
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly TextWriter _output = TextWriter.Synchronized(output);
    private readonly long _began = time.GetTimestamp();
    private TestCounts? _test;
    private ITimer? _timer;

    public event Action<IOException>? Failed;

    public void Say(string line)
    {
        try
        {
            _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(_began).TotalSeconds,7:0.0} s  {line}"));
        }
        catch (IOException failure)
        {
            Failed?.Invoke(failure);
        }
    }

    public void Begin(TestCounts test)
    {
        _test = test;
        Say($"test {test.Test.Name} begins");
        _timer = time.CreateTimer(_ => SayProgress(), null, Period, Period);
    }

    public async Task EndAsync()
    {
        if (_timer is { } timer)
        {
            await timer.DisposeAsync();
        }

        SayProgress();
    }

    private void SayProgress() => Say($"test {_test!.Test.Name}: {string.Join(", ", ProgressItem.Of(_test))}");
}
