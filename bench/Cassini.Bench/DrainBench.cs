using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using MQTTnet;
using MQTTnet.Protocol;

namespace Cassini.Bench;

/// <summary>
/// A real broker is drained while clients publish at full speed with QoS 1 and QoS 2 over mutual TLS: how long each stage takes, by the
/// broker's own events, and whether every message that a publisher saw acknowledged was received.
/// </summary>
internal static class DrainBench
{
    private const string Token = "bench";
    private const int Publishers = 4;
    private const int UnderWay = 16;
    private static readonly TimeSpan Load = TimeSpan.FromSeconds(3);

    public static async Task RunAsync()
    {
        using var cassini = Child.Cassini(
            $"Management:ShutdownToken={Token}", "Drain:ReadinessDelay=500ms", "Broker:ServerReference=other.example:8883");
        using var http = new HttpClient();
        await cassini.UntilReadyAsync(http);
        using var feed = new HealthFeed(cassini.Base);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stages = feed.Notes.Subscribe(note => Report(note, ended), failure => ended.TrySetException(failure));

        foreach (var qos in (MqttQualityOfServiceLevel[])[MqttQualityOfServiceLevel.AtLeastOnce, MqttQualityOfServiceLevel.ExactlyOnce])
        {
            Begin(cassini, qos);
        }

        await Task.Delay(Load, TimeProvider.System);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(cassini.Base, "/drain"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        (await http.SendAsync(request)).EnsureSuccessStatusCode();
        await ended.Task;
        await Task.WhenAll(Sessions.Select(session => session.Publishing));
        foreach (var session in Sessions)
        {
            await session.ReportAsync();
        }
    }

    private static readonly List<Session> Sessions = [];

    private static void Begin(Child cassini, MqttQualityOfServiceLevel qos)
    {
        var session = new Session(cassini, qos);
        Sessions.Add(session);
        session.Publishing = session.RunAsync();
    }

    private static void Report(FeedNote note, TaskCompletionSource ended)
    {
        switch (note)
        {
            case FeedEvent { Envelope: { Event: DrainStageLeft left } envelope }:
                var took = left.Duration.TotalMilliseconds;
                Measure.Line(
                    $"{envelope.Time:HH:mm:ss.fff}  {left.Stage,-14} {left.Outcome,-9} {took,8:0.0} ms  ",
                    $"{left.Sessions} clients, {left.Messages} messages left");
                break;
            case FeedEvent { Envelope: { Event: PhaseEntered entered } envelope }:
                Measure.Line($"{envelope.Time:HH:mm:ss.fff}  phase {entered.Phase}");
                break;
            case FeedLost lost:
                Measure.Line($"feed: {lost.Reason}");
                ended.TrySetResult();
                break;
        }
    }

    /// <summary>One subscriber and its publishers, of one quality of service.</summary>
    private sealed class Session(Child cassini, MqttQualityOfServiceLevel qos)
    {
        private readonly ConcurrentDictionary<string, int> _received = new();
        private readonly ConcurrentDictionary<string, bool> _acknowledged = new();
        private readonly TaskCompletionSource<MqttClientDisconnectedEventArgs> _gone = new(
            TaskCreationOptions.RunContinuationsAsynchronously);
        private int _sent;

        public Task Publishing { get; set; } = Task.CompletedTask;

        public async Task RunAsync()
        {
            var subscriber = await ConnectAsync("subscriber");
            subscriber.ApplicationMessageReceivedAsync += message =>
            {
                _received.AddOrUpdate(message.ApplicationMessage.ConvertPayloadToString(), 1, static (_, times) => times + 1);
                return Task.CompletedTask;
            };
            subscriber.DisconnectedAsync += why =>
            {
                _gone.TrySetResult(why);
                return Task.CompletedTask;
            };
            await subscriber.SubscribeAsync($"drain/{qos}/#", qos);
            await Task.WhenAll(Enumerable.Range(0, Publishers).Select(PublishAsync));
        }

        public async Task ReportAsync()
        {
            var why = await _gone.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
            var lost = _acknowledged.Keys.Count(message => !_received.ContainsKey(message));
            var twice = _received.Values.Count(times => times > 1);
            Measure.Line(
                $"{qos}: {_sent:#,0} sent, {_acknowledged.Count:#,0} acknowledged, ",
                $"{_received.Count:#,0} received ({twice:#,0} of them twice)");
            Measure.Line($"{qos}: {lost} acknowledged and lost; the reason at the subscriber is {why.Reason}");
        }

        private async Task PublishAsync(int number)
        {
            var client = await ConnectAsync($"publisher-{number}");
            await Task.WhenAll(Enumerable.Range(0, UnderWay).Select(lane => PublishAsync(client, $"{number}/{lane}")));
        }

        private async Task PublishAsync(IMqttClient client, string name)
        {
            for (var i = 0; client.IsConnected; i++)
            {
                var text = $"{name}/{i}";
                try
                {
                    Interlocked.Increment(ref _sent);
                    if ((await client.PublishStringAsync($"drain/{qos}/{name}", text, qos)).IsSuccess)
                    {
                        _acknowledged[text] = true;
                    }
                }
                catch (Exception gone) when (gone is MQTTnet.Exceptions.MqttCommunicationException or OperationCanceledException)
                {
                    return; // disconnected in the middle of it: not acknowledged
                }
            }
        }

        private async Task<IMqttClient> ConnectAsync(string name)
        {
            var certificate = X509Certificate2.CreateFromPemFile(
                Path.Combine(cassini.Certificates, "client.pem"), Path.Combine(cassini.Certificates, "client.key"));
            var client = new MqttClientFactory().CreateMqttClient();
            await client.ConnectAsync(new MqttClientOptionsBuilder()
                .WithTcpServer("127.0.0.1", cassini.BrokerPort)
                .WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500)
                .WithClientId($"{name}-{qos}")
                .WithTlsOptions(tls => tls.UseTls().WithCertificateValidationHandler(_ => true).WithClientCertificates([certificate]))
                .Build());
            return client;
        }
    }
}
