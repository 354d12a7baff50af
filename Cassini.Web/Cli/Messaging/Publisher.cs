using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Cassini.Harness.Clients;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Cassini.Web.Cli.Messaging;

/// <summary>Publishes what <c>pub</c> was asked for, and disconnects.</summary>
internal sealed class Publisher(ConnectionOptions connection, PublishRequest request, CliContext context)
{
    private readonly RateMeter _meter = new(context.Out, connection.Json, context.Time);
    private long _largest;

    public async Task RunAsync(CancellationToken cancellation)
    {
        var began = context.Time.GetTimestamp();
        await using var client = await MqttConnection.OpenAsync(
            connection.Broker, ClientTls.Read(connection, context), connection.Connect, context.Time, null, cancellation);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var rates = request.Rate ? _meter.WriteAsync(end.Token) : Task.CompletedTask;
        var isFailed = true;
        try
        {
            await PublishAllAsync(client, cancellation);
            isFailed = false;
        }
        catch (OperationCanceledException)
        {
            isFailed = false;
            throw;
        }
        catch (ClientException lost) when (connection.Version != MqttProtocolVersion.V500 && ConnectionFailure.IsWithoutReason(lost))
        {
            throw new ClientException(WithoutReason(), cause: lost);
        }
        finally
        {
            await end.CancelAsync();
            await rates;
            if (!isFailed)
            {
                Summarize(context.Time.GetElapsedTime(began));
            }
        }
    }

    private async Task PublishAllAsync(MqttConnection client, CancellationToken cancellation)
    {
        await foreach (var payload in PayloadsAsync(client, cancellation))
        {
            await PublishAsync(client, payload, cancellation);
            _meter.Count(payload.Length);
        }

        if (connection.QoS == MqttQualityOfServiceLevel.AtMostOnce)
        {
            await client.ConfirmAsync(cancellation);
        }
    }

    /// <summary>MQTT 3.1.1 has no DISCONNECT of the broker: it closes the connection [MQTT-4.8.0-1].</summary>
    private string WithoutReason() => $"{connection.Broker}: the broker closed the connection without a reason, as MQTT 3.1.1 has it"
        + (_largest == 0 ? "" : string.Create(
            CultureInfo.InvariantCulture, $": a message of {_largest:N0} bytes may be too large for it, or not allowed"));

    private async Task PublishAsync(MqttConnection client, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        var message = request.Message(payload, connection.QoS);
        if (LimitChecks.ProblemOf(message, connection.Version, client.Limits) is { } problem)
        {
            throw new ClientException($"{connection.Broker}: {problem}", isLasting: true);
        }

        _largest = Math.Max(_largest, LimitChecks.SizeOf(message, connection.Version));
        var answer = await client.PublishAsync(message, cancellation);
        if (!answer.IsSuccess)
        {
            throw ConnectionFailure.Refused(answer, request.Topic, connection.Broker);
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> PayloadsAsync(
        MqttConnection client, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var lines = request.Payload is null ? new LineBytes(context.OpenIn()) : null;
        for (var i = 0L; lines is not null || i < request.Repeat; i++)
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
            var next = Task.Run(lines!.Next, cancellation);
            await UnlessLostAsync(client, next, cancellation);
            if (await next is not { } line)
            {
                yield break;
            }

            yield return line;
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
            context.Out.WriteLine(JsonSerializer.Serialize(
                new PublishedLine(request.Topic, _meter.Messages, _meter.Bytes, Math.Round(took.TotalSeconds, 3)),
                MeterJsonContext.Default.PublishedLine));
        }
        else if (request.Rate)
        {
            context.Out.WriteLine($"{Quantity.Of(_meter.Messages, "message")} in {DurationText.Seconds(took)}");
        }
    }
}
