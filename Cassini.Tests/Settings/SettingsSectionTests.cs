using System.Collections.Immutable;
using Cassini.Streams.Settings;

namespace Cassini.Tests.Settings;

public class SettingsSectionTests
{
    private static readonly SettingsSection<Oven> Section = new(
        "Oven",
        new Oven(),
        SettingRule<Oven>.That(
            "Oven:Longest", "at least Oven:Shortest", oven => oven.Longest >= oven.Shortest, oven => oven.Longest, "Oven:Shortest"),
        SettingRule<Oven>.NotEmpty("Oven:Name", "name", "name it", oven => oven.Name));

    [Fact]
    public void Validate_Defaults_AreAllowed() => Section.Validate(new Oven()).ShouldBeEmpty();

    [Theory]
    [InlineData(49, "49 is not allowed; allowed: 50 to 1,250 degrees")]
    [InlineData(1_251, "1,251 is not allowed; allowed: 50 to 1,250 degrees")]
    public void Validate_OutOfRange_NamesTheKeyTheValueAndTheRangeWithItsUnit(int heat, string message) =>
        Section.Validate(new Oven { Heat = heat }).ShouldBe([new SettingError("Oven:Heat", message)]);

    [Theory]
    [InlineData(50)]
    [InlineData(1_250)]
    public void Validate_AtAnEnd_IsAllowed(int heat) => Section.Validate(new Oven { Heat = heat }).ShouldBeEmpty();

    [Fact]
    public void Validate_OpenRange_HasOneEnd() =>
        Section.Validate(new Oven { Trays = 0 }).ShouldHaveSingleItem().Message.ShouldBe("0 is not allowed; allowed: at least 1");

    [Fact]
    public void Validate_Nullable_IsCheckedWhenItIsThere()
    {
        Section.Validate(new Oven { Humidity = null }).ShouldBeEmpty();
        Section.Validate(new Oven { Humidity = 1.5 }).ShouldHaveSingleItem().Message.ShouldBe("1.5 is not allowed; allowed: 0 to 1");
    }

    [Fact]
    public void Validate_WordThatIsNone_NamesTheWords() =>
        Section.Validate(new Oven { Mode = (Mode)9 }).ShouldHaveSingleItem().Message.ShouldBe("9 is not allowed; allowed: grill, bake");

    [Fact]
    public void Validate_SeveralErrors_TellsAllInTheOrderOfTheOptions() =>
        Section.Validate(new Oven { Heat = 0, Longest = TimeSpan.FromSeconds(1), Name = " ", Trays = -1 })
            .Select(error => error.Key).ShouldBe(["Oven:Heat", "Oven:Trays", "Oven:Longest", "Oven:Name"]);

    [Fact]
    public void Validate_RuleWithASettingThatIsWrongByItself_IsNotAsked()
    {
        var asked = 0;
        var section = new SettingsSection<Oven>(
            "Oven",
            new Oven(),
            SettingRule<Oven>.That("Oven:Longest", "-", _ => asked++ < 0, oven => oven.Longest, "Oven:Shortest", "Stove:Time"));

        section.Validate(new Oven { Shortest = TimeSpan.MaxValue }).Select(error => error.Key).ShouldBe(["Oven:Shortest"]);
        section.Validate(new Oven { Longest = TimeSpan.MaxValue }).Select(error => error.Key).ShouldBe(["Oven:Longest"]);
        section.Validate(new Oven(), new SettingError("Stove:Time", "-")).ShouldBeEmpty();
        asked.ShouldBe(0);
        section.Validate(new Oven()).ShouldHaveSingleItem();
    }

    [Fact]
    public void Section_NumberWithoutARange_IsRefused() =>
        Should.Throw<ArgumentException>(() => new SettingsSection<Careless>("Careless", new Careless())).Message.ShouldStartWith(
            "Careless:Anything is a number");

    [Fact]
    public void Section_RangeThatIsNoDuration_IsRefused() =>
        Should.Throw<FormatException>(() => new SettingsSection<Mistaken>("", new Mistaken())).Message
            .ShouldStartWith("'1 week' is not a duration");

    [Fact]
    public void Describe_Properties_SaysTypeDefaultAndWhatIsAllowed() =>
        SettingsSection.Describe(Section)
            .Select(setting => $"{setting.Key}|{setting.Type}|{SettingText.Of(setting.Default)}|{setting.Allowed}")
            .ShouldBe(
        [
            "Oven:Heat|degrees|200|50 to 1,250 degrees",
            "Oven:Trays|whole number|2|at least 1",
            "Oven:Humidity|number||0 to 1",
            "Oven:Mode|grill, bake|bake|",
            "Oven:IsOn|true, false|false|",
            "Oven:Shortest|duration|1m|10s to 1d",
            "Oven:Longest|duration|1h|10s to 1d; at least Oven:Shortest",
            "Oven:Name|text|oven|not empty",
            "Oven:Dishes|list of dishes|bread, pie|",
        ]);

    [Fact]
    public void Describe_RuleOfAnotherSection_IsListedWithItsSetting()
    {
        var house = new SettingsSection<House>(
            "", new House(), SettingRule<House>.That("Oven:Trays", "as many as dishes", _ => true, _ => null));

        SettingsSection.Describe(Section, house).Single(setting => setting.Key == "Oven:Trays").Allowed.ShouldBe(
            "at least 1; as many as dishes");
        SettingsSection.Describe(house).Select(setting => setting.Key).ShouldBe(["Address"]);
    }

    private enum Mode
    {
        Grill,
        Bake,
    }

    private sealed record Oven
    {
        [Within(50, 1_250, Unit = "degrees")]
        public int Heat { get; init; } = 200;

        [Within(1)]
        public long Trays { get; init; } = 2;

        [Within(0, 1)]
        public double? Humidity { get; init; }

        public Mode Mode { get; init; } = Mode.Bake;

        public bool IsOn { get; init; }

        [Within("10s", "1d")]
        public TimeSpan Shortest { get; init; } = TimeSpan.FromMinutes(1);

        [Within("10s", "1d")]
        public TimeSpan Longest { get; init; } = TimeSpan.FromHours(1);

        public string? Name { get; init; } = "oven";

        [Form("dishes")]
        public ImmutableArray<string> Dishes { get; init; } = ["bread", "pie"];

        public TimeSpan Span => Longest - Shortest;
    }

    private sealed record House
    {
        public Oven Oven { get; init; } = new();

        public string Address { get; init; } = "";
    }

    private sealed record Careless
    {
        public int Anything { get; init; }
    }

    private sealed record Mistaken
    {
        [Within("1s", "1 week")]
        public TimeSpan Time { get; init; }
    }
}
