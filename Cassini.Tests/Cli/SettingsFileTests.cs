namespace Cassini.Tests.Cli;

/// <summary>What a settings file may say, and how its faults are reported.</summary>
public class SettingsFileTests : SettingsTests
{
    [Fact]
    public void Load_FileOfAnotherApplication_TakesOnlyTheLevelsOfTheLog()
    {
        Files.Write("appsettings.json", """
            {
              "Logging": { "LogLevel": { "Default": "warn", "Microsoft.AspNetCore": "Error", "Other": "3" }, "X": 1 },
              "AllowedHosts": "*",
              "Kestrel": { "Endpoints": { "Http": { "Url": "http://*:80" } }, "endpoints": 5, "Limits": 1, "Limits": 2 },
              "Twice": 1,
              "Twice": "\ud800",
              "ConnectionStrings": { "Db": "Server=.;Password=secret" },
            }
            """);

        var settings = Loaded();

        settings.Process.Logging.Level.ShouldBe(Microsoft.Extensions.Logging.LogLevel.Warning);
        settings.LogLevels.ShouldHaveSingleItem().ShouldBe(new("Microsoft.AspNetCore", Microsoft.Extensions.Logging.LogLevel.Error));
        settings.Warnings.ShouldBe(["Logging:LogLevel:Other in appsettings.json: '3' is not a level: ignored"]);
    }

    [Fact]
    public void Load_LevelInBothPlaces_CassinisOwnCounts()
    {
        Files.Write("appsettings.json", """
            { "Cassini": { "Logging": { "Level": "error" } }, "Logging": { "LogLevel": { "Default": "debug" } } }
            """);

        Loaded().Process.Logging.Level.ShouldBe(Microsoft.Extensions.Logging.LogLevel.Error);
        Loaded("--log-level", "trace").Process.Logging.Level.ShouldBe(Microsoft.Extensions.Logging.LogLevel.Trace);
    }

    /// <summary>The files of .NET may write a path as one key.</summary>
    [Fact]
    public void Load_PathAsOneKey_IsCassinisToo()
    {
        Files.Write("appsettings.json", """{ "cassini:Listener:Backlog": 7, "Cassini": { "Health": { "Hold": "20s" } } }""");

        var options = Loaded().Options;

        options.Listener.Backlog.ShouldBe(7);
        options.Health.Hold.ShouldBe(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Load_PathOfALevelAsOneKey_IsTheLevelToo()
    {
        Files.Write("appsettings.json", """
            { "Logging:LogLevel:Default": "Debug", "Logging": { "loglevel:A": "Error" }, "logging:LogLevel": { "B": "Trace" } }
            """);

        var settings = Loaded();

        settings.Process.Logging.Level.ShouldBe(Microsoft.Extensions.Logging.LogLevel.Debug);
        settings.LogLevels.ShouldBe(
            [new("A", Microsoft.Extensions.Logging.LogLevel.Error), new("B", Microsoft.Extensions.Logging.LogLevel.Trace)],
            ignoreOrder: true);
        settings.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void Load_SectionWithATypingError_IsAWarning()
    {
        Files.Write("appsettings.json", """{ "Casini": { "Listener": { "Backlog": 1 } } }""");

        Loaded().Warnings.ShouldBe(["appsettings.json: 'Casini' is not read; did you mean Cassini?"]);
    }

    [Fact]
    public void Load_NamedFileWithoutTheSection_IsAWarning()
    {
        Files.Write("other.json", """{ "Logging": {} }""");

        Loaded("--config", "other.json").Warnings.ShouldBe(["other.json: has no section Cassini, which is the only one that is read"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Load_OwnSectionsAtTheTop_IsOneErrorThatSaysWhereTheyBelong(bool isNamed)
    {
        var name = isNamed ? "other.json" : "appsettings.json";
        Files.Write(name, """{ "listener": { "Endpoints": ["127.0.0.1:1"], "Backlog": 7 }, "Health": { "Hold": "20s" }, "Logging": {} }""");

        Refused(isNamed ? ["--config", name] : []).ShouldBe(
            [$"{name}: listener and Health are at the top, where they are not read: put them into \"Cassini\": {{ … }}"]);
    }

    [Fact]
    public void Load_ADefaultFileWithASectionOfTheSameName_MayBelongToAnotherApplication()
    {
        Files.Write("appsettings.json", """{ "Health": { "Url": "/up" }, "Telemetry": 5 }""");

        Loaded().Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{", "appsettings.json:1:2: is not JSON: it ends before all objects and lists are closed")]
    [InlineData("{\n  \"Cassini\": {\n    \"é\": x\n  }\n}", "appsettings.json:3:10: is not JSON: 'x' is an invalid start of a value")]
    [InlineData("\uFEFF{ \"a\" 1 }", "appsettings.json:1:7: is not JSON: '1' is invalid after a property name")]
    [InlineData("", "appsettings.json:1:1: is not JSON: it is empty")]
    [InlineData(" \n\n", "appsettings.json:1:1: is not JSON: it is empty")]
    [InlineData("// Nothing.", "appsettings.json:1:1: is not JSON: it is empty")]
    [InlineData("[1, 2]", "appsettings.json:1:1: is a list: expected an object of settings")]
    [InlineData("\n null", "appsettings.json:2:2: is null: expected an object of settings")]
    [InlineData("\"x\"", "appsettings.json:1:1: is text: expected an object of settings")]
    [InlineData("""{ "Cassini": "x" }""", "appsettings.json:1:14: Cassini: is text: expected an object of settings")]
    [InlineData("""{ "cassini": 5 }""", "appsettings.json:1:14: cassini: is a number: expected an object of settings")]
    [InlineData("""{ "Cassini": ["x"] }""", "appsettings.json:1:14: Cassini: is a list: expected an object of settings")]
    [InlineData(
        """{ "Cassini": { "DataDirectory": "a", "dataDirectory": "b" } }""",
        "appsettings.json:1:38: Cassini:dataDirectory: is given twice, first at 1:16")]
    [InlineData(
        "{ \"Cassini\": { \"Health\": { \"Hold\": \"1s\" } },\n  \"cassini\": { \"Health\": {} } }",
        "appsettings.json:2:3: cassini: is given twice, first at 1:3")]
    [InlineData(
        """{ "Cassini": { "Health": { "Hold": "1s" } }, "Cassini:Health:Hold": "2s" }""",
        "appsettings.json:1:46: Cassini:Health:Hold: is given twice, first at 1:28")]
    [InlineData("{ \"Cassini\": { \"DataDirectory\": \"\\ud800\" } }", "appsettings.json:1:33: Cassini:DataDirectory: is not Unicode text")]
    [InlineData(
        """{ "Cassini": { "Listener": 5 } }""",
        "Listener: is a section and takes no value of its own (Cassini:Listener in appsettings.json)")]
    public void Load_BrokenFile_IsOneClearError(string json, string expected)
    {
        Files.Write("appsettings.json", json);

        Refused().ShouldHaveSingleItem().ShouldStartWith(expected);
    }

    [Fact]
    public void Load_DirectoryInsteadOfTheFile_IsOneClearError()
    {
        Directory.CreateDirectory(Files.File("appsettings.json"));

        Refused().ShouldBe(["appsettings.json: is a directory, not a file"]);
        Errors.Clear();
        Refused("--config", ".").ShouldBe([".: is a directory, not a file"]);
    }

    [Fact]
    public void Load_EmptyObjects_AreNoFault()
    {
        Files.Write("appsettings.json", """{ "Cassini": { "Listener": {}, "DataDirectory": null } }""");

        Loaded().Options.Listener.Endpoints.ShouldHaveSingleItem();
    }

    [Fact]
    public void Load_NamedFileThatIsNotThere_IsAnError() =>
        Refused("--config", "other.json").ShouldBe(["other.json: no such file"]);

    [Fact]
    public void Load_NamedFile_IsReadInsteadOfTheDefault()
    {
        Files.Write("appsettings.json", """{ "Cassini": { "Listener": { "Backlog": 1 } } }""");
        Files.Write("other.json", """{ "Cassini": { "Health": { "CrashLimit": 7 } } }""");

        var options = Loaded("--config", "other.json").Options;

        options.Health.CrashLimit.ShouldBe(7);
        options.Listener.Backlog.ShouldBe(4096);
    }
}
