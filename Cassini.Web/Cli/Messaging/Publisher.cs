using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Cassini.Harness.Clients;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Messaging;

/// <summary>Publishes what <c>pub</c> was asked for, and disconnects.</summary>
internal sealed class Publisher(ConnectionOptions connection, PublishRequest request, CliContext context)
{
    private readonly RateMeter _meter = new(context.Out, connection.Json, context.Time);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var began = context.Time.GetTimestamp();
        await using var client = await MqttConnection.OpenAsync(
            connection.Broker, ClientTls.Read(connection, context), connection.Connect, context.Time, null, cancellation);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var rates = request.Rate ? _meter.WriteAsync(end.Token) : Task.CompletedTask;
        try
        {
            await foreach (var payload in PayloadsAsync(client, cancellation))
            {
                var answer = await client.PublishAsync(request.Message(payload, connection.QoS), cancellation);
                if (!answer.IsSuccess)
                {
                    throw ConnectionFailure.Refused(answer, request.Topic, connection.Broker);
                }

                _meter.Count(payload.Length);
            }
        }
        finally
        {
            await end.CancelAsync();
            await rates;
            Summarize(context.Time.GetElapsedTime(began));
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> PayloadsAsync(
        MqttConnection client, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var i = 0L; request.Payload is null || i < request.Repeat; i++)
        {
            if (i > 0 && request.Interval > TimeSpan.Zero)
            {
                await UnlessLostAsync(client, Task.Delay(request.Interval, context.Time, cancellation), cancellation);
            }

            if (request.Payload is { } payload)
            {
                yield return payload;
                continue;
            }

            // On another thread: a console's input cannot be read asynchronously, and Ctrl-C must not wait for a line.
            var line = Task.Run(context.In.ReadLine, cancellation);
            await UnlessLostAsync(client, line, cancellation);
            if (await line is not { } text)
            {
                yield break;
            }

            yield return Encoding.UTF8.GetBytes(text);
        }
    }

    /// <summary>Reports a lost broker at once, not with the next message.</summary>
    private static async Task UnlessLostAsync(MqttConnection client, Task task, CancellationToken cancellation)
    {
        if (await Task.WhenAny(task, client.Loss).WaitAsync(cancellation) == client.Loss)
        {
            throw await client.Loss;
        }

        await task;
    }

    private void Summarize(TimeSpan took)
    {
        if (connection.Json)
        {
            context.Out.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>
            {
                ["topic"] = request.Topic,
                ["messages"] = _meter.Messages,
                ["bytes"] = _meter.Bytes,
                ["seconds"] = Math.Round(took.TotalSeconds, 3),
            }));
        }
        else if (request.Rate)
        {
            context.Out.WriteLine($"{Quantity.Of(_meter.Messages, "message")} in {DurationText.Seconds(took)}");
        }
    }
}
