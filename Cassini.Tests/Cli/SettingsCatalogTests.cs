using System.CommandLine;
using System.Text.RegularExpressions;
using Cassini.Streams.Hosting;
using Cassini.Streams.Settings.Reading;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Cli;

public partial class SettingsCatalogTests
{
    [Fact]
    public void All_Keys_AreThoseThatAreRead()
    {
        // One value within Tls, so that the section, which has no default, is there to be walked.
        var reader = new OptionsReader([new SettingsLayer([new Setting("Tls:CrlPath", "x", "test")], UnknownIsError: true)]);
        reader.Read<CassiniOptions>();
        reader.Read<ProcessOptions>();

        SettingsCatalog.All.Select(setting => setting.Key).ShouldBe(reader.Known, ignoreOrder: true);
    }

    [Fact]
    public void All_KeysThatRulesName_Exist()
    {
        var named = SettingsCatalog.All.SelectMany(setting => Keys().Matches(setting.Allowed)).Select(match => match.Value).ToList();

        named.Count.ShouldBeGreaterThan(10);
        named.Except(SettingsCatalog.All.Select(setting => setting.Key)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Listener:BindRetryDelay", "10ms to 1h")]
    [InlineData("Listener:MaxBindRetryDelay", "10ms to 1h; at least Listener:BindRetryDelay")]
    [InlineData("Probing:AcceptProbeTimeout", "10ms to 1h; at most half of Health:Window")]
    [InlineData("Broker:MaxPacketSize", "1,024 to 268,435,456 bytes")]
    [InlineData("Management:Address", "not where the broker listens")]
    public void All_Allowed_IsTheRangeAndTheRulesOfEverySection(string key, string allowed) =>
        SettingsCatalog.All.Single(setting => setting.Key == key).Allowed.ShouldBe(allowed);

    [Theory]
    [InlineData("--bind", "[CASSINI_BIND_ADDR; default 127.0.0.1:8883]")]
    [InlineData("--management", "[CASSINI_MANAGEMENT_ADDR; default 127.0.0.1:9090]")]
    [InlineData("--key", "[TLS_SERVER_KEY]")]
    [InlineData("--log-level", "[default information]")]
    public void Flags_Help_EndsWithTheVariableAndTheDefault(string flag, string hint)
    {
        var command = new Command("serve");
        new SettingsFlags().AddTo(command);

        command.Options.Single(option => option.Name == flag).Description.ShouldNotBeNull().ShouldEndWith(hint);
    }

    [GeneratedRegex("[A-Z][A-Za-z]+:[A-Z][A-Za-z]+")]
    private static partial Regex Keys();
}
