namespace Cassini.Tests.Docs;

/// <summary>docs/use/command-line.md lists every setting with its default, and no other.</summary>
public class SettingsPageTests
{
    private static readonly string Page = Repository.Read("docs", "use", "command-line.md");

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

    private static IEnumerable<string> Rows() =>
        KnownSettings.All.Select(setting => $"| `{setting.Key}` | {SettingText.Default(setting.Default)} |");
}
