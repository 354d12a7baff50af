using Cassini.Streams.Feed;
using MQTTnet;

namespace Cassini.Web.Cli.Messaging;

/// <summary>Subscribes, writes what comes, and comes back when the connection is lost.</summary>
internal sealed class Subscriber(ConnectionOptions connection, SubscribeRequest request, CliContext context)
{
    private readonly MessageWriter _writer = new(context.Out, context.OutIsTerminal, connection.Json, context.Time);
    private readonly RateMeter _meter = new(context.Out, connection.Json, context.Time);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private long _left = request.Count ?? long.MaxValue;

    /// <summary>Ends when as many messages have come as were asked for.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var client = await OpenAsync(cancellation);
        var rates = request.Rate ? _meter.WriteAsync(end.Token) : Task.CompletedTask;
        try
        {
            while (await Task.WhenAny(_done.Task, client.Lost).WaitAsync(cancellation) != _done.Task)
            {
                var lost = await client.Lost;
                await client.DisposeAsync();
                client = await ReopenAsync(lost, cancellation);
            }
        }
        finally
        {
            await client.DisposeAsync();
            await end.CancelAsync();
            await rates;
        }
    }

    private async Task<BrokerClient> OpenAsync(CancellationToken cancellation)
    {
        // Read anew for each connection: certificates are renewed while a subscriber runs.
        var client = await BrokerClient.ConnectAsync(connection, ClientTls.Load(connection, context), Receive, cancellation);
        try
        {
            await client.SubscribeAsync(request.Filters, request.NoRetained, cancellation);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    private async Task<BrokerClient> ReopenAsync(MessagingException lost, CancellationToken cancellation)
    {
        var delay = new RetryDelay(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
        var said = "";
        while (!lost.IsLasting)
        {
            if (lost.Message != said)
            {
                context.Complain($"{lost.Message}; connecting again");
                said = lost.Message;
            }

            await Task.Delay(delay.Next(), context.Time, cancellation);
            try
            {
                var client = await OpenAsync(cancellation);
                context.Complain($"{connection.Broker}: connected again; what was published meanwhile is missing");
                return client;
            }
            catch (MessagingException exception)
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
