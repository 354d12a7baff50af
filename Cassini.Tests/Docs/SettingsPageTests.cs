using System.Collections;
using System.Globalization;
using Cassini.Streams.Hosting;
using Cassini.Web.Cli;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Docs;

/// <summary>docs/command-line.md lists every setting with its default, and no other.</summary>
public class SettingsPageTests
{
    private static readonly string Page = Repository.Read("docs", "command-line.md");

    [Fact]
    public void Page_EverySetting_HasARowWithItsDefault()
    {
        var missing = Rows().Where(row => !Page.Contains(row, StringComparison.Ordinal)).ToList();

        missing.ShouldBeEmpty(string.Join('\n', missing));
    }

    [Fact]
    public void Page_EveryRow_IsASetting()
    {
        var keys = Rows().Select(KeyOf).ToHashSet();

        Page.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal) && !line.StartsWith("| `--", StringComparison.Ordinal) && line.Contains(':', StringComparison.Ordinal))
            .Select(KeyOf)
            .Where(key => key.Contains(':', StringComparison.Ordinal) && !keys.Contains(key))
            .ShouldBeEmpty();
    }

    [Theory]
    [InlineData("CASSINI_BIND_ADDR")]
    [InlineData("CASSINI_MANAGEMENT_ADDR")]
    [InlineData("CASSINI_DATA_DIR")]
    [InlineData("CASSINI_SHUTDOWN_TOKEN")]
    [InlineData("TLS_CA_CERT")]
    [InlineData("TLS_SERVER_CERT_CHAIN")]
    [InlineData("TLS_SERVER_KEY")]
    [InlineData("TLS_CRL")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT")]
    [InlineData("OTEL_SERVICE_NAME")]
    public void Page_EveryVariable_IsNamed(string variable) => Page.ShouldContain($"`{variable}`");

    private static string KeyOf(string row) => row.Split('`')[1];

    private static IEnumerable<string> Rows()
    {
        // One value within Tls, so that the section, which has no default, is there to be walked.
        var layer = new SettingsLayer([new Setting("Tls:CrlPath", "x", "test")], UnknownIsError: true);
        var reader = new OptionsReader([layer]);
        var options = reader.Read<CassiniOptions>();
        options = options with { Tls = options.Tls! with { CrlPath = null } };
        var known = reader.Known.ToList();
        var logging = reader.Read<LoggingOptions>(SettingKeys.Logging);
        return known.Select(key => Row(key, At(options, key)))
            .Concat(reader.Known.Skip(known.Count).Select(key => Row(key, At(logging, key[(SettingKeys.Logging.Length + 1)..]))));
    }

    private static object? At(object options, string key) =>
        key.Split(':').Aggregate((object?)options, (value, name) => value!.GetType().GetProperty(name)!.GetValue(value));

    private static string Row(string key, object? value) => $"| `{key}` | {Text(value)} |";

    private static string Text(object? value) => value switch
    {
        null => "",
        TimeSpan duration => Duration(duration),
        bool flag => flag ? "true" : "false",
        Enum name => name.ToString().ToLowerInvariant(),
        string text => text,
        IEnumerable items => string.Join(", ", items.Cast<object>()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static string Duration(TimeSpan duration)
    {
        var text = duration switch
        {
            { Ticks: 0 } => "0",
            _ when duration.Ticks % TimeSpan.TicksPerDay == 0 => $"{duration.TotalDays}d",
            _ when duration.Ticks % TimeSpan.TicksPerHour == 0 => $"{duration.TotalHours}h",
            _ when duration.Ticks % TimeSpan.TicksPerMinute == 0 => $"{duration.TotalMinutes}m",
            _ when duration.Ticks % TimeSpan.TicksPerSecond == 0 => $"{duration.TotalSeconds}s",
            _ => $"{duration.TotalMilliseconds}ms",
        };
        DurationText.TryParse(text, out var read).ShouldBeTrue();
        read.ShouldBe(duration);
        return text;
    }
}
