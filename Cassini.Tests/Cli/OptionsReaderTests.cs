using System.Collections.Immutable;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Settings;
using Cassini.Streams.Settings.Reading;
using Cassini.Web.Cli.Settings;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Cli;

public class OptionsReaderTests
{
    [Fact]
    public void Read_NothingGiven_KeepsTheDefaults() => Read(out _).ShouldBe(new Sample());

    [Theory]
    [InlineData("Count", "7")]
    [InlineData("count", "7")]
    public void Read_Key_IsTheSameInAnyCase(string key, string value) => Read(out _, Layer((key, value))).Count.ShouldBe(7);

    [Fact]
    public void Read_EveryKindOfValue_IsConverted()
    {
        var sample = Read(
            out var reader,
            Layer(
                ("Count", "-3"), ("Long", "5000000000"), ("Ratio", "0.25"),
                ("Flag", "True"), ("Time", "2m"), ("Kind", "second"), ("Text", "a b")));

        reader.Errors.ShouldBeEmpty();
        sample.ShouldBe(new Sample
        {
            Count = -3,
            Long = 5_000_000_000,
            Ratio = 0.25,
            Flag = true,
            Time = TimeSpan.FromMinutes(2),
            Kind = Kind.Second,
            Text = "a b",
        });
    }

    [Theory]
    [InlineData("trace", LogLevel.Trace)]
    [InlineData("Debug", LogLevel.Debug)]
    [InlineData("info", LogLevel.Information)]
    [InlineData("Information", LogLevel.Information)]
    [InlineData("warn", LogLevel.Warning)]
    [InlineData("WARNING", LogLevel.Warning)]
    [InlineData("error", LogLevel.Error)]
    [InlineData("critical", LogLevel.Critical)]
    [InlineData("fatal", LogLevel.Critical)]
    [InlineData("off", LogLevel.None)]
    [InlineData("none", LogLevel.None)]
    public void Read_LogLevel_IsTheUsualWord(string word, LogLevel expected)
    {
        var reader = new OptionsReader([Layer(("Logging:Level", word))]);

        reader.Read<ProcessOptions>().Logging.Level.ShouldBe(expected);
        reader.Errors.ShouldBeEmpty();
    }

    [Fact]
    public void Read_LogLevelThatIsNone_NamesTheWords()
    {
        var reader = new OptionsReader([Layer(("Logging:Level", "loud"))]);

        reader.Read<ProcessOptions>();

        reader.Errors.ShouldHaveSingleItem().ShouldStartWith(
            "Logging:Level: 'loud' is not one of trace, debug, info, warn, error, critical, off");
    }

    [Fact]
    public void Read_SeveralLayers_TakesTheStrongest()
    {
        var sample = Read(out var reader, Layer("weak", ("Count", "1"), ("Long", "1")), Layer("strong", ("Count", "2")));

        sample.Count.ShouldBe(2);
        sample.Long.ShouldBe(1);
        reader.Locate(new SettingError("count", "is wrong")).ShouldBe("count: is wrong (strong)");
        reader.Locate(new SettingError("Ratio", "is wrong")).ShouldBe("Ratio: is wrong");
    }

    [Fact]
    public void Read_MalformedButHidden_IsNoError()
    {
        Read(out var reader, Layer(("Count", "banana")), Layer(("Count", "2"))).Count.ShouldBe(2);
        reader.Errors.ShouldBeEmpty();
    }

    [Fact]
    public void Read_NullInAFile_KeepsTheDefault() => Read(out _, Layer(("Count", null))).Count.ShouldBe(new Sample().Count);

    // An empty list of access rules would deny everything to everybody.
    [Fact]
    public void Read_NullForAList_KeepsTheDefault() => Read(out _, Layer(("Names", null))).Names.ShouldBe(new Sample().Names);

    [Theory]
    [InlineData("127.0.0.1:1,[::1]:2")]
    [InlineData(" 127.0.0.1:1 , [::1]:2, ")]
    public void Read_ListWithCommas_IsSplit(string text) =>
        Read(out _, Layer(("Inner:Endpoints", text))).Inner.Endpoints.Select(e => e.ToString()).ShouldBe(["127.0.0.1:1", "[::1]:2"]);

    [Fact]
    public void Read_NumberedList_IsInTheOrderOfItsNumbers()
    {
        var names = Enumerable.Range(0, 12).Select(i => ($"Names:{i}", (string?)$"n{i}"))
            .OrderBy(pair => pair.Item1, StringComparer.Ordinal).ToArray();

        Read(out _, Layer(names)).Names.ShouldBe(Enumerable.Range(0, 12).Select(i => $"n{i}"));
    }

    [Fact]
    public void Read_ElementGivenTwice_IsTheLastOne() =>
        Read(out _, Layer(("Names:0", "a"), ("Names:1", "b"), ("names:0", "c"))).Names.ShouldBe(["c", "b"]);

    [Fact]
    public void Read_ListWithAHole_IsAnErrorThatNamesTheMissingIndex()
    {
        Read(out var reader, Layer("weak", ("Names:1", "hidden")), Layer("flags", ("Names:0", "a"), ("Names:2", "b")))
            .Names.ShouldBe(new Sample().Names);
        reader.ReportUnknown();

        reader.Errors.ShouldBe([
            "Names: has no element 1, but an element 2 (flags): number the elements 0, 1, 2 and so on; "
            + "an empty variable is one that is not set"]);
    }

    [Fact]
    public void Read_ListInTwoLayers_IsNeverMixed() =>
        Read(out _, Layer(("Names:0", "a"), ("Names:1", "b")), Layer(("Names", "c"))).Names.ShouldBe(["c"]);

    [Theory]
    [InlineData("a,\"b, c\",d", new[] { "a", "b, c", "d" })]
    [InlineData("\"say \\\"x, y\\\" \\\\\"", new[] { "say \"x, y\" \\" })]
    [InlineData("deny all \"b, c\" #, allow all * #", new[] { "deny all \"b, c\" #", "allow all * #" })]
    [InlineData("deny all \"b, c #, allow all * #", new[] { "deny all \"b, c #, allow all * #" })] // Not closed: the rule says so.
    public void Read_ListWithACommaInQuotes_IsNotSplitThere(string text, string[] expected) =>
        Read(out _, Layer(("Names", text))).Names.ShouldBe(expected);

    [Fact]
    public void Read_ListAsAWholeAndByElement_IsAnError()
    {
        Read(out var reader, Layer("flags", ("Names", "a"), ("Names:0", "b"))).Names.ShouldBe(new Sample().Names);

        reader.Errors.ShouldBe(["Names: is given as a whole (flags) and as Names:0 (flags); give it one way"]);
    }

    [Theory]
    [InlineData("Names:00")]
    [InlineData("Names:+0")]
    [InlineData("Names: 0")]
    public void Read_NumberThatIsNotPlain_IsNoElement(string key)
    {
        Read(out var reader, Layer("flags", ("Names:0", "a"), (key, "b"))).Names.ShouldBe(["a"]);
        reader.ReportUnknown();

        reader.Errors.ShouldHaveSingleItem().ShouldStartWith($"{key}: there is no such setting");
    }

    [Fact]
    public void Read_EmptyList_IsEmpty() => Read(out _, Layer(("Names", ""))).Names.ShouldBeEmpty();

    [Fact]
    public void Read_AbsentSection_StaysAbsentUntilSomethingIsInIt()
    {
        Read(out _).Maybe.ShouldBeNull();
        Read(out _, Layer(("Maybe:Path", "x"))).Maybe!.Path.ShouldBe("x");
    }

    [Fact]
    public void Read_SharedDefault_IsCopiedBeforeItIsChanged()
    {
        Read(out _, Layer(("Shared:Number", "99"))).Shared.Number.ShouldBe(99);
        Common.Default.Number.ShouldBe(1);
    }

    [Fact]
    public void Read_SeveralFaults_TellsAllWithTheirOrigin()
    {
        Read(out var reader, Layer(
            "here", ("Count", "x"), ("Ratio", "NaN"), ("Time", "5"), ("Kind", "1"),
            ("Flag", "yes"), ("Inner:Endpoints", "nowhere"), ("Inner", "1")));

        reader.Errors.Count.ShouldBe(7);
        reader.Errors.ShouldAllBe(error => error.EndsWith("(here)"));
        reader.Errors.ShouldContain("Count: 'x' is not a whole number of at most 2,147,483,647 (here)");
        reader.Errors.ShouldContain("Kind: '1' is not one of first, second (here)");
        reader.Errors.ShouldContain(error => error.StartsWith("Time: '5' is not a duration such as 500ms"));
        reader.Errors.ShouldContain(error => error.StartsWith("Inner:Endpoints: 'nowhere' is not an endpoint"));
        reader.Errors.ShouldContain("Inner: is a section and takes no value of its own (here)");
    }

    // A large file of something else, or one key without an end, must not hold up whoever reads it, nor fill the log.
    [Fact]
    public void ReportUnknown_MoreThanAnyoneReads_IsBounded()
    {
        Read(out var reader, Layer("a.json", [.. Enumerable.Range(0, 1_000).Select(i => (new string('k', 10_000) + i, "1"))]));
        reader.ReportUnknown();

        reader.Errors.Count.ShouldBe(101);
        reader.Errors.ShouldAllBe(error => error.Length < 500);
        reader.Errors[^1].ShouldBe("and 900 more settings that there are not");
    }

    [Fact]
    public void ReportUnknown_KeyThatNoOptionHas_IsAnErrorWithASuggestion()
    {
        Read(out var reader, Layer("a.json", ("Inner:Nmber", "1"), ("Else:Where", "2")));
        reader.ReportUnknown();

        reader.Errors.ShouldBe([
            "Inner:Nmber: there is no such setting (a.json); did you mean Inner:Number?",
            "Else:Where: there is no such setting (a.json)"]);
    }

    [Fact]
    public void ReportUnknown_LayerOfTheEnvironment_IsAWarning()
    {
        Read(out var reader, new SettingsLayer([new Setting("Nope", "1", "CASSINI__Nope")], UnknownIsError: false));
        reader.ReportUnknown();

        reader.Errors.ShouldBeEmpty();
        reader.Warnings.ShouldHaveSingleItem().ShouldContain("CASSINI__Nope");
    }

    [Fact]
    public void Read_ValueWithControlCharacters_IsShownWithoutThem()
    {
        Read(out var reader, Layer(("Count", "\u001b[31m" + new string('x', 500))));
        reader.Errors.ShouldHaveSingleItem().ShouldContain(@"'\u{1B}[31m");
        reader.Errors[0].Length.ShouldBeLessThan(200);
    }

    private static Sample Read(out OptionsReader reader, params SettingsLayer[] layers)
    {
        reader = new OptionsReader(layers);
        return reader.Read<Sample>();
    }

    private static SettingsLayer Layer(params (string Key, string? Value)[] settings) => Layer("test", settings);

    private static SettingsLayer Layer(string origin, params (string Key, string? Value)[] settings) =>
        new([.. settings.Select(setting => new Setting(setting.Key, setting.Value, origin))], UnknownIsError: true);

    internal enum Kind
    {
        First,
        Second,
    }

    internal sealed record Sample : IOptionsRecord
    {
        public int Count { get; init; } = 42;

        public long Long { get; init; }

        public double Ratio { get; init; } = 0.5;

        public bool Flag { get; init; }

        public TimeSpan? Time { get; init; }

        public Kind Kind { get; init; }

        public string? Text { get; init; }

        public IReadOnlyList<string> Names { get; init; } = Array.Empty<string>();

        public Inner Inner { get; init; } = new();

        [Section(typeof(Maybe))]
        public Maybe? Maybe { get; init; }

        public Common Shared { get; init; } = Common.Default;

        // Not a setting: skipped, and so not in anyone's way.
        public Func<int>? Hook { get; init; }
    }

    internal sealed record Inner : IOptionsRecord
    {
        public int Number { get; init; } = 1;

        public ImmutableArray<EndpointAddress> Endpoints { get; init; } = ImmutableArray<EndpointAddress>.Empty;
    }

    internal sealed record Maybe : IOptionsRecord
    {
        public required string Path { get; init; }
    }

    internal sealed record Common : IOptionsRecord
    {
        public static readonly Common Default = new();

        public int Number { get; init; } = 1;
    }
}
