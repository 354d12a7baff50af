namespace Cassini.Tests.Docs;

/// <summary>
/// docs/operate/operations.md has the settings as they are. After a change of the options: <c>UPDATE_DOCS=1</c> in the environment of
/// this test writes the page anew.
/// </summary>
public class OperationsPageTests
{
    private const string Begin = "<!-- settings:begin: written by OperationsPageTests with UPDATE_DOCS=1 -->\n\n";
    private const string End = "<!-- settings:end -->\n";

    private static readonly string Path = System.IO.Path.Combine(Repository.Root, "docs", "operate", "operations.md");

    [Fact]
    public void Page_SettingsTable_IsWhatTheOptionsSay()
    {
        var page = File.ReadAllText(Path);
        var begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = page.IndexOf(End, StringComparison.Ordinal);
        begin.ShouldBeGreaterThanOrEqualTo(Begin.Length);
        end.ShouldBeGreaterThanOrEqualTo(begin);
        var expected = SettingsTable.Render();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(Path, page[..begin] + expected + page[end..]);
            return;
        }

        page[begin..end].ShouldBe(expected, "the options have changed: run this test once with UPDATE_DOCS=1 in its environment");
    }

    [Fact]
    public void Table_EverySetting_SaysWhatItMeans() =>
        KnownSettings.All.Where(setting => SettingText.Meaning(setting).Length < 10).Select(setting => setting.Key).ShouldBeEmpty();

    [Fact]
    public void Page_OtherSettingsNamed_Exist()
    {
        var page = File.ReadAllText(Path);
        var prose = page[..page.IndexOf(Begin, StringComparison.Ordinal)];

        System.Text.RegularExpressions.Regex.Matches(prose, "`([A-Z][A-Za-z]+:[A-Z][A-Za-z]+)`").Select(match => match.Groups[1].Value)
            .Except(KnownSettings.Keys)
            .ShouldBeEmpty();
    }
}
