using System.Globalization;

namespace Cassini.Load;

/// <summary>What to load, with what, and for how long.</summary>
internal sealed record LoadOptions
{
    public const string Usage = """
        usage: Cassini.Load load NAME... --port PORT --certs DIR [options]   loads a broker at 127.0.0.1
               Cassini.Load loopback [--certs DIR] [options]                 the generator's own ceiling: no broker
               Cassini.Load mqttnet-server --port PORT --certs DIR           a peer: MQTTnet's server
               Cassini.Load kills --port PORT --certs DIR [options] -- BROKER...
                                                                             kills a broker under load, and counts what is missing
        names: 1-1 4-pairs 1-16 1-1-4k 1-1-64k 1-1-qos1 1-1-qos2 1-1-qos1-kept 4-pairs-qos1-kept 1-1-qos2-kept latency ack ack-kept
               connects resumes idle hold fill take
          --sub-port P   subscribers connect to another node of a fleet; default is --port
          --certs DIR    ca.pem, client.pem and client.key; servers use server.pem and server.key
          --v5           MQTT 5.0; default 3.1.1
          --ws           by WebSocket: the port is that of such an endpoint
          --payload N    bytes, 8 to 262144; default 64
          --seconds N    measured time of each load; default 3
          --warm-up N    seconds before it; default 1
          --window N     messages under way at most; default 8192
          --rate N       messages a second of a throughput load of QoS 1 or 2, and of fill; default is as many as it gets
          --sessions N   of idle, hold, fill and take; default 5000. hold keeps them open until its input ends
          --messages N   of fill and take, for all sessions together; default 1000000
          --pid PID      the broker's process: tells its CPU, and connects, resumes and idle need it
          --probe URL    while a throughput load runs, GET it every 10 ms
          --kills N      of kills; default 20
          --qos N        of kills, the highest: 1 or 2; default 2
          --seed N       of kills: when each comes; default is another one each time
          --patience N   seconds without an answer after which the broker is given up; default 10
        """;

    public IReadOnlyList<string> Names { get; init; } = [];

    public int Port { get; init; }

    /// <summary>Where subscribers connect; 0 for the same port.</summary>
    public int SubscriberPort { get; init; }

    /// <summary>The same for a subscriber.</summary>
    public LoadOptions OfSubscriber => SubscriberPort == 0 ? this : this with { Port = SubscriberPort };

    public string? Certificates { get; init; }

    public bool Version5 { get; init; }

    public bool IsWebSocket { get; init; }

    public int Payload { get; init; } = 64;

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(1);

    public int Window { get; init; } = 8_192;

    public int Rate { get; init; }

    public int Sessions { get; init; } = 5_000;

    public int Messages { get; init; } = 1_000_000;

    public int? Pid { get; init; }

    public Uri? Probe { get; init; }

    public int Kills { get; init; } = 20;

    public int QoS { get; init; } = 2;

    public int Seed { get; init; } = Random.Shared.Next();

    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <exception cref="FormatException">The arguments cannot be used.</exception>
    public static LoadOptions Parse(ReadOnlySpan<string> arguments)
    {
        var (options, names) = (new LoadOptions(), new List<string>());
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                names.Add(arguments[i]);
            }
            else if (arguments[i] == "--v5")
            {
                options = options with { Version5 = true };
            }
            else if (arguments[i] == "--ws")
            {
                options = options with { IsWebSocket = true };
            }
            else
            {
                options = options.With(
                    arguments[i], i + 1 < arguments.Length ? arguments[++i] : throw new FormatException($"{arguments[i]} wants a value"));
            }
        }

        return options with { Names = names };
    }

    private LoadOptions With(string name, string value) => name switch
    {
        "--port" => this with { Port = Number(name, value, 1, 65_535) },
        "--sub-port" => this with { SubscriberPort = Number(name, value, 1, 65_535) },
        "--certs" => this with { Certificates = value },
        "--payload" => this with { Payload = Number(name, value, sizeof(long), 262_144) },
        "--seconds" => this with { Duration = TimeSpan.FromSeconds(Number(name, value, 1, 3_600)) },
        "--warm-up" => this with { WarmUp = TimeSpan.FromSeconds(Number(name, value, 0, 3_600)) },
        "--window" => this with { Window = Number(name, value, 4, 1 << 20) },
        "--rate" => this with { Rate = Number(name, value, 1_000, 10_000_000) },
        "--messages" => this with { Messages = Number(name, value, 1, 100_000_000) },
        "--sessions" => this with { Sessions = Number(name, value, 1, 50_000) },
        "--pid" => this with { Pid = Number(name, value, 1, int.MaxValue) },
        "--probe" => this with { Probe = new Uri(value) },
        "--kills" => this with { Kills = Number(name, value, 1, 1_000_000) },
        "--qos" => this with { QoS = Number(name, value, 1, 2) },
        "--seed" => this with { Seed = Number(name, value, 0, int.MaxValue) },
        "--patience" => this with { Patience = TimeSpan.FromSeconds(Number(name, value, 1, 3_600)) },
        _ => throw new FormatException($"there is no {name}"),
    };

    private static int Number(string name, string value, int least, int most) =>
        int.TryParse(value, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"{name} is {least} to {most}, not '{value}'");
}
