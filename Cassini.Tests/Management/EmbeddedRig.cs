using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Cassini.Management.Http;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Cassini.Tests.Management;

/// <summary>
/// An ASP.NET Core application on a free port and a Unix socket that has a broker and authentication of its own, and maps the management
/// below /cassini. A request with the header <c>From-Address</c> comes from there.
/// </summary>
internal sealed class EmbeddedRig : IAsyncDisposable
{
    public const string Prefix = "/cassini";
    public const string Password = "of-the-application";
    public const string Elsewhere = "192.0.2.1";

    private readonly TestAuthority _authority = new();
    private readonly TempDirectory _directory = new();

    private EmbeddedRig(
        Func<ManagementOptions, ManagementOptions>? configure, Action<IEndpointConventionBuilder>? conventions,
        IConfiguration? configuration)
    {
        var tls = _authority.Write(_directory.Path);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(Log));
        builder.WebHost.UseUrls("http://127.0.0.1:0", $"http://unix:{SocketPath}");
        builder.Services.AddCassini(options => options with
        {
            Listener = new ListenerOptions { Endpoints = [new(IPAddress.Loopback, 0)] },
            Tls = tls,
            Telemetry = options.Telemetry with { TraceRatio = 1 },
        });
        _ = configuration is null
            ? builder.Services.AddCassiniManagement(configure)
            : builder.Services.AddCassiniManagement(configuration, configure);
        builder.Services.AddOpenApi();
        builder.Services.AddAuthentication(OwnScheme.Name).AddScheme<AuthenticationSchemeOptions, OwnScheme>(OwnScheme.Name, null);
        builder.Services.AddAuthorization();
        App = builder.Build();
        App.Use(async (context, next) =>
        {
            if (context.Request.Headers["From-Address"] is [{ } address])
            {
                context.Connection.RemoteIpAddress = IPAddress.Parse(address);
            }

            await next(context);
        });
        App.UseAuthentication();
        App.UseAuthorization();
        App.MapGet("/", () => "the application");
        App.MapOpenApi();
        conventions ??= _ => { };
        conventions(App.MapGroup(Prefix).MapCassini());
    }

    public WebApplication App { get; }

    /// <summary>The application's log.</summary>
    public RecordingLoggers Log { get; } = new();

    public BrokerHost Broker => App.Services.GetRequiredService<BrokerHost>();

    public TestAuthority Authority => _authority;

    public HttpClient Http { get; private set; } = null!;

    private string SocketPath => _directory.File("http");

    public static async Task<EmbeddedRig> StartAsync(
        Func<ManagementOptions, ManagementOptions>? configure = null, Action<IEndpointConventionBuilder>? conventions = null,
        IConfiguration? configuration = null)
    {
        var rig = new EmbeddedRig(configure, conventions, configuration);
        await rig.App.StartAsync(TestContext.Current.CancellationToken);
        rig.Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(rig.App.Urls.First(url => url.StartsWith("http://127", StringComparison.Ordinal))),
        };
        await Eventually.CompletesAsync(
            "the broker is ready", rig.Broker.Health.WaitForAsync(snapshot => snapshot.Ready, TestContext.Current.CancellationToken));
        return rig;
    }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, headers);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        return Eventually.CompletesAsync(
            $"{method} {path}", Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken));
    }

    public async Task<string> GetTextAsync(string path, params (string Name, string Value)[] headers)
    {
        using var response = await GetAsync(path, headers);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A GET over the Unix socket.</summary>
    public async Task<HttpResponseMessage> GetOverSocketAsync(string path)
    {
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        return await Eventually.CompletesAsync(
            $"GET {path} over the socket", http.GetAsync($"http://localhost{path}", TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.DisposeAsync();
        _authority.Dispose();
        _directory.Dispose();
    }

    /// <summary>The application's own authentication: one password.</summary>
    private sealed class OwnScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        public const string Name = "own";

        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers.Authorization == $"Bearer {Password}"
                ? AuthenticateResult.Success(
                    new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim("name", "operator")], Name)), Name))
                : AuthenticateResult.NoResult());
    }
}
