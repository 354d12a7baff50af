namespace Cassini.Load;

/// <summary>Runs the named loads one after the other. One line each: the name and key=value pairs, or <c>unable</c> and why.</summary>
internal static class LoadCommand
{
    /// <summary>Bytes under way at once where payloads are large.</summary>
    private const int LargeWindow = 4 << 20;

    /// <returns>The exit code: 1 if any of them could not be put on the broker.</returns>
    /// <exception cref="FormatException">Something is missing, or no load has that name.</exception>
    public static int Run(LoadOptions options)
    {
        if (options.Names.Count == 0 || options.Port == 0 || options.Certificates is null)
        {
            throw new FormatException("a name, --port and --certs are needed");
        }

        var tls = new ClientTls(options.Certificates);
        return options.Names.Count(name => !RunOne(name, options, tls)) == 0 ? 0 : 1;
    }

    private static bool RunOne(string name, LoadOptions options, ClientTls tls)
    {
        try
        {
            Console.WriteLine(Of(name)(options, tls));
            return true;
        }
        catch (LoadException e)
        {
            Console.WriteLine($"{name} unable {e.Message}");
            return false;
        }
    }

    private static Func<LoadOptions, ClientTls, string> Of(string name) => name switch
    {
        "1-1" => new ThroughputLoad(name, groups: 1, subscribers: 1, qos: 0).Run,
        "4-pairs" => new ThroughputLoad(name, groups: 4, subscribers: 1, qos: 0).Run,
        "1-16" => new ThroughputLoad(name, groups: 1, subscribers: 16, qos: 0).Run,
        "1-1-4k" => Large(name, payload: 4 << 10),
        "1-1-64k" => Large(name, payload: 64 << 10),
        "1-1-qos1" => new ThroughputLoad(name, groups: 1, subscribers: 1, qos: 1).Run,
        "1-1-qos2" => new ThroughputLoad(name, groups: 1, subscribers: 1, qos: 2).Run,
        "1-1-qos1-kept" => new ThroughputLoad(name, groups: 1, subscribers: 1, qos: 1, isKept: true).Run,
        "4-pairs-qos1-kept" => new ThroughputLoad(name, groups: 4, subscribers: 1, qos: 1, isKept: true).Run,
        "1-1-qos2-kept" => new ThroughputLoad(name, groups: 1, subscribers: 1, qos: 2, isKept: true).Run,
        "latency" => LatencyLoad.Run,
        "ack" => new AckLatencyLoad(name, isKept: false).Run,
        "ack-kept" => new AckLatencyLoad(name, isKept: true).Run,
        "connects" => new ConnectLoad(name, resume: false).Run,
        "resumes" => new ConnectLoad(name, resume: true).Run,
        "idle" => IdleLoad.Run,
        "hold" => IdleLoad.Hold,
        "fill" => AbsentLoad.Fill,
        "take" => AbsentLoad.Take,
        _ => throw new FormatException($"there is no load '{name}'"),
    };

    /// <summary>QoS 0, with so little under way at once that no broker need drop any.</summary>
    private static Func<LoadOptions, ClientTls, string> Large(string name, int payload) => (options, tls) =>
        new ThroughputLoad(name, groups: 1, subscribers: 1, qos: 0).Run(
            options with { Payload = payload, Window = Math.Min(options.Window, LargeWindow / payload) }, tls);
}
