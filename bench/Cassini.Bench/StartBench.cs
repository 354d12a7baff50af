namespace Cassini.Bench;

/// <summary>
/// From starting the process to the first 200 of /readyz, with an empty journal and in turn with none. The first run of each, which makes
/// the certificates and the journal, is not counted.
/// </summary>
internal static class StartBench
{
    public static async Task RunAsync(int pairs)
    {
        using var client = new HttpClient();
        var directory = Directory.CreateTempSubdirectory("cassini-bench-").FullName;
        var (flush, memory) = (new List<double>(), new List<double>());
        for (var i = 0; i <= pairs; i++)
        {
            flush.Add(await TimeAsync(client, directory, "Flush"));
            memory.Add(await TimeAsync(client, directory, "Memory"));
        }

        flush.RemoveAt(0);
        memory.RemoveAt(0);
        var more = Measure.Median(flush.Zip(memory, (with, without) => with - without));
        Measure.Line($"start to ready: median {Measure.Median(flush):0.00} s of {pairs} (worst {flush.Max():0.00} s)");
        Measure.Line($"with Store:Level=Memory, in turn: median {Measure.Median(memory):0.00} s (worst {memory.Max():0.00} s)");
        Measure.Line($"the journal's part: median {more * 1e3:0} ms of {pairs} pairs");
        Directory.Delete(directory, recursive: true);
    }

    private static async Task<double> TimeAsync(HttpClient client, string directory, string level)
    {
        using var cassini = Child.CassiniIn(directory, $"Store:Level={level}");
        return await cassini.UntilReadyAsync(client);
    }
}
