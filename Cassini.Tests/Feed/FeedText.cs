using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Tests.Feed;

/// <summary>A feed's messages as a broker would write them.</summary>
internal static class FeedText
{
    public const string Epoch = "0000019a5c3e7f10";
    public const string NextEpoch = "0000019a5c3e8f10";
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 10, 0, 0, TimeSpan.Zero);

    public static HealthSnapshot Health(
        bool ready = true, long through = 10, string epoch = Epoch, HealthStatus? status = null, params CheckHealth[] checks) => new()
        {
            Status = status ?? (ready ? HealthStatus.Ok : HealthStatus.Error),
            Phase = Phase.Ready,
            Revision = through,
            Epoch = epoch,
            AsOf = Start,
            Version = "0.1.0",
            StartedAt = Start,
            UptimeSeconds = 1,
            ActiveListeners = 2,
            LastConnection = null,
            LastError = null,
            Topics = new TopicSummary(0, [], false),
            Backlog = 0,
            Endpoints = [new EndpointHealth("127.0.0.1:8883", EndpointState.Bound, Start, null)],
            Broker = new BrokerHealth(Connectivity.Ok),
            Checks = checks.Length > 0
            ? [.. checks]
            : [Check(CheckNames.Bind, ready ? HealthStatus.Ok : HealthStatus.Error, ready ? null : Reasons.BindFailed)],
            Log = new LogRange($"{epoch}-1", $"{epoch}-{through}"),
            HeartbeatSeconds = 4,
            Through = through,
            Ready = ready,
            Live = true,
        };

    public static CheckHealth Check(string name, HealthStatus status, string? reason = null, string? message = null) =>
        new(name, status, status, reason, message, Start, false, 0, ImmutableArray<string>.Empty);

    public static string Snapshot(HealthSnapshot health, bool hasId = true)
    {
        var json = JsonSerializer.Serialize(health, HealthJson.Snapshot);
        var word = health.Ready ? "true" : "false";
        return Frame("snapshot", $"{json[..^1]},\"ready\":{word},\"live\":true}}", hasId ? health.Log.NewestId : null);
    }

    public static string Transition(
        long sequence, bool ready, string check = CheckNames.Bind, string? reason = null, string epoch = Epoch) => Event(
        sequence,
        new HealthChanged(
            check,
            ready ? HealthStatus.Error : HealthStatus.Ok,
            ready ? HealthStatus.Ok : HealthStatus.Error,
            ready ? null : reason ?? Reasons.BindFailed,
            ready ? null : "it is not bound",
            [],
            TimeSpan.FromSeconds(sequence),
            ready ? HealthStatus.Ok : HealthStatus.Error,
            ready,
            true,
            sequence),
        epoch);

    public static string Event(long sequence, BrokerEvent happened, string epoch = Epoch)
    {
        Streams.Events.Epoch.TryParse(epoch, out var run);
        var envelope = new EventEnvelope(run, sequence, Start.AddSeconds(sequence), TimeSpan.FromSeconds(sequence), happened);
        var type = happened is HealthChanged ? "transition" : "event";
        return Frame(type, Encoding.UTF8.GetString(EventJson.Serialize(envelope)), envelope.Id.ToString());
    }

    public static string Heartbeat(long sequence, string epoch = Epoch) => Frame("heartbeat", "{}", $"{epoch}-{sequence}");

    public static string Reset(string reason) => Frame("reset", $$"""{"reason":"{{reason}}","from":null,"to":null}""", null);

    public static string Bye(long sequence = 99) => Frame("bye", "{}", $"{Epoch}-{sequence}");

    public static string Frame(string type, string data, string? id) =>
        $"event: {type}\ndata: {data}\n{(id is null ? "" : $"id: {id}\n")}\n";
}
