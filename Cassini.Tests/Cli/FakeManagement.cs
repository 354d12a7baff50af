using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Cassini.Tests.Cli;

/// <summary>A real HTTP server that answers every request as the test says, and counts them.</summary>
internal sealed class FakeManagement : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private FakeManagement(WebApplication app)
    {
        _app = app;
    }

    public string Url => _app.Urls.First();

    public int Requests => Volatile.Read(ref _requests);

    public static async Task<FakeManagement> StartAsync(RequestDelegate answer, int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        var server = new FakeManagement(app);
        app.Run(async context =>
        {
            Interlocked.Increment(ref server._requests);
            await answer(context);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public static RequestDelegate Json(int code, string body) => async context =>
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body, context.RequestAborted);
    };

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
