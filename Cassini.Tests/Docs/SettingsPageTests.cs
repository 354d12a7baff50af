using System.Text.RegularExpressions;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Docs;

/// <summary>
/// docs/operate/settings.md has the settings as they are. After a change of the options <c>UPDATE_DOCS=1</c> in the environment of this
/// test writes the page anew.
/// </summary>
public partial class SettingsPageTests
{
    private const string Begin = "<!-- settings:begin: written by SettingsPageTests with UPDATE_DOCS=1 -->\n\n";
    private const string End = "<!-- settings:end -->\n";

    private static readonly string Path = System.IO.Path.Combine(Repository.Root, "docs", "operate", "settings.md");

    [Fact]
    public void Page_Tables_AreWhatTheOptionsSay()
    {
        var page = File.ReadAllText(Path);
        var begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = page.IndexOf(End, StringComparison.Ordinal);
        begin.ShouldBeGreaterThanOrEqualTo(Begin.Length);
        end.ShouldBeGreaterThanOrEqualTo(begin);
        var expected = SettingsPage.Render();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(Path, page[..begin] + expected + page[end..]);
            return;
        }

        page[begin..end].ShouldBe(
            expected,
            "The options have changed. Write the page anew: "
            + "UPDATE_DOCS=1 dotnet test --project Cassini.Tests -- "
            + $"--filter-method '*{nameof(SettingsPageTests)}.{nameof(Page_Tables_AreWhatTheOptionsSay)}'");
    }

    [Fact]
    public void Meanings_OfEverySetting_SaySomethingAndRepeatNoNumberOfTheTable() =>
        SettingsCatalog.All
            .Select(setting => (setting.Key, Meaning: SettingMeaning.Of(setting.Property)))
            .Where(setting => setting.Meaning.Length < 10 || Repeated().IsMatch(setting.Meaning))
            .ShouldBeEmpty(
                "the initializer holds the default and the attribute the range: a comment that repeats one will contradict it one day");

    [GeneratedRegex("[Dd]efault|at least [0-9]|at most [0-9]|more than zero|[0-9] (to|…) [0-9]|[0-9] (ms|s|min|h|days?|years?)\\b")]
    private static partial Regex Repeated();
}
