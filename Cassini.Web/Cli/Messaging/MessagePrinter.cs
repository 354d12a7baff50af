using Cassini.Harness.Clients;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Cassini.Web.Cli.Messaging;

/// <summary>Subscribes, prints each message, and subscribes again after a lost connection.</summary>
internal sealed class MessagePrinter(ConnectionOptions connection, SubscribeRequest request, CliContext context)
{
    private readonly MessageLineWriter _writer = new(context.Out, context.OutIsTerminal, connection.Json, context.Time);
    private readonly RateMeter _meter = new(context.Out, connection.Json, context.Time);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private long _left = request.Count ?? long.MaxValue;

    /// <summary>Ends after the requested number of messages.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var client = await OpenAsync(cancellation);
        var rates = request.Rate ? _meter.WriteAsync(end.Token) : Task.CompletedTask;
        try
        {
            while (await Task.WhenAny(_done.Task, client.Loss).WaitAsync(cancellation) != _done.Task)
            {
                var lost = await client.Loss;
                await client.DisposeAsync();
                client = await ReopenAsync(lost, cancellation);
            }
        }
        catch (OperationCanceledException) when (_done.Task.IsCompletedSuccessfully)
        {
            // The last message came first. What ended the output, such as head, had read it.
        }
        finally
        {
            await client.DisposeAsync();
            await end.CancelAsync();
            await rates;
        }
    }

    private async Task<MqttConnection> OpenAsync(CancellationToken cancellation)
    {
        // Read again for each connection: certificates are renewed while a subscriber runs.
        var client = await MqttConnection.OpenAsync(
            connection.Broker, ClientTls.Read(connection, context), Connect(), context.Time, Receive, cancellation);
        try
        {
            if (LimitChecks.ProblemOf(request.Filters, client.Limits) is { } problem)
            {
                throw new ClientException($"{connection.Broker}: {problem}", isLasting: true);
            }

            foreach (var granted in await client.SubscribeAsync(Subscription(), cancellation))
            {
                ComplainOfLess(granted);
            }

            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    private MqttConnectOptions Connect() => request.Session is { } session
        ? connection.Connect with { CleanStart = false, SessionExpirySeconds = (uint)session.TotalSeconds, KeepsSession = true }
        : connection.Connect;

    private void ComplainOfLess(MqttClientSubscribeResultItem granted)
    {
        if ((int)granted.ResultCode < (int)connection.QoS)
        {
            context.Complain(
                $"{connection.Broker}: warning: the broker granted QoS {(int)granted.ResultCode} instead of {(int)connection.QoS} "
                + $"for '{SafeText.Of(granted.TopicFilter.Topic)}'");
        }
    }

    private MqttClientSubscribeOptions Subscription()
    {
        var subscription = new MqttClientSubscribeOptionsBuilder();
        foreach (var filter in request.Filters)
        {
            subscription.WithTopicFilter(topic => topic
                .WithTopic(filter)
                .WithQualityOfServiceLevel(connection.QoS)
                .WithRetainHandling(request.NoRetained && connection.Version == MqttProtocolVersion.V500
                    ? MqttRetainHandling.DoNotSendOnSubscribe
                    : MqttRetainHandling.SendAtSubscribe));
        }

        return subscription.Build();
    }

    private async Task<MqttConnection> ReopenAsync(ClientException lost, CancellationToken cancellation)
    {
        var delay = BackOff.OfClient(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
        var written = "";
        while (!lost.IsLasting)
        {
            if (lost.Message != written)
            {
                context.Complain($"{lost.Message}; connecting again");
                written = lost.Message;
            }

            await Task.Delay(delay.Next(), context.Time, cancellation);
            try
            {
                var client = await OpenAsync(cancellation);
                var missing = client.HasSession ? "" : "; what was published meanwhile is missing";
                context.Complain($"{connection.Broker}: connected again{missing}");
                return client;
            }
            catch (ClientException exception)
            {
                lost = exception;
            }
        }

        throw lost;
    }

    // The lock: the messages of a lost connection may still be coming while the next one begins.
    private void Receive(MqttApplicationMessage message)
    {
        // MQTT 3.1.1 cannot ask the broker to keep them.
        if (request.NoRetained && message.Retain)
        {
            return;
        }

        lock (_gate)
        {
            if (_left == 0)
            {
                return;
            }

            _meter.Count(message.Payload.Length);
            if (!request.Rate)
            {
                _writer.Write(message);
            }

            if (--_left == 0)
            {
                _done.SetResult();
            }
        }
    }
}
