using System.Collections.Frozen;

namespace Cassini.Management.Telemetry;

/// <summary>
/// The names that OpenTelemetry's instruments have in Prometheus, as OpenTelemetry's compatibility document has it: the unit is
/// part of the name, words that only count something (<c>{connection}</c>) are not.
/// </summary>
internal static class PrometheusNames
{
    /// <summary>Instruments that have a name of their own in Prometheus, which its own client libraries gave them.</summary>
    private static readonly FrozenDictionary<string, string> Standard = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["process.cpu.time"] = "process_cpu_seconds",
        ["process.memory.usage"] = "process_resident_memory_bytes",
        ["process.memory.virtual"] = "process_virtual_memory_bytes",
        ["process.thread.count"] = "process_threads",
        ["process.unix.file_descriptor.count"] = "process_open_fds",
        ["process.unix.file_descriptor.limit"] = "process_max_fds",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The family's name, without a counter's <c>_total</c>.</summary>
    public static string Family(string instrument, string unit)
    {
        if (Standard.TryGetValue(instrument, out var standard))
        {
            return standard;
        }

        var name = Label(instrument);
        return unit.Length == 0 || name.EndsWith($"_{unit}", StringComparison.Ordinal) ? name : $"{name}_{unit}";
    }

    /// <summary>The unit's word; empty for a mere number.</summary>
    public static string Unit(string? unit) => unit switch
    {
        "s" => "seconds",
        "By" => "bytes",
        _ => "",
    };

    /// <summary>A name of letters, digits and underscores.</summary>
    public static string Label(string name) => string.Create(name.Length, name, static (to, from) =>
    {
        for (var i = 0; i < to.Length; i++)
        {
            to[i] = char.IsAsciiLetterOrDigit(from[i]) ? from[i] : '_';
        }
    });
}
