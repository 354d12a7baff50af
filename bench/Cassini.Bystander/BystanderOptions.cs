using System.Globalization;

namespace Cassini.Bystander;

/// <summary>Which attack, on which broker, and for how long.</summary>
internal sealed record BystanderOptions
{
    public const string Usage = """
        usage: Cassini.Bystander watch NAME --port PORT --management PORT --certs DIR --pid PID [options]   one row of the table
               Cassini.Bystander attack NAME --port PORT --certs DIR [options]                             the attacker alone
               Cassini.Bystander names | heading
          --certs DIR         ca.pem, and bystander, newcomer and attacker, each as NAME.pem and NAME.key
          --pid PID           the broker's process
          --seconds N         how long the attack lasts once it is prepared; default 10
          --prepare N         how many seconds it may take to prepare at most; default 20
          --quiet N           how many seconds are waited for quiet after it at most; default 30
          --memory-limit N    the broker's memory limit in bytes: what resident memory is judged by
        """;

    public string Name { get; init; } = "none";

    public int Port { get; init; }

    public int Management { get; init; }

    public string Certificates { get; init; } = "";

    public int Pid { get; init; }

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan Preparation { get; init; } = TimeSpan.FromSeconds(20);

    public TimeSpan Quiet { get; init; } = TimeSpan.FromSeconds(30);

    public long MemoryLimit { get; init; }

    /// <exception cref="FormatException">The arguments cannot be used.</exception>
    public static BystanderOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new BystanderOptions();
        for (var i = 0; i < arguments.Length; i++)
        {
            options = !arguments[i].StartsWith("--", StringComparison.Ordinal)
                ? options with { Name = arguments[i] }
                : options.With(
                    arguments[i], i + 1 < arguments.Length ? arguments[++i] : throw new FormatException($"{arguments[i]} wants a value"));
        }

        return options;
    }

    private BystanderOptions With(string name, string value) => name switch
    {
        "--port" => this with { Port = (int)Number(name, value, 1, 65_535) },
        "--management" => this with { Management = (int)Number(name, value, 1, 65_535) },
        "--certs" => this with { Certificates = value },
        "--pid" => this with { Pid = (int)Number(name, value, 1, int.MaxValue) },
        "--seconds" => this with { Duration = TimeSpan.FromSeconds(Number(name, value, 1, 60)) },
        "--prepare" => this with { Preparation = TimeSpan.FromSeconds(Number(name, value, 1, 120)) },
        "--quiet" => this with { Quiet = TimeSpan.FromSeconds(Number(name, value, 2, 300)) },
        "--memory-limit" => this with { MemoryLimit = Number(name, value, 0, long.MaxValue) },
        _ => throw new FormatException($"there is no {name}"),
    };

    private static long Number(string name, string value, long least, long most) =>
        long.TryParse(value, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"{name} is {least} to {most}, not '{value}'");
}
