using Cassini.Streams.Broker.Model;
using Cassini.Streams.Hosting;
using Cassini.Streams.Settings.Reading;
using Cassini.Streams.Tls;

namespace Cassini.Tests.Hosting;

public class BrokerSettingsTests
{
    /// <summary>A value just outside each limit.</summary>
    public static TheoryData<string, string> Outside => new()
    {
        { "MaxSessions", "0" },
        { "MaxTakeOverDelay", "61s" },
        { "MaxSessionExpiry", "3651d" },
        { "ConnectTimeout", "99ms" },
        { "ConnectTimeout", "601s" },
        { "MaxKeepAlive", "65536s" },
        { "MaxKeepAlive", "1500ms" },
        { "MaxPacketSize", "1023" },
        { "MaxPacketSize", "268435457" },
        { "MaxConnectSize", "1023" },
        { "MaxConnectSize", "1048577" },
        { "PacketTimeout", "999ms" },
        { "PacketTimeout", "3601s" },
        { "MaxTopicLength", "0" },
        { "MaxTopicLength", "65536" },
        { "MaxTopicLevels", "0" },
        { "MaxTopicLevels", "1025" },
        { "MaxTopics", "0" },
        { "TopicIdle", "999ms" },
        { "TopicIdle", "31d" },
        { "MaxRetained", "-1" },
        { "MaxSubscriptions", "0" },
        { "MaxSharedSubscriptions", "0" },
        { "ReceiveMaximum", "0" },
        { "ReceiveMaximum", "65536" },
        { "MaxInFlight", "0" },
        { "MaxInFlight", "65536" },
        { "MaxQueuedMessages", "0" },
        { "MaxQueuedBytes", "65535" },
        { "MaxQueuedInMemory", "65535" },
        { "MaxQueuedOnDisk", "-1" },
        { "MemoryEndpoints", "127.0.0.1:9999" },
        { "MaxQueuedBytes", "1048575" },
        { "MemoryLimit", "-1" },
        { "MemoryLimit", "1048575" },
        { "MemoryPatience", "601s" },
        { "MaxPublishRate", "-1" },
        { "ServerReference", "" },
        { "ServerReference", "a\nb" },
        { "MaxTopicAliases", "-1" },
        { "MaxTopicAliases", "65536" },
        { "MaxOutgoingTopicAliases", "65536" },
        { "SysInterval", "99ms" },
        { "SysInterval", "61m" },
    };

    [Fact]
    public void Validate_Defaults_AreAllowed() => CassiniOptionsValidator.Validate(new CassiniOptions()).ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Outside))]
    public void Validate_OutsideALimit_NamesTheSettingAndWhatIsAllowed(string name, string value)
    {
        var reader = new OptionsReader([new SettingsLayer([new Setting($"Broker:{name}", value, "test")], UnknownIsError: true)]);
        var options = reader.Read<CassiniOptions>();
        reader.Errors.ShouldBeEmpty();

        CassiniOptionsValidator.Validate(options).ShouldContain(error => error.Key == $"Broker:{name}");
    }

    [Fact]
    public void Outside_EveryOption_IsTried() =>
        Outside.Select(row => row.Data.Item1).Append(nameof(BrokerOptions.Access)).Distinct().Order()
            .ShouldBe(typeof(BrokerOptions).GetProperties().Where(property => property.CanWrite).Select(property => property.Name).Order());

    [Fact]
    public void Validate_NoAccessListAtAll_IsRefused() =>
        CassiniOptionsValidator.Validate(new CassiniOptions { Broker = new BrokerOptions { Access = default } })
            .ShouldHaveSingleItem().ToString()
            .ShouldBe("Broker:Access: nothing is not allowed; a list is needed; an empty one denies everything");

    [Fact]
    public void Validate_LargePacketsAndSmallQueues_TellsBothQueues() =>
        CassiniOptionsValidator.Validate(
            new CassiniOptions { Broker = new BrokerOptions { MaxPacketSize = 32 * 1024 * 1024, MemoryLimit = 1024 * 1024 } })
            .Select(error => error.ToString()).ShouldBe(
            [
                "Broker:MaxQueuedBytes: 16,777,216 is not allowed; at least Broker:MaxPacketSize",
                "Broker:MemoryLimit: 1,048,576 is not allowed; 0, or at least Broker:MaxPacketSize",
            ]);

    [Fact]
    public void Validate_IdentityFromNowhere_IsRefused() =>
        CassiniOptionsValidator.Validate(new CassiniOptions
        {
            Tls = new TlsOptions { CaPath = "a", ServerChainPath = "b", ServerKeyPath = "c", IdentityFrom = (IdentitySource)7 },
        }).ShouldHaveSingleItem().ToString().ShouldBe("Tls:IdentityFrom: 7 is not allowed; allowed: commonname, subjectalternativename");
}
