using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>
/// Whatever clients do and however their sessions end, each account has nothing at the end, and the broker has what it had before.
/// </summary>
public class MemoryReturnTests
{
    private const int Clients = 6;
    private const int Steps = 60;

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Sessions_EndInAnyWay_GiveEverythingBackToTheByte(int seed)
    {
        await using var rig = new BrokerRig(
            options => options with
            {
                MemoryLimit = 4 * 1024 * 1024,
                MaxRetained = 20,
                ReceiveMaximum = 16,
                MaxQueuedMessages = 50,
                MaxSharedSubscriptions = 20,
                MaxTopics = 6,
                TopicIdle = TimeSpan.FromSeconds(1),
            },
            quota: QuotaOptions.Whole with
            {
                Memory = Share.Percent(25),
                Sessions = Share.Percent(25),
                Retained = Share.Percent(25),
                SharedSubscriptions = Share.Percent(25),
                Topics = Share.Percent(34),
            });
        var random = new Random(seed);
        var opened = new List<RigConnection>();
        var connections = new Dictionary<int, RigConnection>();
        for (var step = 0; step < Steps; step++)
        {
            await DoAsync(rig, connections, random);
            opened = [.. opened.Union(connections.Values)];
        }

        foreach (var connection in opened)
        {
            await connection.LoseAsync();
        }

        for (var client = 0; client < Clients; client++)
        {
            await (await rig.OpenAsync($"c{client}", identity: IdentityOf(client))).DisconnectAsync();
        }

        var cleaner = await rig.OpenAsync("cleaner", identity: "cleaner");
        for (var topic = 0; topic < 8; topic++)
        {
            await cleaner.Client.PublishAsync($"t/{topic}", "", QualityOfService.AtLeastOnce, retain: true);
        }

        await cleaner.DisconnectAsync();
        await Eventually.BecomesAsync(
            "everything is given back",
            () =>
            {
                // A connection that does not read lingers for some seconds, and topics are swept every ten.
                rig.Advance(1);
                var ofBroker = rig.Accounts.OfBroker.Held(CapacityResource.Memory);
                var shared = rig.Broker.Sessions.SharedUse.Used;
                return (Used: rig.Broker.Budget.Used - ofBroker, Shared: shared, Held: string.Join(", ", Held(rig)));
            },
            state => state == (0, 0, ""));
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 12)];

    private static IEnumerable<string> Held(BrokerRig rig) =>
        from account in rig.Accounts.All
        from resource in QuotaResources.All
        where resource != CapacityResource.Connections
        where account.Held(resource) != 0
        select $"{account.Identity} {resource} {account.Held(resource)}";

    private static string IdentityOf(int client) => client % 2 == 0 ? "even" : "odd";

    private static async Task DoAsync(BrokerRig rig, Dictionary<int, RigConnection> connections, Random random)
    {
        var client = random.Next(Clients);
        if (!connections.TryGetValue(client, out var connection) || connection.Served.IsCompleted)
        {
            connections[client] = await OpenAsync(rig, client, random);
            return;
        }

        var topic = $"t/{random.Next(8)}";
        switch (random.Next(12))
        {
            case 0:
                await connection.LoseAsync();
                connections.Remove(client);
                break;
            case 1:
                await DisconnectAsync(rig, connection);
                connections.Remove(client);
                break;
            case 2:
                // Another connection takes the session over.
                connections[client] = await OpenAsync(rig, client, random);
                break;
            case 3:
                await SendAsync(connection, new SubscribePacket(
                    1,
                    [
                        new SubscriptionRequest(
                            random.Next(3) == 0 ? "#" : topic, (QualityOfService)random.Next(3), false, false, RetainHandling.Send),
                    ],
                    PropertySet.Empty).Write(ProtocolVersion.V500));
                break;
            case 4:
                // What has begun of a packet takes memory too.
                await SendAsync(connection, new byte[] { 0x30, 0xFF, 0xFF, 0x03, 0, 1, (byte)'t' });
                await connection.LoseAsync();
                connections.Remove(client);
                break;
            case 5 or 6:
                var filter = $"$share/g{random.Next(6)}/{topic}";
                await SendAsync(connection, random.Next(4) > 0
                    ? new SubscribePacket(
                        1, [new SubscriptionRequest(filter, QualityOfService.AtLeastOnce, false, false, RetainHandling.Send)],
                        PropertySet.Empty).Write(ProtocolVersion.V500)
                    : new UnsubscribePacket(1, [filter], PropertySet.Empty).Write(ProtocolVersion.V500));
                break;
            case 7:
                rig.Advance(random.Next(1, 4_000));
                break;
            default:
                await SendAsync(connection, connection.Client.Publish(
                    topic, new string('x', random.Next(30_000)), (QualityOfService)random.Next(3), (ushort)random.Next(1, 40),
                    retain: random.Next(2) == 0));
                break;
        }
    }

    /// <summary>What it sent before may have to wait for memory, or for the client to read.</summary>
    private static async Task DisconnectAsync(BrokerRig rig, RigConnection connection)
    {
        var sent = connection.DisconnectAsync();
        await Eventually.HoldsAsync("the broker takes the DISCONNECT", () =>
        {
            rig.Clock.AdvanceBy(TimeSpan.FromSeconds(1));
            return sent.IsCompleted;
        });
        await sent;
    }

    private static Task<RigConnection> OpenAsync(BrokerRig rig, int client, Random random) => rig.OpenAsync(
        $"c{client}",
        change: connect =>
        {
            connect = random.Next(3) > 0 ? BrokerRig.Lasting(connect) : connect;
            return random.Next(2) > 0
                ? BrokerRig.WithWill(connect, $"t/{random.Next(8)}", retain: random.Next(2) > 0, delay: (uint)random.Next(0, 100))
                : connect;
        },
        identity: IdentityOf(client));

    /// <summary>The broker may close the connection meanwhile: for too many identifiers, or for want of memory.</summary>
    private static Task SendAsync(RigConnection connection, byte[] packet) =>
        Task.WhenAny(connection.Client.SendAsync(packet), connection.Served);
}
