using System.Net.Sockets;
using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Workers;
using Cassini.Streams.Primitives;
using Cassini.Tests.Interop;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;

namespace Cassini.Tests.Harness;

/// <summary>Certificates of one CA, and both ends that use them.</summary>
internal sealed class WorkerFiles : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly TestAuthority _authority = new();

    public WorkerFiles()
    {
        _authority.Write(_directory.Path);
        _authority.WriteClient(_directory.Path, _authority.IssueClient("worker"));
    }

    public TlsIdentity Client => new TlsFiles(
        TlsSettingNames.Options, _directory.File("ca.pem"), _directory.File("client.pem"), _directory.File("client.key")).Read();

    public TlsIdentity Server => new TlsFiles(
        TlsSettingNames.Options, _directory.File("ca.pem"), _directory.File("server.pem"), _directory.File("server.key")).Read();

    public static BrokerAddress AddressOf(MqttHost broker) => new("main", "127.0.0.1", broker.Address.Port, "localhost");

    public static TlsIdentity IdentityFor(MqttHost broker)
    {
        var (certificate, key) = broker.Write("worker");
        return new TlsFiles(TlsSettingNames.Options, broker.CaPath, certificate, key).Read();
    }

    public LoadOrder OrderFor(TcpListener broker, int test) => new(
        new LoadRun(1, 1, test),
        new BrokerAddress("main", "127.0.0.1", ((System.Net.IPEndPoint)broker.LocalEndpoint).Port, "localhost"),
        [],
        [new PlanSubscriber { Index = 0, Name = "s", Topic = "t" }]);

    public Task<WorkerHub> HubAsync(int subscribers, int port = 0) => WorkerHub.ListenAsync(
        new HostPort("127.0.0.1", port),
        "plan",
        new Dictionary<WorkerRole, int> { [WorkerRole.Subscriber] = subscribers },
        Server,
        TimeProvider.System);

    public HostPort AddressOf(WorkerHub hub) => new("127.0.0.1", hub.Address.Port);

    public WorkerSession Session(WorkerRole role, string name) => new(role, name, Client, Client, _ => { }, TimeProvider.System);

    /// <summary>The session of a subscriber with the name w.</summary>
    public WorkerSession SessionFor(MqttHost broker, TimeProvider? time = null) =>
        new(WorkerRole.Subscriber, "w", Client, IdentityFor(broker), _ => { }, time ?? TimeProvider.System);

    public void Dispose()
    {
        _directory.Dispose();
        _authority.Dispose();
    }
}
