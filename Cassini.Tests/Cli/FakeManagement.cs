using System.Net;
using Cassini.Streams.Fleet;
using Cassini.Streams.Health;
using Cassini.Tests.Feed;
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

    /// <summary>A feed that begins with this health, goes on with <paramref name="then"/> when it may, and never ends by itself.</summary>
    public static RequestDelegate Feed(HealthSnapshot health, Task? when = null, string then = "") =>
        Feed("/events", FeedText.Snapshot(health), when, then);

    /// <summary>The same of a fleet.</summary>
    public static RequestDelegate FleetFeed(FleetSnapshot fleet, Task? when = null, string then = "") =>
        Feed("/fleet", FleetText.Snapshot(fleet), when, then);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private static RequestDelegate Feed(string path, string first, Task? when, string then) => async context =>
    {
        context.Response.StatusCode = context.Request.Path == path ? 200 : 404;
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(first, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        if (when is not null)
        {
            await when.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync(then, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
    };
}
