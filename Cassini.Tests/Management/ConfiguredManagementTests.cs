using Cassini.Management.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Cassini.Tests.Management;

/// <summary>The management of an application whose options are a section of its configuration.</summary>
public class ConfiguredManagementTests
{
    [Fact]
    public async Task MapCassini_SettingsInASection_ServesWithThem()
    {
        await using var rig = await EmbeddedRig.StartAsync(configuration: Section(("Name", "orders"), ("FeedHeartbeat", "3s")));

        var health = await rig.GetTextAsync("/cassini/healthz");

        health.ShouldContain("\"name\":\"orders\"");
        health.ShouldContain("\"heartbeatSeconds\":3");
    }

    [Fact]
    public void Read_CodeToo_ComesAfterTheConfiguration() =>
        ConfiguredManagement.Read(Section(("Name", "orders")), options => options with { Name = "bills" }).Name.ShouldBe("bills");

    [Fact]
    public void Read_SettingsOfTheBroker_AreNotTheManagements()
    {
        var configuration = Configuration(("Cassini:Health:Hold", "30s"), ("Cassini:Management:MaxFeeds", "7"));

        ConfiguredManagement.Read(configuration.GetSection("Cassini"), null).MaxFeeds.ShouldBe(7);
    }

    [Theory]
    [InlineData("FeedHeartbet", "3s", "Management:FeedHeartbet: there is no such setting")]
    [InlineData("FeedHeartbeat", "soon", "Management:FeedHeartbeat: 'soon'")]
    [InlineData("Name", " ", "Management:Name: ")]
    public void Read_WrongSetting_IsAnErrorThatNamesIt(string name, string value, string error) =>
        Errors(Section((name, value))).ShouldHaveSingleItem().ShouldStartWith(error);

    // An operator who asks for credentials must not believe that they are asked for.
    [Theory]
    [InlineData("RequireCredentials", "true")]
    [InlineData("TokenPath", "tokens")]
    [InlineData("Identities:0", "ops")]
    [InlineData("Address", "127.0.0.1:9090")]
    [InlineData("MaxMessageStreamsPerCaller", "1")]
    public void Read_SettingWithoutEffect_IsAnError(string name, string value) =>
        Errors(Section((name, value))).ShouldHaveSingleItem()
            .ShouldStartWith($"Management:{name.Split(':')[0]}: has no effect in an application");

    private static IReadOnlyList<string> Errors(IConfiguration configuration) =>
        [.. Should.Throw<OptionsValidationException>(() => ConfiguredManagement.Read(configuration, null)).Failures];

    private static IConfigurationSection Section(params IEnumerable<(string Name, string Value)> settings) =>
        Configuration([.. settings.Select(setting => ($"Cassini:Management:{setting.Name}", setting.Value))]).GetSection("Cassini");

    private static IConfigurationRoot Configuration(params IEnumerable<(string Key, string Value)> settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();
}
