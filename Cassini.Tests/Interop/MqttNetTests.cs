using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Cassini.Tests.Support;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Cassini.Tests.Interop;

/// <summary>Against MQTTnet's client.</summary>
public class MqttNetTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task PublishAndSubscribe_WithEachQoS_Work(int version)
    {
        await using var host = await MqttHost.StartAsync();
        using var subscriber = await Peer.ConnectAsync(host, "subscriber", version);
        using var publisher = await Peer.ConnectAsync(host, "publisher", version);
        await subscriber.SubscribeAsync("net/#", MqttQualityOfServiceLevel.ExactlyOnce);
        foreach (var qos in Enum.GetValues<MqttQualityOfServiceLevel>())
        {
            for (var i = 0; i < 100; i++)
            {
                await publisher.PublishAsync($"net/{qos}", $"{i}", qos);
                (await subscriber.NextAsync()).ShouldBe(new Message($"net/{qos}", $"{i}", qos, false));
            }
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Retained_LaterSubscriber_GetsIt(int version)
    {
        await using var host = await MqttHost.StartAsync();
        using var publisher = await Peer.ConnectAsync(host, "publisher", version);
        await publisher.PublishAsync("kept", "1", MqttQualityOfServiceLevel.AtLeastOnce, retain: true);
        using var subscriber = await Peer.ConnectAsync(host, "subscriber", version);
        await subscriber.SubscribeAsync("kept");
        (await subscriber.NextAsync()).ShouldBe(new Message("kept", "1", MqttQualityOfServiceLevel.AtLeastOnce, true));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Will_OfAClientThatIsThrownOut_IsPublished(int version)
    {
        await using var host = await MqttHost.StartAsync();
        using var watcher = await Peer.ConnectAsync(host, "watcher", version);
        await watcher.SubscribeAsync("wills");
        using var mortal = await Peer.ConnectAsync(host, "mortal", version, options => options
            .WithWillTopic("wills").WithWillPayload("gone").WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce));
        host.Disconnect("mortal");
        (await watcher.NextAsync()).ShouldBe(new Message("wills", "gone", MqttQualityOfServiceLevel.AtLeastOnce, false));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Shared_GoesToOneMemberEach(int version)
    {
        await using var host = await MqttHost.StartAsync();
        using var one = await Peer.ConnectAsync(host, "one", version);
        using var two = await Peer.ConnectAsync(host, "two", version);
        await one.SubscribeAsync("$share/group/work");
        await two.SubscribeAsync("$share/group/work");
        for (var i = 0; i < 10; i++)
        {
            await one.PublishAsync("work", $"{i}", MqttQualityOfServiceLevel.AtLeastOnce);
        }

        var seen = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            seen.Add((await one.NextAsync()).Text);
            seen.Add((await two.NextAsync()).Text);
        }

        seen.Order().ShouldBe(Enumerable.Range(0, 10).Select(i => $"{i}"));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Session_AfterAReconnect_HasWhatCameMeanwhile(int version)
    {
        await using var host = await MqttHost.StartAsync();
        using var publisher = await Peer.ConnectAsync(host, "publisher", version);
        using (var first = await Peer.ConnectAsync(host, "lasting", version, Lasting))
        {
            await first.SubscribeAsync("t", MqttQualityOfServiceLevel.ExactlyOnce);
            await first.DisconnectAsync();
        }

        await publisher.PublishAsync("t", "1", MqttQualityOfServiceLevel.AtLeastOnce);
        await publisher.PublishAsync("t", "2", MqttQualityOfServiceLevel.ExactlyOnce);
        using var again = await Peer.ConnectAsync(host, "lasting", version, Lasting);
        (await again.NextAsync()).Text.ShouldBe("1");
        (await again.NextAsync()).Text.ShouldBe("2");

        MqttClientOptionsBuilder Lasting(MqttClientOptionsBuilder options) =>
            version == 5 ? options.WithCleanStart(false).WithSessionExpiryInterval(60) : options.WithCleanSession(false);
    }

    private sealed record Message(string Topic, string Text, MqttQualityOfServiceLevel QoS, bool Retain);

    private sealed class Peer : IDisposable
    {
        private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
        private readonly Channel<Message> _received = Channel.CreateUnbounded<Message>();

        public static async Task<Peer> ConnectAsync(
            MqttHost host, string clientId, int version, Func<MqttClientOptionsBuilder, MqttClientOptionsBuilder>? change = null)
        {
            var peer = new Peer();
            peer._client.ApplicationMessageReceivedAsync += received =>
            {
                var message = received.ApplicationMessage;
                var text = System.Text.Encoding.UTF8.GetString(message.Payload.ToArray());
                peer._received.Writer.TryWrite(new Message(message.Topic, text, message.QualityOfServiceLevel, message.Retain));
                return Task.CompletedTask;
            };
            var certificate = host.Issue("net");
            var builder = new MqttClientOptionsBuilder()
                .WithTcpServer("localhost", host.Address.Port)
                .WithProtocolVersion(version == 5 ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311)
                .WithClientId(clientId)
                .WithTlsOptions(
                    tls => tls.UseTls().WithClientCertificates(new X509Certificate2Collection(certificate))
                        .WithCertificateValidationHandler(_ => true));
            var connected = await peer._client.ConnectAsync((change?.Invoke(builder) ?? builder).Build(), Token);
            connected.ResultCode.ShouldBe(MqttClientConnectResultCode.Success);
            return peer;
        }

        public Task SubscribeAsync(string filter, MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtLeastOnce) =>
            _client.SubscribeAsync(new MqttTopicFilterBuilder().WithTopic(filter).WithQualityOfServiceLevel(qos).Build(), Token);

        public Task PublishAsync(string topic, string text, MqttQualityOfServiceLevel qos, bool retain = false) => _client.PublishAsync(
            new MqttApplicationMessageBuilder()
                .WithTopic(topic)
                .WithPayload(text)
                .WithQualityOfServiceLevel(qos)
                .WithRetainFlag(retain)
                .Build(),
            Token);

        public Task<Message> NextAsync() => Eventually.CompletesAsync("a message comes", _received.Reader.ReadAsync(Token).AsTask());

        public Task DisconnectAsync() => _client.DisconnectAsync(new MqttClientDisconnectOptions(), Token);

        public void Dispose() => _client.Dispose();
    }
}
