using System.Reactive.Linq;
using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Development;

// An application that has a broker in it:
//   dotnet run --project samples/Embedded -- --urls http://127.0.0.1:5000 --broker 127.0.0.1:8883 --data /tmp/embedded
var builder = WebApplication.CreateBuilder(args);
var address = EndpointAddress.TryParse(builder.Configuration["broker"] ?? "127.0.0.1:8883", out var endpoint, out var error)
    ? endpoint
    : throw new ArgumentException(error);

// A CA and certificates for development; what is there is kept.
var certificates = Path.Combine(builder.Configuration["data"] ?? Environment.CurrentDirectory, "dev-certs");
DevelopmentCertificates.Ensure(certificates, TimeProvider.System, []);

builder.Services.AddCassini(options => options with
{
    Listener = options.Listener with { Endpoints = [address] },
    Tls = new TlsOptions
    {
        CaPath = Path.Combine(certificates, DevelopmentCertificates.CaFile),
        ServerChainPath = Path.Combine(certificates, DevelopmentCertificates.ServerFile),
        ServerKeyPath = Path.Combine(certificates, DevelopmentCertificates.ServerKeyFile),
    },

    // With a certificate of its own the broker connects to itself, as a client does, to see that clients get through.
    Probing = options.Probing with
    {
        CanaryCertificatePath = Path.Combine(certificates, $"{DevelopmentCertificates.CanaryName}.pem"),
        CanaryKeyPath = Path.Combine(certificates, $"{DevelopmentCertificates.CanaryName}.key"),
    },
});

// A stop lasts as long as clients take to receive what was accepted for them. The host's default of 30 s would cut that short.
builder.Services.AddOptions<HostOptions>().Configure<BrokerHost>((host, broker) => host.ShutdownTimeout = broker.Options.LongestStop);

// /health: 200 Healthy or Degraded, 503 Unhealthy when the broker cannot serve new clients. /alive: only whether to restart it.
builder.Services.AddHealthChecks()
    .AddCassini(tags: ["ready"])
    .AddCassini("cassini-live", CassiniProbe.Live, tags: ["live"]);

// Probes, the event feed, metrics, tables and the dashboard.
builder.Services.AddCassiniManagement();

var app = builder.Build();
app.MapHealthChecks("/health", new() { Predicate = check => check.Tags.Contains("ready") });
app.MapHealthChecks("/alive", new() { Predicate = check => check.Tags.Contains("live") });

// http://127.0.0.1:5000/cassini/ in a browser is the dashboard. Until the application says who may call, as RequireAuthorization() on what
// MapCassini returns does, callers on this machine may do everything, and callers elsewhere get little more than one word from the probes.
app.MapGroup("/cassini").MapCassini();

// Publishing, from .NET to whoever subscribes.
var cassini = app.Services.GetRequiredService<BrokerHost>();
app.MapPost("/greet/{name}", async (string name, CancellationToken cancellation) =>
{
    var greeting = new MqttMessage { Topic = $"greetings/{name}", Payload = Encoding.UTF8.GetBytes($"hello {name}"), IsText = true };
    return (await cassini.Broker.PublishAsync(greeting, cancellation)).ToString();
});

// Observing, from whoever publishes to .NET.
using var orders = cassini.Broker.Observe("orders/#").Subscribe(
    message => Console.WriteLine($"{message.Topic}: {Encoding.UTF8.GetString(message.Payload.Span)}"),
    failure => Console.Error.WriteLine($"orders are no longer observed: {failure.Message}"));

// And health itself, the moment it changes.
using var health = cassini.Health.Changes.Select(snapshot => snapshot.Ready).DistinctUntilChanged().Subscribe(
    ready => Console.WriteLine(ready ? "ready" : "not ready"),
    failure => Console.Error.WriteLine($"health is no longer observed: {failure.Message}"));

await app.RunAsync();
