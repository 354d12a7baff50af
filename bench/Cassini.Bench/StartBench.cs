namespace Cassini.Bench;

/// <summary>From starting the process to the first 200 of /readyz; the first run, which makes the certificates, is not counted.</summary>
internal static class StartBench
{
    public static async Task RunAsync()
    {
        using var client = new HttpClient();
        var directory = Directory.CreateTempSubdirectory("cassini-bench-").FullName;
        var times = new List<double>();
        for (var i = 0; i <= 10; i++)
        {
            using var cassini = Child.CassiniIn(directory);
            times.Add(await cassini.UntilReadyAsync(client));
        }

        times.RemoveAt(0);
        Measure.Line($"start to ready: median {Measure.Median(times):0.00} s of {times.Count} (worst {times.Max():0.00} s)");
        Directory.Delete(directory, recursive: true);
    }
}
